"""The settings of a run as frozen models: every field with unit, bounds, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.errors import ConfigError
from pipeline.redaction import redact
from pipeline.settings.problem import problems_in
from pipeline.settings.values import (
    FilePath,
    FolderPath,
    Size,
    SizeValue,
    Source,
    StreamAddress,
    WebAddress,
    broken_scheme,
    is_live_source,
    scheme_of,
)

Mode = Literal["panorama", "virtualcam", "stream", "record"]
Storage = Literal["raw", "encoded", "source"]
Style = Literal["calm", "broadcast", "close"]
LogLevel = Literal["debug", "info", "warning", "error"]
HlsSegments = Literal["ts", "fmp4"]
TargetLabel = Literal["ball", "player", "staff", "side_referee", "main_referee"]

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

DETECTOR_KINDS = ("motion", "onnx", "replay", "none")


class Group(BaseModel):
    """A group of settings: frozen, no unknown names, no secret in its repr."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``delay_s = true``, which pydantic would take for one second."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and annotation is not bool and bool not in get_args(annotation):
            raise ValueError("a truth value is no number")
        return value

    def __repr_args__(self) -> Any:
        """Fields for ``repr`` and ``str``, with the secrets of sources and addresses masked."""
        for name, value in super().__repr_args__():
            yield name, _shown(value)


def _is_an_address(output: object) -> bool:
    """Whether an output is an address, be it one that a letter is missing from or that became a path."""
    text = str(output) if isinstance(output, str | Path) else ""
    return scheme_of(text) is not None or broken_scheme(text) is not None


def _shown(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, tuple):
        return tuple(_shown(item) for item in value)
    return value


class DetectorSettings(Group):
    """Who looks for ball and players."""

    kind: Annotated[
        str,
        Field(
            pattern=r"^(motion|onnx|replay|none|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$",
            json_schema_extra={"x-allowed": "motion, onnx, replay, none, or your own as package.module:Name"},
        ),
    ] = "motion"
    """motion needs no model; onnx runs one; replay reads detections; none: the view stays where it is."""
    model: FilePath | None = None
    """The ONNX model's file (kind onnx), or the detections to replay as JSONL (kind replay)."""
    rate_hz: Annotated[float, Field(gt=0, le=240)] | None = None
    """Frames a second that are looked at; left out: what the detector asks for."""
    class_map: dict[str, TargetLabel] = {}
    """The model's class names or numbers and what they stand for, as { person = "player", 32 = "ball" }."""
    field_mask: bool = True
    """Leave out what does not stand on the pitch, where the pitch is known."""
    field_picture: FilePath | None = None
    """The pitch as a picture of the rig frame, bright where it is; left out: the rig's own outline."""
    field_polygon_deg: tuple[tuple[Degrees, Degrees], ...] = ()
    """The pitch as corners [yaw, pitch] in degrees, three or more; left out: the rig's own outline."""


class FixedView(Group):
    """A view that does not move, in rig angles: degrees, yaw to the right, pitch (the tilt) upward."""

    yaw_deg: Degrees = 0.0
    """Where the view's centre looks, degrees to the right."""
    pitch_deg: Annotated[float, Field(ge=-90, le=90)] = 0.0
    """Where the view's centre looks, degrees upward."""
    hfov_deg: Annotated[float, Field(gt=0, le=360)] = 60.0
    """Angle between the middles of the left and right edges, in degrees."""


class DirectorSettings(Group):
    """How the virtual camera moves."""

    style: Style = "broadcast"
    """calm moves least and shows most, close frames tightest, broadcast is between."""
    lookahead_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    """Seconds of future that the director may use; left out: all that the delay gives."""
    fixed_view: FixedView | None = None
    """A view to hold instead of following the play, as { yaw_deg = 0, pitch_deg = -10, hfov_deg = 60 }."""


class EncoderSettings(Group):
    """How picture and sound are encoded."""

    video_codec: Literal["h264", "h265"] = "h264"
    """The picture's codec; flv and RTMP hold h264 only."""
    video_encoder: (
        Annotated[
            str,
            Field(pattern=r"^[a-z][a-z0-9_]*$", json_schema_extra={"x-allowed": "the name of an element"}),
        ]
        | None
    ) = None
    """A GStreamer encoder by name, such as x264enc; left out: the best that works here, hardware first."""
    bitrate_kbps: Annotated[int, Field(ge=100, le=200_000)] = 8000
    """The picture's bit rate in kbit/s."""
    keyframe_interval_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds between keyframes; a stream can be entered and a file cut at these."""
    audio_codec: Literal["aac", "opus"] = "aac"
    """The sound's codec; flv and RTMP hold aac only."""
    audio_bitrate_kbps: Annotated[int, Field(ge=16, le=512)] = 160
    """The sound's bit rate in kbit/s."""


class BufferSettings(Group):
    """The delay line between the two pipelines."""

    max_bytes: Annotated[int, Field(ge=1_000_000)] | None = None
    """The most memory that the window may take, in bytes; left out: bounded by the delay alone."""
    ownership: Literal["auto", "reference", "copy"] = "auto"
    """Keep frames by reference or copy them; auto copies where the source would otherwise starve."""
    keep_behind_s: Annotated[float, Field(gt=0, le=600)] | None = None
    """Seconds kept behind what is shown, for jumps back and clips; left out: 5 with the dashboard, else
    0.5 live and 0.1 offline."""
    stall_timeout_s: Seconds = 5.0
    """Seconds without a frame sent after which a stall is reported."""


