"""foresight calibrate: makes a rig file from the cameras' own footage."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer


def calibrate(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="one video or live camera each, of the same moments"),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RIG.toml", help="the rig file to write")
    ] = None,
    preview: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="draw a preview: panorama, horizon, seam, pitch and errors"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="plot the errors by size, direction, position and line")
    ] = None,
    points: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="control points: named points of the field and their pixels"),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="the playing field: football, handball, ..., or a file"),
    ] = None,
    field_size: Annotated[
        str | None,
        typer.Option(metavar="LxW", help="its length and width in metres; default: its usual size"),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="for setting up: look on, and say every two seconds what the cameras show and where to turn them; "
            "Ctrl-C writes the rig, if it is good",
        ),
    ] = False,
) -> None:
    """Make a rig file from the cameras' own footage.

    Finds the lenses, positions, level, scale, colours and time offsets of fixed cameras. A rig that the footage
    cannot vouch for is refused: status 1, the reason, and no file.

    \b
    foresight calibrate left.mp4 right.mp4 -o rig.toml --preview rig.png
    foresight calibrate rtsp://left.camera/1 rtsp://right.camera/1 -o rig.toml --plot errors.png
    foresight calibrate hall.mp4 -o rig.toml --points clicked.toml --field handball
    foresight calibrate rtsp://left.camera/1 rtsp://right.camera/1 --watch -o rig.toml
    """
    import cv2
    from rich.console import Console

    from pipeline.cli.files import check_files, refuse
    from pipeline.errors import ConfigError, OutputError
    from pipeline.gst.capture.footage import read_footage
    from pipeline.optics.calibration import calibrate as calibrate_footage
    from pipeline.optics.calibration.by_points import calibrate_by_points
    from pipeline.optics.calibration.control_points import control_points, read_points
    from pipeline.optics.calibration.plot import plot_calibration
    from pipeline.optics.calibration.preview import draw_preview
    from pipeline.plotting import check_plot_name
    from pipeline.settings import Settings
    from pipeline.settings.check import field_problems, source_files, source_problems

    if watch and (preview, plot, points, field, field_size) != (None,) * 5:
        raise ConfigError(
            "--watch takes no --preview, --plot, --points, --field or --field-size; calibrate again without it"
        )
    if output is None and not watch:
        raise ConfigError("which rig file is to be written? Name it: -o rig.toml")
    if plot is not None:
        check_plot_name(plot)
    if preview is not None and not cv2.haveImageWriter(str(preview)):
        raise ConfigError(f"--preview {preview}: not an image file; use the extension .png or .jpg")
    wanted: dict[str, Any] = {"sources": sources}
    wanted |= {"field": field} if field is not None else {}
    wanted |= {"field_size": field_size} if field_size is not None else {}
    settings = Settings.parse(wanted)
    specs = settings.source_specs
    refuse(*source_problems(specs), *field_problems(settings))
    if points is None and (field, field_size) != (None, None):
        raise ConfigError(
            "--field and --field-size belong to --points FILE: a field is found by points of it"
        )
    clicked = None if points is None else read_points(points)
    check_files(
        read={"--points": points},
        written={"--output": output, "--preview": preview, "--plot": plot},
        sources=tuple(source_files(specs)),
    )
    if watch:
        from pipeline.cli.mounting import watch_mounting

        watch_mounting(specs, output)
        return
    assert output is not None
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()

    def progress(stage: str) -> None:
        console.print(f"{time.monotonic() - began:5.1f} s  {stage}")

    progress("reading the footage")
    footage = read_footage(specs)
    if clicked is None:
        calibration = calibrate_footage(footage, progress)
    else:
        names, sizes_px = [part.name for part in footage], [part.size_px for part in footage]
        placed = control_points(clicked, names, sizes_px, settings.field, settings.field_size)
        calibration = calibrate_by_points(footage, placed, progress)
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
