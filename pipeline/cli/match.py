"""foresight match: look into match folders, repair and export them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look into match folders (run --match-folder), repair and export them.")

FOLDER = typer.Argument(metavar="DIR")


@app.command()
def info(
    folder: Annotated[Path, FOLDER],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Say what a match folder holds: cameras, lengths, tags, version, and whether it is whole.

    \b
    foresight match info match
    foresight match info match --json
    """
    import json
    from dataclasses import asdict

    from pipeline.match_folder.info import info_lines, match_info

    found = match_info(folder)
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    for line in info_lines(found):
        typer.echo(line)


@app.command()
def repair(folder: Annotated[Path, FOLDER]) -> None:
    """Make the files of a match whole whose run was killed; nothing is deleted.

    \b
    foresight match repair match
    """
    from pipeline.match_folder.info import state_of
    from pipeline.match_folder.repair import repair as repair_folder

    manifest = repair_folder(folder, typer.echo)
    typer.echo(f"{folder}: {state_of(manifest)}")
    if not manifest.complete:
        raise typer.Exit(1)


@app.command()
def export(
    folder: Annotated[Path, FOLDER],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="a .zip, or a new folder")],
) -> None:
    """Copy a match, with its tags as CSV, its chapters as text and its tracks as CSV.

    \b
    foresight match export match -o match.zip
    """
    from pipeline.cli.files import check_files
    from pipeline.match_folder.export import export as export_folder

    check_files(read={}, written={"--output": output} if output.suffix.lower() == ".zip" else {})
    export_folder(folder, output, typer.echo)
    typer.echo(f"written: {output}")
