"""foresight calibrate: makes a rig file from the cameras' own footage."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="one video or live camera each, of the same moments"),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RIG.toml", help="the rig file to write")],
    preview: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="draw a preview: panorama, horizon, seam, pitch and errors"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="plot the errors by size, direction, position and line")
    ] = None,
) -> None:
    """Make a rig file from the cameras' own footage.

    Finds the lenses, positions, level, scale, colours and time offsets of fixed cameras. A rig that the footage
    cannot vouch for is refused: status 1, the reason, and no file.

    \b
    foresight calibrate left.mp4 right.mp4 -o rig.toml --preview rig.png
    foresight calibrate rtsp://left.camera/1 rtsp://right.camera/1 -o rig.toml --plot errors.png
    """
    import cv2
    from rich.console import Console

    from pipeline.cli.files import check_files, refuse
    from pipeline.errors import ConfigError, OutputError
    from pipeline.gst.capture.footage import read_footage
    from pipeline.optics.calibration import calibrate as calibrate_footage
    from pipeline.optics.calibration.plot import plot_calibration
    from pipeline.optics.calibration.preview import draw_preview
    from pipeline.plotting import check_plot_name
    from pipeline.settings import Settings
    from pipeline.settings.check import source_files, source_problems

    if plot is not None:
        check_plot_name(plot)
    if preview is not None and not cv2.haveImageWriter(str(preview)):
        raise ConfigError(f"--preview {preview}: not an image file; use the extension .png or .jpg")
    specs = Settings.parse({"sources": sources}).source_specs
    refuse(*source_problems(specs))
    check_files(
        read={},
        written={"--output": output, "--preview": preview, "--plot": plot},
        sources=tuple(source_files(specs)),
    )
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()

    def progress(stage: str) -> None:
        console.print(f"{time.monotonic() - began:5.1f} s  {stage}")

    progress("reading the footage")
    footage = read_footage(specs)
    calibration = calibrate_footage(footage, progress)
    calibration.rig.save(output)
    if preview is not None:
        progress("drawing the preview")
        picture = cv2.imencode(preview.suffix, draw_preview(calibration, footage))[1]
        try:
            preview.write_bytes(picture.tobytes())
        except OSError as error:
            raise OutputError(f"cannot write {preview}: {error.strerror}") from error
    if plot is not None:
        progress("drawing the plot")
        plot_calibration(plot, calibration)
    console.print(f"{time.monotonic() - began:5.1f} s  done")
    for line in calibration.report.lines():
        console.print(line)
    console.print(f"verdict: {calibration.verdict.told()}")
    for note in calibration.notes:
        console.print(f"note: {note}")
    console.print(f"wrote {', '.join(str(path) for path in (output, preview, plot) if path is not None)}")
