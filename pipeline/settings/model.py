"""The settings of a run as frozen models: each field has a unit, bounds, a default and a description."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator

from pipeline.errors import ConfigError
from pipeline.fields import FIELD_NAMES
from pipeline.media.bitrate_law import BitrateBounds
from pipeline.media.formats import AudioCodec, HlsSegments, VideoCodec
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.media.source_spec import SourceSpec
from pipeline.scoring.load import SPORT_NAMES
from pipeline.scoring.team import Team
from pipeline.scoring.values import ProposalKind, Side
from pipeline.settings.film import (
    FIRST_FILM,
    Degrees,
    Film,
    FilmSpec,
    FixedView,
    Picture,
    Style,
    addresses_moved,
    file_specs,
    stream_specs,
)
from pipeline.settings.group import Group
from pipeline.settings.problem import problems_in
from pipeline.settings.values import (
    FieldSizeValue,
    FilePath,
    FolderPath,
    OutputPath,
    Size,
    SizeValue,
    Source,
    StreamAddress,
    WebAddress,
)

Mode = Literal["panorama", "virtualcam", "stream", "record"]
Storage = Literal["raw", "encoded", "source"]
LogLevel = Literal["debug", "info", "warning", "error"]
TargetLabel = Literal["ball", "player", "staff", "side_referee", "main_referee"]

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Pixels = Annotated[float, Field(ge=-32_768, le=32_768, allow_inf_nan=False)]
USUAL_FILM_S = 60.0

DETECTOR_KINDS = ("motion", "onnx", "replay", "none")


class DetectorSettings(Group):
    """How ball and players are found."""

    kind: Annotated[
        str,
        Field(
            pattern=r"^(motion|onnx|replay|none|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$",
            json_schema_extra={"x-allowed": "motion, onnx, replay, none, or your own as package.module:Name"},
        ),
    ] = "motion"
    """motion: finds what moves, without a model; onnx: runs a model; replay: reads recorded detections; none: no
    detection, and the view does not move."""
    model: FilePath | None = None
    """The ONNX model (kind onnx), or a JSONL file of recorded detections (kind replay)."""
    rate_hz: Annotated[float, Field(gt=0, le=240)] | None = None
    """Frames per second that the detector receives; default: the rate the detector asks for."""
    class_map: dict[str, TargetLabel] = Field(default={})
    """Maps the model's class names or numbers to labels, as { person = "player", 32 = "ball" }."""
    learn: bool = True
    """Learn what the ball looks like from the match itself (kind motion), and keep it beside the rig for the next
    one, as RIG.looks.json."""
    field_mask: bool = True
    """Ignore detections outside the pitch, if the pitch is known."""
    field_picture: FilePath | None = None
    """The pitch as a mask image of the rig frame, bright on the pitch; default: the rig's own outline."""
    field_polygon_deg: tuple[tuple[Degrees, Degrees], ...] = ()
    """The pitch as a polygon: three or more corners [yaw, tilt] in degrees; default: the rig's own outline."""


class DirectorSettings(Group):
    """How the virtual camera moves."""

    style: Style = "broadcast"
    """calm moves least and frames widest, close frames tightest, broadcast is between the two."""
    lookahead_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    """Seconds of look-ahead that the director may use; default: all that the delay allows."""
    fixed_view: FixedView | None = None
    """A view to hold instead of following the play, as { yaw_deg = 0, pitch_deg = -10, hfov_deg = 60 }."""


class EncoderSettings(Group):
    """How video and sound are encoded."""

    video_codec: VideoCodec = "h264"
    """The video codec; flv and RTMP carry h264 only."""
    video_encoder: (
        Annotated[
            str,
            Field(
                pattern=r"^[a-z][a-z0-9_]*$", json_schema_extra={"x-allowed": "a GStreamer element's name"}
            ),
        ]
        | None
    ) = None
    """A GStreamer encoder element, such as x264enc; default: the best that works on this machine, hardware
    first."""
    bitrate_kbps: Annotated[int, Field(ge=100, le=200_000)] = 8000
    """The video bit rate in kbit/s."""
    follow_uplink: bool = True
    """Lower the bit rate of a stream whose server takes less than it is sent, and raise it again; recordings and
    files keep theirs."""
    stream_bitrate_kbps: Annotated[int, Field(ge=100, le=200_000)] | None = None
    """The most video that a stream is sent, in kbit/s, at most bitrate_kbps, which is the default; less needs an
    encode of its own."""
    stream_floor_kbps: Annotated[int, Field(ge=100, le=200_000)] = 500
    """The least video that a stream is sent, in kbit/s, however little its server takes."""
    keyframe_interval_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """Seconds between keyframes; viewers join a stream, and files are cut, at keyframes."""
    audio_codec: AudioCodec = "aac"
    """The audio codec; flv and RTMP carry aac only."""
    audio_bitrate_kbps: Annotated[int, Field(ge=16, le=512)] = 160
    """The audio bit rate in kbit/s."""


