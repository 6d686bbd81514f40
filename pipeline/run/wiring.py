"""Makes and connects the parts of a run: two pipelines, the delay line, the detector."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.analysis.camera_watch import CameraWatch
from pipeline.analysis.detector import DetectionSet
from pipeline.analysis.learned import read_learned
from pipeline.analysis.shirts import ShirtReader
from pipeline.analysis.sway_history import SETTLE_S, SwayHistory
from pipeline.analysis.timeline import Timeline
from pipeline.analysis.worker import DetectorWorker
from pipeline.buffer_manager import BufferManager
from pipeline.errors import OutputError
from pipeline.graphics.private_areas import PrivateArea
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.detector_feed import DetectorFeed
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.sound_tap import SoundTap
from pipeline.gst.capture.stream_info import StreamInfo
from pipeline.gst.delay.buffer_stream import BufferStream
from pipeline.gst.graphics.graphics_element import GraphicsElement
from pipeline.gst.output.file import Split
from pipeline.gst.output.film_ring import FilmKept
from pipeline.gst.playback.cover_element import CoverElement
from pipeline.gst.playback.film_branch import FilmBranch, Rendering
from pipeline.gst.playback.mute_element import MuteElement
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.pipeline_builder import PipelineBuilder
from pipeline.playback_builder import PlaybackPipelineBuilder
from pipeline.proposals.proposal import Proposal
from pipeline.run.ball_learning import BallLearning
from pipeline.run.dump import Dump
from pipeline.run.encoding_choice import encoding_for, window_encoding
from pipeline.run.film_clips import FilmClips
from pipeline.run.limits import DetectorLimits, RunLimits
from pipeline.run.match_graphics import MatchGraphics
from pipeline.run.match_record import MatchRecord
from pipeline.run.pictures import Pictures
from pipeline.run.proposal_watch import ProposalWatch
from pipeline.run.rig_choice import detector_for
from pipeline.run.seams import Seams
from pipeline.run.tag_clips import TagClipping, TagClips
from pipeline.run.team_timeline import team_of
from pipeline.scoring.values import PROPOSAL_KINDS
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds, seconds_to_ns

TIMELINE_MARGIN_S = 30.0
"""Detections are kept for this much longer than the delay, for the director's memory."""

SWAY_MARGIN_S = 5.0
"""The cameras' sway is kept for this much longer than the window."""

LEARNED_SPAN_S = 1e6
"""What an earlier run learned is kept whole."""


def private_areas(settings: Settings, rig: Rig | None) -> list[PrivateArea]:
    """The private areas of `settings` in the rig frame; without a rig it is the picture of the one camera."""
    areas = []
    for area in settings.privacy.areas:
        region = None if rig is None else rig.region(area.camera - 1)
        place = None if region is None else (region.x, region.y, region.width, region.height)
        areas.append(PrivateArea(area.corners_px, place))
    return areas


def make_timeline(settings: Settings, on_add: Callable[[DetectionSet], object]) -> Timeline:
    """A timeline; `on_add` is called with each set."""
    return Timeline(settings.delay_s + TIMELINE_MARGIN_S, on_add)


def make_buffer_manager(settings: Settings) -> BufferManager:
    """A delay line for `settings`, without elements."""
    return BufferManager(
        buffer_duration=settings.delay_s,
        delay=settings.delay_s,
        stall_timeout=settings.buffer.stall_timeout_s,
        max_bytes=settings.buffer.max_bytes,
        ownership=settings.buffer.ownership,
        live=settings.is_live,
        keep_behind=settings.keep_behind_s,
        follow_drift=any(
            spec.kind == "fragment" for spec in settings.source_specs
        ),  # cameras do so themselves
    )


def build_analysis(
    settings: Settings,
    rig: Rig | None,
    limits: CameraLimits,
    seams: Seams | None,
    record: MatchRecord | None = None,
) -> AnalysisPipeline:
    """The analysis pipeline for `settings`, not started; `record` gets its streams. Raises SourceError,
    ConfigError, RigError."""
    return PipelineBuilder(
        settings.source_specs,
        rig=rig,
        live=settings.is_live,
        patience_s=min(limits.late_s, settings.delay_s / 3),
        storage=settings.storage,
        duration_s=settings.duration_s,
        detector_branch=settings.detector.kind != "none" or _measures_sway(settings),
        encoder=window_encoding(settings).make_video_encoder,
        camera_limits=limits,
        clocks=None if seams is None else seams.clocks,
        private_areas=private_areas(settings, rig),
        on_stream=None if record is None else record.on_stream,
    ).build()


