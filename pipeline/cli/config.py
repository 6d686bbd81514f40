"""foresight config: write, check, show and describe configuration files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Write, check, show and describe configuration files.")

FILE = typer.Argument(metavar="FILE")


@app.command()
def init(
    path: Annotated[Path, FILE] = Path("foresight.toml"),
    force: Annotated[bool, typer.Option("--force", help="overwrite an existing file")] = False,
) -> None:
    """Write a commented file with every setting.

    \b
    foresight config init
    foresight config init match.toml --force
    """
    from pipeline.cli.files import check_files
    from pipeline.config_builder import commented_toml
    from pipeline.errors import ConfigError, OutputError

    check_files(read={}, written={"FILE": path})
    if path.exists() and not force:
        raise ConfigError(f"{path} exists already; name another file, or add --force to overwrite it")
    try:
        path.write_text(commented_toml(), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
    typer.echo(f"written: {path}")


@app.command()
def check(
    path: Annotated[Path, FILE] = Path("foresight.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Report the mistakes in a file: line, key and what is allowed.

    Notes list the settings that flags or the environment must still provide. A file that ends in .txt is checked as
    a file for NVIDIA's nvinfer.

    \b
    foresight config check
    foresight config check match.toml --json
    foresight config check nvinfer.txt
    """
    import json

    from pipeline.config_builder import FileFindings, examine_file
    from pipeline.errors import ConfigError

    try:
        found = examine_file(path)
    except ConfigError as error:
        if not as_json:
            raise
        found = FileFindings((str(error),))
    good = not found.problems
    if as_json:
        report = {"file": str(path), "good": good, "problems": found.problems, "notes": found.notes}
        typer.echo(json.dumps(report, indent=1))
    else:
        for problem in found.problems:
            typer.echo(problem, err=True)
        if good:
            typer.echo(f"{path}: good")
            for note in found.notes:
                typer.echo(f"still required, from a flag or the environment: {note}")
    if not good:
        raise typer.Exit(2)


@app.command()
def show(
    path: Annotated[Path | None, FILE] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Show the settings in force, from file and environment, and where each comes from.

    \b
    foresight config show
    foresight config show match.toml --json
    """
    import json

    from pipeline.config_builder import ConfigBuilder
    from pipeline.redaction import redact

    builder = ConfigBuilder()
    if path is not None:
        builder.file(path)
    settings = builder.environment().build()
    values = settings.model_dump(mode="json")
    if as_json:
        typer.echo(redact(json.dumps(values, indent=1)))
        return
    for key, value in values.items():
        for name, one in value.items() if isinstance(value, dict) else [(None, value)]:
            dotted = key if name is None else f"{key}.{name}"
            origin = builder.origin_of(dotted) if one or dotted != "streams" else None
            typer.echo(redact(f"{dotted} = {json.dumps(one)}  # {origin or 'default'}"))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a configuration file.

    \b
    foresight config schema
    """
    import json

    from pipeline.config_builder import schema as json_schema

    typer.echo(json.dumps(json_schema(), indent=1))
