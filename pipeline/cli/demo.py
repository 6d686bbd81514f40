"""foresight demo: the main job on the built-in match."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="where the film goes")
    ] = Path("out/demo.mp4"),
    duration: Annotated[float, typer.Option(metavar="S", help="length of the film")] = 20.0,
    seed: Annotated[int, typer.Option(help="which match is played")] = 1,
) -> None:
    """Film the built-in match, directed, with sound.

    Ball and players are found by the detector; the camera knows seven seconds of the future.

    \b
    foresight demo
    foresight demo -o film.mkv --duration 30 --seed 3
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
    missing = tuple(writable_file("outputs", output))  # the folder is made, once nothing else is wrong
    refuse(*(problem for problem in problems(settings) if problem not in missing))
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{output.parent}: the folder cannot be made ({error.strerror}); name another with -o"
        ) from error
    play(settings)
    say(
        f"The film is in {output}: {duration:g} s of a synthetic match, followed by the virtual camera, with sound."
    )