def connect_analysis(
    analysis: AnalysisPipeline, manager: BufferManager, feed: DetectorFeed
) -> list[BufferStream]:
    """Connect the appsinks to `manager` and to the detector's `feed`.

    Returns the streams of the second and later cameras, if each camera is buffered separately.
    """
    streams = []
    connect = analysis.connections.connect
    connect(analysis.video_appsink, "new-sample", manager.on_new_sample)
    manager.await_video()
    for index, appsink in enumerate(analysis.video_appsinks[1:], 1):
        stream = manager.add_stream(f"camera-{index}", leads=True)
        connect(appsink, "new-sample", stream.on_new_sample)
        streams.append(stream)
    connect(analysis.audio_appsink, "new-sample", manager.on_new_audio_sample)
    if analysis.detector_appsink is not None:
        connect(analysis.detector_appsink, "new-sample", feed.on_new_sample)
        connect(analysis.detector_appsink, "eos", feed.on_eos)
    return streams


def _measures_sway(settings: Settings) -> bool:
    """Whether the cameras' sway is measured: where frames are decoded on the way in."""
    return settings.stabilise and (settings.detector.kind != "none" or settings.storage == "raw")


def make_match_record(
    settings: Settings, on_failed: Callable[[OutputError], object], shared_ns: Callable[[int], int]
) -> MatchRecord | None:
    """The match folder of the run; None if `settings` name none. The callbacks as in MatchRecord."""
    if settings.match_folder is None:
        return None
    return MatchRecord(settings, settings.match_folder, on_failed, shared_ns)


def make_seams(
    settings: Settings,
    rig: Rig | None,
    on_told: Callable[[str], object],
    on_learned: Callable[[str], object],
) -> Seams | None:
    """What changes between several cameras; None for one camera, or if it is neither measured nor was learned.

    The callbacks as in `make_sway_history`. Raises ConfigError for a file of what was learned that is none.
    """
    if rig is None or len(rig.cameras) < 2 or not _measures_sway(settings):
        return None
    return Seams(settings, rig, on_told, on_learned)


def make_sway_history(
    settings: Settings,
    rig: Rig,
    on_told: Callable[[str], object],
    on_bump: Callable[[Nanoseconds, Poses], object],
    on_learned: Callable[[str], object],
) -> SwayHistory | None:
    """The record of how the cameras stand; None if it is neither measured nor was learned before.

    `on_told(line)` is called when something happened to a camera, `on_bump(noticed, stands)` when one was bumped,
    `on_learned(line)` with what to write of a frame. Raises ConfigError for a file of learned poses that is none.
    """
    if not _measures_sway(settings):
        return None
    if settings.learned is not None:
        history = SwayHistory(rig, LEARNED_SPAN_S, on_told=on_told, on_bump=on_bump)
        history.recall(read_learned(settings.learned, [camera.name for camera in rig.cameras]))
        return history
    span_s = settings.delay_s + settings.keep_behind_s + SWAY_MARGIN_S
    return SwayHistory(
        rig,
        span_s,
        min(SETTLE_S, max(settings.delay_s - 1.0, 0.5)),
        on_told=on_told,
        on_bump=on_bump,
        on_learned=on_learned if settings.keeps_learned else None,
        live=settings.is_live,
    )


def start_detector(
    settings: Settings,
    rig: Rig,
    timeline: Timeline,
    feed: DetectorFeed,
    limits: DetectorLimits,
    sway: SwayHistory | None,
    seams: Seams | None,
    learning: BallLearning | None,
) -> DetectorWorker | None:
    """Start the detector of `settings` on the frames of `feed`; None, with an empty timeline, without one.

    The frames are first measured for `sway` and `seams`; `learning` learns from what is found. Raises ConfigError,
    DetectorError.
    """
    watch = None
    if sway is not None:
        watches = () if seams is None else (seams.clock_watch, seams.colour_watch, seams.error_watch)
        watch = CameraWatch(rig, sway, *watches)
    if settings.detector.kind == "none":
        timeline.finish()
        feed.attach(None, watch)
        return None
    worker = DetectorWorker(
        detector_for(settings, rig, None if sway is None else sway.pose_at, learning),
        timeline,
        live=settings.is_live,
        hang_s=limits.hang_s,
        end_s=limits.end_s,
        read_shirts=ShirtReader(rig).read if _reads_shirts(settings, rig) else None,
    )
    feed.attach(worker, watch)
    return worker


