"""foresight bench: runs the checkout's benchmarks, each in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.benchmark_list import ROOT, known_benchmarks
from pipeline.cli.completion import benchmarks


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="the benchmarks to run; default: all", autocompletion=benchmarks),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="write the results as JSON")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="PNG", help="plot the ratios to the rivals")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="only list the benchmarks")] = False,
) -> None:
    """Compare performance with rivals, measured in the same run.

    Each result is a ratio to a named rival; each benchmark runs in a process of its own.

    \b
    foresight bench --list
    foresight bench view
    foresight bench view director --json rows.json --plot ratios.png
    """
    import json
    import subprocess
    import sys
    import tempfile

    from pipeline.cli.bench_plot import plot_rows
    from pipeline.cli.files import check_files
    from pipeline.errors import ConfigError, ForesightError
    from pipeline.plotting import check_plot_name

    known = known_benchmarks()
    if list_only:
        typer.echo("\n".join(known))
        return
    unknown = sorted(set(names or ()) - set(known))
    if unknown or not known:
        there = ", ".join(known) or "none; benchmarks come with a checkout of the source"
        raise ConfigError(f"there is no benchmark {', '.join(unknown)}; allowed: {there}")
    check_files(read={}, written={"--json": json_file, "--plot": plot})
    if plot is not None:
        check_plot_name(plot)
    rows: dict[str, list[dict[str, Any]]] = {}
    failed = []
    for name in names or known:
        typer.echo(f"\n{name}\n")
        with tempfile.NamedTemporaryFile(suffix=".json") as result:
            command = [sys.executable, "-m", f"benchmarks.{name}", "--json", result.name]
            done = subprocess.run(command, cwd=ROOT, check=False)
            if done.returncode:
                failed.append(name)
            else:
                rows[name] = json.loads(Path(result.name).read_text(encoding="utf-8"))
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        plot_rows(plot, rows)
    if failed:
        raise ForesightError(f"failed: {', '.join(failed)}; see above")