class ExportSettings(Group):
    """What is written beside the film."""

    path_out: FilePath | None = None
    """The camera's path as CSV: time_s,yaw_deg,pitch_deg,hfov_deg."""
    detections_out: FilePath | None = None
    """What the detector saw, as JSONL."""
    truth_out: FilePath | None = None
    """The built-in match's true ball and players, as track CSV."""


class WebSettings(Group):
    """The dashboard in a browser."""

    address: WebAddress | None = None
    """Where the dashboard is served, as 127.0.0.1:8080; left out: there is none."""
    token: (
        Annotated[SecretStr, Field(min_length=8, json_schema_extra={"x-allowed": "eight characters or more"})]
        | None
    ) = None
    """What a browser has to know, eight characters or more; a must where the address is not this machine's own."""
    clips: FolderPath = Path("clips")
    """The folder that clips are saved to."""


class Settings(Group):
    """Everything that one run can be told. Pure: no file is looked at here (see settings.check)."""

    sources: tuple[Source, ...] = ()
    """Cameras, from left to right: files, URIs, devices, match, or gst: and a launch fragment."""
    outputs: tuple[FilePath, ...] = ()
    """Files to write; the extension decides the container: mp4, mkv, flv or ts; m3u8 is an
    HLS playlist with its segments beside it."""
    streams: tuple[StreamAddress, ...] = ()
    """Addresses to push to, key included: rtmp, rtmps or srt; or rtsp, an address of this machine to serve the
    film at. An address among the outputs is taken for one of these. Shown to nobody."""
    split_s: Seconds | None = None
    """Seconds of film after which a file goes on in the next part (match-00000.mp4, ...), at a keyframe."""
    split_bytes: Annotated[int, Field(ge=1_000_000)] | None = None
    """Bytes after which a file goes on in the next part, at a keyframe."""
    hls_segments: HlsSegments = "ts"
    """What an HLS playlist's segments are: ts is played everywhere; fmp4 holds h265 and opus, too."""
    window: bool = False
    """Show the film in a window; this is also what happens where there is no output and no dashboard."""
    mode: Mode = "virtualcam"
    """virtualcam: the directed view; panorama: all of the rig; record and stream: virtualcam, and a file or
    a stream is a must."""
    delay_s: Seconds = 7.0
    """Seconds from capture to playback: what the director knows of the future."""
    size: Annotated[SizeValue, Field(json_schema_extra={"default": "1920x1080"})] = Size(1920, 1080)
    """The film's size in pixels."""
    live: bool | None = None
    """true: never wait, drop what is late; false: every frame, as fast as the machine can; left out: live
    where a source or a stream is."""
    duration_s: Annotated[float, Field(gt=0)] | None = None
    """Seconds of film after which the run ends; left out: when the source ends."""
    rig: FilePath | None = None
    """The cameras' rig file; left out: one camera is assumed level, several are calibrated first."""
    storage: Storage = "raw"
    """What the delay line holds: raw frames, frames encoded again, or the source's own compressed stream."""
    overlay: bool = False
    """Draw detections and the path to come over the picture."""
    log_level: LogLevel = "info"
    """How much the log tells."""
    detector: DetectorSettings = DetectorSettings()
    director: DirectorSettings = DirectorSettings()
    encoder: EncoderSettings = EncoderSettings()
    buffer: BufferSettings = BufferSettings()
    export: ExportSettings = ExportSettings()
    web: WebSettings = WebSettings()

    @model_validator(mode="before")
    @classmethod
    def _addresses_among_outputs(cls, values: Any) -> Any:
        """Take an address that is given as an output for one to stream to; as a path it would show its secrets."""
        outputs, streams = values.get("outputs", ()), values.get("streams", ())
        if not isinstance(outputs, list | tuple) or not isinstance(streams, list | tuple):
            return values
        addresses = [output for output in outputs if _is_an_address(output)]
        if not addresses:
            return values
        files = [output for output in outputs if output not in addresses]
        return {**values, "outputs": files, "streams": [*streams, *map(str, addresses)]}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings from nested values as a TOML file holds them. Raises ConfigError, one line, naming each
        key that cannot be used and what is allowed."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            found = problems_in(error, cls)
        # not within the except: pydantic's own message, which quotes what was given, is no part of this error
        raise ConfigError("; ".join(map(str, found)))

    @property
    def is_live(self) -> bool:
        """Whether this run is live: as asked, else where a source or a stream is, or only the dashboard looks."""
        if self.live is not None:
            return self.live
        return bool(self.streams) or any(map(is_live_source, self.sources)) or self._is_for_the_dashboard

    @property
    def keep_behind_s(self) -> float:
        """Seconds that stay in the window behind the playhead: as asked, else what the dashboard's jumps need."""
        if self.buffer.keep_behind_s is not None:
            return self.buffer.keep_behind_s
        if self.web.address is not None:
            return 5.0
        return 0.5 if self.is_live else 0.1  # offline nobody goes back, and each frame is up to 16 MB

    @property
    def shows_window(self) -> bool:
        """Whether a window is shown: as asked, or because the film could be seen nowhere else."""
        return self.window or not (self.outputs or self.streams or self._is_for_the_dashboard)

    @property
    def _is_for_the_dashboard(self) -> bool:
        return self.web.address is not None and not (self.outputs or self.streams or self.window)