def _reads_shirts(settings: Settings, rig: Rig) -> bool:
    """Whether somebody wants to know who is in which team."""
    follows_team = any(team_of(film.picture.follow) is not None for film in settings.film_specs)
    wants_tracks = settings.export.tracks_out is not None
    return follows_team or wants_tracks or (settings.proposes_from_tracks and rig.pitch is not None)


def start_proposals(
    settings: Settings,
    analysis: AnalysisPipeline,
    rig: Rig,
    on_proposal: Callable[[Proposal], object],
    shared_ns: Callable[[int], int],
) -> ProposalWatch | None:
    """Begin to propose tags from the sound and the detections of `analysis`; None if `settings` want none."""
    if not settings.proposes:
        return None
    watch = ProposalWatch(
        rig if settings.proposes_from_tracks else None,
        settings.proposals.kinds or PROPOSAL_KINDS,
        on_proposal,
        live=settings.is_live,
    )
    SoundTap(analysis.audio_appsink, analysis.connections, watch.hear, shared_ns)
    return watch


def build_playback(
    settings: Settings,
    info: StreamInfo,
    rig: Rig,
    pictures: Pictures,
    graphics: MatchGraphics | None,
    dump: Dump,
    limits: RunLimits,
    seams: Seams | None,
    captured_ns: Callable[[int], int],
) -> PlaybackPipeline:
    """The playback pipeline for the streams of `info`, with every film. Raises ConfigError, OutputError."""
    return PlaybackPipelineBuilder(
        info.video_caps,
        info.audio_caps,
        cameras=[spec.name for spec in settings.source_specs],
        orientations=info.orientations,
        films=film_branches(settings, pictures, graphics, dump),
        film=film_kept(settings),
        split=Split.at(settings.split_s, settings.split_bytes),
        show_window=settings.shows_window,
        is_watched=settings.web.address is not None,
        live=settings.is_live,
        framerate=info.framerate,
        encoding=encoding_for(settings, info.framerate),
        stream_bounds=settings.stream_bounds,
        private_areas=private_areas(settings, rig) if settings.storage == "source" else (),
        mute=None if info.audio_caps is None else MuteElement(dump.muted_at),
        rig=rig,
        clocks=None if seams is None else seams.clocks,
        captured_ns=captured_ns,
        limits=limits.playback,
        output_limits=limits.output,
    ).build()


def film_branches(
    settings: Settings, pictures: Pictures, graphics: MatchGraphics | None, dump: Dump
) -> list[FilmBranch]:
    """The films of `settings`; those of the same picture share what makes their frames."""
    films = settings.film_specs
    renderings = {
        one.picture: Rendering(
            one.frame_view.element,
            CoverElement(dump.new_cover_at()),
            None
            if graphics is None or not any(film.graphics for film in films if film.picture == one.picture)
            else GraphicsElement(graphics),
        )
        for one in pictures
    }
    return [
        FilmBranch(film.name, renderings[film.picture], film.files, film.streams, film.graphics, film.sound)
        for film in films
    ]


def film_kept(settings: Settings) -> FilmKept | None:
    """How much of the encoded film a run with `settings` keeps for clips; None for nothing."""
    if not settings.film_s:
        return None
    return FilmKept(seconds_to_ns(settings.film_s), settings.clips.film_bytes)


def make_tag_clips(
    settings: Settings,
    film: FilmClips,
    on_note: Callable[[str], object],
    on_failed: Callable[[OutputError], object],
) -> TagClips | None:
    """The clips of the tags, cut from `film`; None if `settings` ask for none. The callbacks as in TagClips."""
    if not settings.saves_tags:
        return None
    wanted = settings.clips
    clipping = TagClipping(wanted.tag_before_s, wanted.tag_after_s, settings.web.clips)
    return TagClips(film, clipping, on_note, on_failed)


def connect_playback(
    playback: PlaybackPipeline, manager: BufferManager, further_streams: list[BufferStream]
) -> None:
    """Connect `manager` to the appsrcs of `playback`; `further_streams` comes from `connect_analysis`."""
    connect = playback.connections.connect
    manager.set_elements(playback.appsrc, playback.audio_appsrc, playback.pipeline)
    for stream, appsrc in zip(further_streams, playback.appsrcs[1:], strict=True):
        stream.set_appsrc(appsrc)
        connect(appsrc, "need-data", stream.on_need_data)
    connect(playback.appsrc, "need-data", manager.on_need_data)
    if playback.audio_appsrc is not None:
        connect(playback.audio_appsrc, "need-data", manager.on_audio_need_data)