class BufferSettings(Group):
    """The delay line between the two pipelines."""

    max_bytes: Annotated[int, Field(ge=1_000_000)] | None = None
    """The most memory that the buffer may use, in bytes; default: limited by the delay alone."""
    ownership: Literal["auto", "reference", "copy"] = "auto"
    """Hold frames by reference or as copies; auto copies if holding them would starve the source of buffers."""
    keep_behind_s: Annotated[float, Field(gt=0, le=600)] | None = None
    """Seconds kept behind the playhead, for jumps back and clips; default: 5 with the dashboard, otherwise 0.5 live
    and 0.1 offline."""
    stall_timeout_s: Seconds = 5.0
    """Report a stall after this many seconds without a frame sent to playback."""


class ExportSettings(Group):
    """Data files written beside the video."""

    path_out: FilePath | None = None
    """The virtual camera's path as CSV: time_s,yaw_deg,pitch_deg,hfov_deg."""
    detections_out: FilePath | None = None
    """The detections as JSONL."""
    tracks_out: FilePath | None = None
    """Everybody on the field and the ball over time, with identities, in metres: tracks CSV (.csv), Parquet
    (.parquet), or SkillCorner's form (.jsonl), with a match file beside it."""
    learned_out: FilePath | None = None
    """How each camera stood in each frame, and how clocks and colours parted, as JSONL; see learned."""
    tags_out: FilePath | None = None
    """What people mark in the match (goals, cards, words of their own), as JSONL."""
    proposals_out: FilePath | None = None
    """The tags that are proposed without a touch, as JSONL, taken or not."""
    reel: FilePath | None = None
    """The clips of all tags, one after the other, as one film with chapters: mp4 or mkv."""
    truth_out: FilePath | None = None
    """The true positions of ball and players in the built-in match, as track CSV."""
    truth_tracks_out: FilePath | None = None
    """Everybody's true positions and identities in the built-in match, as tracks CSV, in metres of the field."""


class RecordedSettings(Group):
    """What a match folder gives back to a run of which it is the source; it sets these files itself."""

    path: FilePath | None = None
    """The camera's path to show again, as path CSV; default: it is planned."""
    tags: FilePath | None = None
    """Tags that hold from the start, as export.tags_out writes them."""
    annotations: FilePath | None = None
    """Score, clock and graphics with the captured times from which they hold, as JSONL."""


class TeamsSettings(Group):
    """The sport, and the two teams that play it."""

    sport: Annotated[
        str,
        Field(
            min_length=1,
            json_schema_extra={"x-allowed": f"{', '.join(SPORT_NAMES)}, or a file of your own (.toml)"},
        ),
    ] = "football"
    """The sport by whose rules score and clock count: its name or a file of your own."""
    home: str = "Home"
    """The home team's name, up to 60 characters."""
    home_short: str = ""
    """Its short name for the scoreboard, up to 8 characters; default: the first three letters of its name."""
    home_colour: str = "#1565c0"
    """The colour of its shirts."""
    home_logo: FilePath | None = None
    """Its logo: a PNG, JPEG or SVG file."""
    away: str = "Away"
    """The visitors' name, up to 60 characters."""
    away_short: str = ""
    """Their short name for the scoreboard, up to 8 characters; default: the first three letters of their name."""
    away_colour: str = "#c62828"
    """The colour of their shirts."""
    away_logo: FilePath | None = None
    """Their logo: a PNG, JPEG or SVG file."""

    def team(self, side: Side) -> Team:
        """The team of a side. Raises ConfigError for a value that cannot be shown."""
        if side == "home":
            return Team(self.home, self.home_short, self.home_colour, logo=self.home_logo)
        return Team(self.away, self.away_short, self.away_colour, logo=self.away_logo)


