"""foresight direct: plans a camera path from a track, from CSV to CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.completion import values_of

SIZE_PX = 1920, 1080
"""The output of the camera whose path is planned."""


def direct(
    track: Annotated[
        Path,
        typer.Argument(
            metavar="TRACK.csv",
            help="time_s,yaw_deg,pitch_deg,confidence,label; or a file of --detections-out or --tracks-out",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="PATH.csv", help="the path file to write")
    ],
    lookahead: Annotated[float, typer.Option(metavar="S", help="seconds of look-ahead")] = 7.0,
    rate: Annotated[
        float | None, typer.Option(metavar="HZ", help="output frames per second; default: the track's own")
    ] = None,
    height_m: Annotated[
        float | None,
        typer.Option("--height-m", metavar="H", help="camera height above level ground; default: 8"),
    ] = None,
    rig: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the rig file, instead of a height")
    ] = None,
    style: Annotated[
        str, typer.Option(help="broadcast, calm or close", autocompletion=values_of("director.style"))
    ] = "broadcast",
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="plot path, ball and field of view")
    ] = None,
) -> None:
    """Plan a camera path from a track of ball and players, in angles, detections, or metres of the field.

    The view at time t uses nothing later than t + lookahead.

    \b
    foresight direct track.csv -o path.csv
    foresight direct track.csv -o path.csv --lookahead 3 --style calm --plot path.png
    foresight direct track.csv -o path.csv --rig rig.toml --rate 50
    foresight direct detections.jsonl -o path.csv --rig rig.toml
    foresight direct tracks.csv -o path.csv --rig rig.toml
    """
    from pipeline.cli.files import check_files
    from pipeline.direction.director import LONGEST_LOOKAHEAD_S, Director
    from pipeline.direction.paths import frame_times_ns, write_path
    from pipeline.direction.plot import plot_path
    from pipeline.direction.tracks import ASSUMED_PITCH, read_recorded
    from pipeline.errors import ConfigError
    from pipeline.optics.rig import Rig
    from pipeline.plotting import check_plot_name
    from pipeline.tracking.ground import LevelGround

    check_files(read={"TRACK.csv": track, "--rig": rig}, written={"--output": output, "--plot": plot})
    if plot is not None:
        check_plot_name(plot)
    if rig is not None and height_m is not None:
        raise ConfigError("--height-m and --rig cannot be combined; give one of them")
    # A longer look-ahead than the longest plan has no effect, so any value above it is accepted.
    lookahead_s = min(lookahead, LONGEST_LOOKAHEAD_S)
    if rig is None:
        ground = LevelGround(8.0 if height_m is None else height_m)
        recorded = read_recorded(track, ground, ASSUMED_PITCH)
        director = Director(recorded, ground, style, lookahead_s)
    else:
        venue = Rig.load(rig)
        recorded = read_recorded(track, venue, venue.pitch)
        director = Director.of_rig(recorded, venue, SIZE_PX, style, lookahead_s)
    times_ns = frame_times_ns([one.time_ns for one in recorded.sets], rate)
    views = [(time_ns, director.view_at(time_ns)) for time_ns in times_ns]
    write_path(output, views)
    if plot is not None:
        plot_path(plot, recorded.sets, views, lookahead_s)
