"""foresight demo: makes a directed video of the built-in match."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="the video file to write")
    ] = Path("out/demo.mp4"),
    duration: Annotated[float, typer.Option(metavar="S", help="length of the video in seconds")] = 20.0,
    seed: Annotated[int, typer.Option(help="number of the match; each one is different")] = 1,
) -> None:
    """Make a directed video of the built-in match, with sound.

    The detector finds ball and players; the virtual camera looks seven seconds ahead.

    \b
    foresight demo
    foresight demo -o match.mkv --duration 30 --seed 3
    """
    from pipeline.cli.console import play, say
    from pipeline.cli.files import refuse
    from pipeline.config_builder import ConfigBuilder
    from pipeline.errors import ConfigError
    from pipeline.settings import problems
    from pipeline.settings.files import writable_file

    settings = (
        ConfigBuilder()
        .flags(
            sources=[f"match?seed={seed}"], outputs=[output], size="1280x720", live=False, duration_s=duration
        )
        .build()
    )
    missing = tuple(writable_file("outputs", output))  # the folder is created below, if nothing else is wrong
    refuse(*(problem for problem in problems(settings) if problem not in missing))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{output.parent}: the folder cannot be created ({error.strerror}); name another file with -o"
        ) from error
    play(settings)
    say(f"The video is in {output}: {duration:g} s of the built-in match, directed, with sound.")