class ProposalSettings(Group):
    """Tags that are proposed without a touch, for a person to take or dismiss."""

    on: bool = True
    """Propose tags, with the dashboard or with export.proposals_out."""
    kinds: tuple[ProposalKind, ...] = ()
    """What is proposed; default: all of them. stop is the referee's whistle."""
    tracks: bool = True
    """Use ball and players too, if the rig has a pitch; the sound alone costs less and knows less."""


class GraphicsSettings(Group):
    """What is drawn over the video for viewers."""

    scoreboard: bool = False
    """Draw the scoreboard, and the other graphics of the match."""
    template: Annotated[
        str, Field(min_length=1, json_schema_extra={"x-allowed": "scoreboard, or a file of your own (.svg)"})
    ] = "scoreboard"
    """The template of the scoreboard: scoreboard, or a file of your own."""
    sponsor: FilePath | None = None
    """A sponsor's picture, a PNG, JPEG or SVG file; drawn with the scoreboard."""


class PrivateArea(Group):
    """A part of a camera's picture that is always blurred."""

    camera: Annotated[int, Field(ge=1, le=16)] = 1
    """Which camera, from left to right, the first is 1."""
    corners_px: Annotated[
        tuple[tuple[Pixels, Pixels], ...],
        Field(min_length=3, max_length=100, json_schema_extra={"x-allowed": "3 to 100 corners [x, y]"}),
    ]
    """Its corners in pixels of the camera's picture, in order."""


class PrivacySettings(Group):
    """Parts of the cameras' pictures that nobody sees: a neighbour's garden, a playground."""

    areas: tuple[
        Annotated[PrivateArea, Field(json_schema_extra={"x-allowed": "a table with camera and corners_px"})],
        ...,
    ] = ()
    """Areas that are always blurred, as [{ camera = 1, corners_px = [[0, 0], [600, 0], [600, 250], [0, 250]] }]: a
    camera from left to right, the first is 1, and corners in pixels of its picture, in order."""


class ClipSettings(Group):
    """What is kept of the encoded film, to save clips of what viewers see."""

    film_s: Annotated[float, Field(ge=0, le=600)] | None = None
    """Seconds of the encoded film that are kept for clips, 0 for none; default: 60 with the dashboard and an output
    or a stream, and for clips of tags. Without an output, the video is encoded for this."""
    film_bytes: Annotated[int, Field(ge=1_000_000)] = 256_000_000
    """The most memory that these may take, in bytes; what does not fit is kept for fewer seconds."""
    of_tags: bool = False
    """Save a clip of the film for each tag, in the folder of web.clips."""
    tag_before_s: Annotated[float, Field(ge=0, le=120)] = 8.0
    """A tag's clip begins this many seconds before it."""
    tag_after_s: Annotated[float, Field(ge=0, le=120)] = 4.0
    """A tag's clip ends this many seconds after it."""


class WebSettings(Group):
    """The dashboard in a browser."""

    address: WebAddress | None = None
    """The address that serves the dashboard, as 127.0.0.1:8080; default: no dashboard."""
    token: (
        Annotated[SecretStr, Field(min_length=8, json_schema_extra={"x-allowed": "eight characters or more"})]
        | None
    ) = None
    """The access token that a browser must send, eight characters or more; required when the address is reachable
    from other machines."""
    clips: FolderPath = Path("clips")
    """The folder for saved clips."""


