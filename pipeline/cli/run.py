"""foresight run: sources in, a delayed and directed video out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.completion import assignments, values_of
from pipeline.cli.supervised import continued, supervised
from pipeline.media.formats import listed, output_suffixes
from pipeline.supervision.worker import Worker

_EXTENSIONS = listed(suffix.removeprefix(".") for suffix in output_suffixes())
OUTPUT_HELP = f"file to write: {_EXTENSIONS}; or an address, as --stream; FILE?graphics=off: without graphics"
SOURCES_HELP = (
    "files (a.mp4+b.mp4, a folder or an m3u list: chapters of one recording), URIs, /dev/videoN, match, or gst: "
    "and a launch fragment; one for each camera of the rig; or a match folder, with all its cameras"
)


def run(
    context: typer.Context,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help=SOURCES_HELP)] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("-o", "--output", metavar="FILE", help=OUTPUT_HELP),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            help="virtualcam (the directed view), panorama (the whole rig), or record or stream "
            "(virtualcam that requires a file or a stream)",
            autocompletion=values_of("mode"),
        ),
    ] = None,
    stream: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="rtmp, rtmps or srt address to push to, or an rtsp address of this machine to serve at",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="settings file; make one with: foresight config init")
    ] = None,
    rig: Annotated[Path | None, typer.Option(metavar="FILE", help="rig file of the cameras")] = None,
    delay: Annotated[
        float | None, typer.Option(metavar="S", help="seconds from capture to playback; default: 7")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="size of the video; default: 1920x1080")
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            help="motion, onnx, replay, none, or your own package.module:factory",
            autocompletion=values_of("detector.kind"),
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="ONNX model, or the detections to replay")
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option(
            "--live/--offline",
            help="keep to the clock and drop what is late, or use every frame as fast as the machine can",
        ),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(metavar="S", help="end after so many seconds of video")
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(help="broadcast, calm or close", autocompletion=values_of("director.style")),
    ] = None,
    lookahead: Annotated[
        float | None,
        typer.Option(
            metavar="S", help="how much of the future the director may use; default: all of the delay"
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="what the delay line holds: raw, encoded (again) or source (the source's stream)",
            autocompletion=values_of("storage"),
        ),
    ] = None,
    codec: Annotated[
        str | None, typer.Option(help="h264 or h265", autocompletion=values_of("encoder.video_codec"))
    ] = None,
    audio_codec: Annotated[
        str | None, typer.Option(help="aac or opus", autocompletion=values_of("encoder.audio_codec"))
    ] = None,
    bitrate: Annotated[int | None, typer.Option(metavar="KBPS", help="video bit rate; default: 8000")] = None,
    overlay: Annotated[
        bool | None, typer.Option("--overlay", help="draw detections and the planned path")
    ] = None,
    scoreboard: Annotated[
        bool | None, typer.Option("--scoreboard", help="draw score and match clock over the video")
    ] = None,
    window: Annotated[bool | None, typer.Option("--window", help="show the video in a window")] = None,
    web: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="serve the dashboard at this address")
    ] = None,
    web_token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="token that a browser must present; better given as FORESIGHT_WEB__TOKEN"
        ),
    ] = None,
    path_out: Annotated[Path | None, typer.Option(metavar="CSV", help="write the camera's path")] = None,
    detections_out: Annotated[Path | None, typer.Option(metavar="JSONL", help="write the detections")] = None,
    tracks_out: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="write everybody's place in metres, with identities (.csv, .parquet, .jsonl)"
        ),
    ] = None,
    tags_out: Annotated[
        Path | None, typer.Option(metavar="JSONL", help="write what people mark in the match: goals, cards")
    ] = None,
    proposals_out: Annotated[
        Path | None,
        typer.Option(metavar="JSONL", help="write the tags that are proposed from sound and tracks"),
    ] = None,
    match_folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="write the whole match into a new folder, which can be a SOURCE later"
        ),
    ] = None,
    reel: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="join the tags' clips to one film with chapters at the end (.mp4, .mkv)"
        ),
    ] = None,
    learned_out: Annotated[
        Path | None,
        typer.Option(metavar="JSONL", help="write how cameras stood, and clocks and colours parted"),
    ] = None,
    learned: Annotated[
        Path | None,
        typer.Option(metavar="JSONL", help="what --learned-out wrote in an earlier run of the same film"),
    ] = None,
    truth_out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="write the ground truth of the built-in match: ball and players"),
    ] = None,
    truth_tracks_out: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="write everybody's true place in the built-in match, in metres"),
    ] = None,
    assign: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="any other setting: --set encoder.keyframe_interval_s=1",
            autocompletion=assignments,
        ),
    ] = None,
    supervise: Annotated[
        bool, typer.Option("--supervise", help="start again, in a new part, whatever fails or hangs")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
) -> None:
    """Make a delayed, directed video.

    \b
    foresight run left.mp4 right.mp4 --rig rig.toml -o match.mp4
    foresight run rtsp://camera/stream --stream rtmp://server/app/KEY --delay 7
    foresight run match -o rtsp://127.0.0.1:8554/live
    foresight run match -o demo.mkv --duration 30
    foresight run match --web 127.0.0.1:8080
    foresight run --config match.toml --supervise
    foresight run "gst:v4l2src ! videoconvert" --window
    """
    worker = Worker.from_environment()
    if supervise and worker is None:
        raise typer.Exit(supervised(sys.orig_argv[1:]))

    from pipeline.cli import console
    from pipeline.cli.files import refuse
    from pipeline.config_builder import ConfigBuilder
    from pipeline.match_folder.as_source import with_match_folder
    from pipeline.settings.check import written_files
    from pipeline.settings.files import overwritten

    builder = ConfigBuilder()
    if config is not None:
        builder.file(config)
    flags: dict[str, Any] = {
        "sources": sources,
        "outputs": output,
        "mode": mode,
        "streams": stream,
        "rig": rig,
        "delay_s": delay,
        "size": size,
        "detector__kind": detector,
        "detector__model": model,
        "live": live,
        "duration_s": duration,
        "director__style": style,
        "director__lookahead_s": lookahead,
        "storage": storage,
        "encoder__video_codec": codec,
        "encoder__audio_codec": audio_codec,
        "encoder__bitrate_kbps": bitrate,
        "overlay": overlay,
        "graphics__scoreboard": scoreboard,
        "window": window,
        "web__address": web,
        "web__token": web_token,
        "export__path_out": path_out,
        "export__detections_out": detections_out,
        "export__tracks_out": tracks_out,
        "export__tags_out": tags_out,
        "export__proposals_out": proposals_out,
        "match_folder": match_folder,
        "export__reel": reel,
        "export__learned_out": learned_out,
        "learned": learned,
        "export__truth_out": truth_out,
        "export__truth_tracks_out": truth_tracks_out,
    }
    builder.environment().flags(**flags).assignments(assign or ())
    settings = with_match_folder(builder.build())
    if worker is not None:
        settings = continued(settings, worker)
    if config is not None:
        refuse(*overwritten([("--config", config)], written_files(settings)))
    play = context.obj or console.play
    play(settings, as_json=as_json)