class Settings(Group):
    """All settings of one run. Opens no file (settings.check does)."""

    sources: tuple[Source, ...] = ()
    """The cameras, from left to right: files, URIs, devices, match (the built-in match), or gst: and a launch
    fragment. A plus joins the files of one recording: a.mp4+b.mp4."""
    outputs: tuple[OutputPath, ...] = ()
    """Files to write; the extension selects the container: mp4, mkv, flv or ts; m3u8 writes an HLS playlist with
    its segments beside it. clean.mp4?graphics=off is written without graphics."""
    streams: tuple[StreamAddress, ...] = ()
    """Addresses to stream to, stream key included: rtmp, rtmps or srt pushes; rtsp serves the video at an address
    of this machine. An address among the outputs counts as one of these; graphics=off in its query leaves the
    graphics out. Never displayed."""
    films: tuple[
        Annotated[
            Film, Field(json_schema_extra={"x-allowed": f"a table with {', '.join(Film.model_fields)}"})
        ],
        ...,
    ] = ()
    """Further films of the same match, as [[films]] tables: an upright one, a tactical one, a goalkeeper's."""
    split_s: Seconds | None = None
    """Split files into parts (match-00000.mp4, match-00001.mp4, ...) of at most this many seconds, at keyframes."""
    split_bytes: Annotated[int, Field(ge=1_000_000)] | None = None
    """Split files into parts of at most this many bytes, at keyframes."""
    chapter_lead_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """A tag's chapter in the mp4 or mkv begins this many seconds before it."""
    hls_segments: HlsSegments = "ts"
    """The format of HLS segments: ts plays everywhere; fmp4 also carries h265 and opus."""
    window: bool = False
    """Show the video in a window; without outputs, streams and dashboard, this is the default."""
    mode: Mode = "virtualcam"
    """virtualcam: the directed view; panorama: everything the rig sees; record and stream: as virtualcam, with an
    output file or a stream required."""
    delay_s: Seconds = 7.0
    """Seconds from capture to playback, and thus how far the director can look ahead."""
    size: Annotated[SizeValue, Field(json_schema_extra={"default": "1920x1080"})] = Size(1920, 1080)
    """The size of the output video in pixels."""
    live: bool | None = None
    """true: never wait, drop late frames; false: process every frame, as fast as the machine can; default: true
    with a stream or a live source."""
    duration_s: Annotated[float, Field(gt=0, le=31_536_000)] | None = None
    """End the run after this many seconds of video; default: when the source ends."""
    rig: FilePath | None = None
    """The rig file of the cameras; default: one camera is assumed to be level, several are calibrated first."""
    field: Annotated[
        str,
        Field(
            min_length=1,
            json_schema_extra={"x-allowed": f"{', '.join(FIELD_NAMES)}, or a file of your own (.toml)"},
        ),
    ] = "football"
    """The playing field that the cameras show, for calibration by points: a sport's name or a file of your own."""
    field_size: FieldSizeValue | None = None
    """Length and width of the field in metres, as 105x68; default: the usual size of its sport."""
    stabilise: bool = True
    """Measure how the cameras sway in the wind, or were bumped, and show the world still."""
    learned: FilePath | None = None
    """What an earlier run of this film learned of its cameras (export.learned_out), used from the start."""
    match_folder: FolderPath | None = None
    """A new folder for the whole match: the cameras' own streams, sound, rig, detections, tags and settings; it can
    be a source later."""
    storage: Storage = "raw"
    """What the buffer holds: raw frames, re-encoded frames, or the source's own compressed stream."""
    overlay: bool = False
    """Draw the detections and the coming camera path over the video."""
    log_level: LogLevel = "info"
    """How detailed the log is."""
    detector: DetectorSettings = DetectorSettings()
    director: DirectorSettings = DirectorSettings()
    encoder: EncoderSettings = EncoderSettings()
    buffer: BufferSettings = BufferSettings()
    export: ExportSettings = ExportSettings()
    recorded: RecordedSettings = RecordedSettings()
    teams: TeamsSettings = TeamsSettings()
    proposals: ProposalSettings = ProposalSettings()
    graphics: GraphicsSettings = GraphicsSettings()
    privacy: PrivacySettings = PrivacySettings()
    clips: ClipSettings = ClipSettings()
    web: WebSettings = WebSettings()

    @model_validator(mode="before")
    @classmethod
    def _addresses_among_outputs(cls, values: Any) -> Any:
        return addresses_moved(values)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings from nested values, as a TOML file holds them. Raises ConfigError whose one line names each
        invalid key and what is allowed."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            found = problems_in(error, cls)
        # raised outside the except block, because pydantic's own message quotes the values, secrets included
        raise ConfigError("; ".join(map(str, found)))

    @property
    def source_specs(self) -> tuple[SourceSpec, ...]:
        """The sources, understood. Looks up what a path stands for: a camera's device may have any name."""
        return tuple(map(SourceSpec.parse, self.sources))

    @property
    def film_specs(self) -> tuple[FilmSpec, ...]:
        """The films of the run, understood. The first is the one that is steered: that of the settings outside
        [[films]], unless these name no output while [[films]] does."""
        further = tuple(
            FilmSpec.of(film, self.size, self.director.style, self.hls_segments) for film in self.films
        )
        return further if further and not self.has_own_film else (self._own_film, *further)

    @property
    def has_own_film(self) -> bool:
        """Whether the settings outside [[films]] name an output of their own."""
        return bool(self.outputs or self.streams or self.window)

    @property
    def _own_film(self) -> FilmSpec:
        fixed, is_panorama = self.director.fixed_view, self.mode == "panorama"
        follow = "panorama" if is_panorama else "play"
        picture = Picture(self.size, "fixed" if fixed else follow, self.director.style, fixed)
        files, streams = file_specs(self.outputs, self.hls_segments), stream_specs(self.streams)
        return FilmSpec(FIRST_FILM, picture, graphics=True, sound=True, files=files, streams=streams)

    @property
    def file_specs(self) -> tuple[FileSpec, ...]:
        """The files among the outputs of all films, understood."""
        return tuple(file for film in self.film_specs for file in film.files)

    @property
    def stream_specs(self) -> tuple[StreamSpec, ...]:
        """The streams of all films, understood."""
        return tuple(stream for film in self.film_specs for stream in film.streams)

    @property
    def stream_bounds(self) -> BitrateBounds | None:
        """Between which bit rates the streams stay; None if theirs is that of the files, whatever the uplink."""
        encoder = self.encoder
        ceiling_kbps = encoder.stream_bitrate_kbps or encoder.bitrate_kbps
        if encoder.follow_uplink:
            return BitrateBounds.within(encoder.stream_floor_kbps, ceiling_kbps)
        is_lower = ceiling_kbps < encoder.bitrate_kbps
        return BitrateBounds.within(ceiling_kbps, ceiling_kbps) if is_lower else None

    @property
    def is_live(self) -> bool:
        """Whether this run is live: as set, otherwise with a stream, a live source, or only a dashboard to
        watch."""
        if self.live is not None:
            return self.live
        return (
            bool(self.stream_specs)
            or any(spec.is_live for spec in self.source_specs)
            or self._is_for_the_dashboard
        )

    @property
    def keep_behind_s(self) -> float:
        """Seconds kept behind the playhead: as set, otherwise what the dashboard's jumps back need."""
        if self.buffer.keep_behind_s is not None:
            return self.buffer.keep_behind_s
        if self.web.address is not None:
            return 5.0
        return 0.5 if self.is_live else 0.1  # offline nothing jumps back, and a frame takes up to 16 MB

    @property
    def film_s(self) -> float:
        """Seconds of the encoded film that are kept for clips, 0 for none: as set, or because somebody may ask for
        clips of a film that is encoded anyway."""
        if self.clips.film_s is not None:
            return self.clips.film_s
        is_encoded = bool(self.film_specs[0].files or self.film_specs[0].streams)
        is_wanted = self.saves_tags or (self.web.address is not None and is_encoded)
        return USUAL_FILM_S if is_wanted else 0.0

    @property
    def saves_tags(self) -> bool:
        """Whether each tag gets a clip: as set, or because the reel is made of them."""
        return self.clips.of_tags or self.export.reel is not None

    @property
    def keeps_learned(self) -> bool:
        """Whether what is learned of the cameras is written."""
        return self.export.learned_out is not None or self.match_folder is not None

    @property
    def proposes(self) -> bool:
        """Whether tags are proposed: as set, if somebody can see them."""
        is_seen = self.web.address is not None or self.export.proposals_out is not None
        return self.proposals.on and is_seen

    @property
    def proposes_from_tracks(self) -> bool:
        """Whether ball and players are used for that."""
        return self.proposes and self.proposals.tracks and self.detector.kind != "none"

    @property
    def shows_window(self) -> bool:
        """Whether a window is shown: as set, or because the video would appear nowhere else."""
        return self.window or not (self._has_outputs or self._is_for_the_dashboard)

    @property
    def _is_for_the_dashboard(self) -> bool:
        return self.web.address is not None and not (self._has_outputs or self.window)

    @property
    def _has_outputs(self) -> bool:
        return bool(self.file_specs or self.stream_specs)
