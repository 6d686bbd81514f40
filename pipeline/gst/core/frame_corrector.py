"""FrameCorrector: makes a source's frames upright, progressive, square and of one size for the whole run."""

from __future__ import annotations

import logging
from dataclasses import replace
from fractions import Fraction

from pipeline.gst.core.connections import Connections
from pipeline.gst.core.deinterlacer import Deinterlacer
from pipeline.gst.core.elements import chain, ghost, link, make, set_property, static_pad
from pipeline.gst.core.frames import RAW_FORMATS
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.media.colour_range import whole_colour
from pipeline.media.frame_correction import (
    SMALLEST_INTERLACED_PX,
    UPRIGHT,
    Correction,
    FrameFormat,
    correction_for,
)
from pipeline.redaction import redact
from pipeline.timebase import NS_PER_S

logger = logging.getLogger("foresight")

_INTERLACED = int(GstVideo.VideoBufferFlags.INTERLACED)
_TOP_FIRST = int(GstVideo.VideoBufferFlags.TFF)


class FrameCorrector:
    """A bin that takes a camera's decoded frames, pad ``sink``, and puts out frames for the renderer, pad ``src``.

    It converts to NV12 or I420, and deinterlaces, crops, turns or scales only what needs it: otherwise the elements
    for this are not there. The caps of the first frame hold for the whole run; what the source sends later is
    fitted into them, and `notes` tell of it. Decides on the streaming thread; any thread may read `notes`.
    """

    def __init__(self, name: str, connections: Connections, orientation: str = UPRIGHT) -> None:
        """`name`: the camera for messages, without secrets. `connections`: those of its pipeline. `orientation`:
        that of the frames until a tag in the stream says another, as an image-orientation tag."""
        self.element = Gst.Bin.new(None)
        self.has_one_rate = True
        """Whether the source has said the same frame rate for all frames so far."""
        self._name = name
        self._connections = connections
        self._form: FrameFormat | None = None
        self._orientation = orientation
        self._steps: dict[str, Gst.Element] = {}
        self._deinterlacer: Deinterlacer | None = None
        self._correction: Correction | None = None
        self._frame_caps: Gst.Caps | None = None
        """The caps of the first frame, without its frame rate."""
        self._frame_px: tuple[int, int] | None = None
        self._shown_form: FrameFormat | None = None
        """What the latest frame was."""
        self._changes = 0
        self._latest_change = ""
        self._convert, self._shape = make("videoconvert"), make("capsfilter")
        set_property(self._shape, "caps", Gst.Caps.from_string(RAW_FORMATS))
        chain(self.element, self._convert, self._shape)
        inlet, outlet = static_pad(self._convert, "sink"), static_pad(self._shape, "src")
        self._inlet = inlet
        events, frames = Gst.PadProbeType.EVENT_DOWNSTREAM, Gst.PadProbeType.BUFFER
        connections.probe(inlet, events, self._on_event)
        connections.probe(outlet, frames, self._on_first_frame)
        connections.probe(outlet, events, self._on_corrected_event)
        ghost(self.element, inlet, "sink")
        ghost(self.element, outlet, "src")

    @property
    def notes(self) -> tuple[str, ...]:
        """At most one line for the user: how the source's video changed during the run."""
        if not self._latest_change:
            return ()
        times = f" ({self._changes} changes in all)" if self._changes > 1 else ""
        return (self._latest_change + times,)

    # On the streaming thread

    def _on_event(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is None:
            return Gst.PadProbeReturn.OK
        if event.type == Gst.EventType.CAPS:
            caps = event.parse_caps()
            sound = _sound_caps(caps)
            if sound is not None:
                pad.send_event(Gst.Event.new_caps(sound))  # comes by here again
                return Gst.PadProbeReturn.DROP
            self._form = _format_of(caps)
            if self._form is not None and self._form.is_interlaced:
                self._connections.probe(self._inlet, Gst.PadProbeType.BUFFER, self._find_first_field)
            self._correct()
        elif event.type == Gst.EventType.TAG:
            orientation = orientation_of(event)
            if orientation is not None:
                self._orientation = orientation
                self._correct()
        return Gst.PadProbeReturn.OK

    def _find_first_field(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Read the order of the fields from the first interlaced frame: mixed caps do not say it."""
        buffer = info.get_buffer()
        if self._form is None or not self._form.is_interlaced:
            return Gst.PadProbeReturn.REMOVE
        if buffer is None or not int(buffer.get_flags()) & _INTERLACED:
            return Gst.PadProbeReturn.OK
        is_top_first = bool(int(buffer.get_flags()) & _TOP_FIRST)
        self._form = replace(self._form, first_field="top" if is_top_first else "bottom")
        self._correct()
        return Gst.PadProbeReturn.REMOVE

    def _correct(self) -> None:
        """Prepare for frames as the stream now says they are."""
        if self._form is None:
            return
        self._form = replace(self._form, orientation=self._orientation)
        if self._frame_caps is not None:
            set_property(self._shape, "caps", self._frame_caps)
            self._connections.probe(self._inlet, Gst.PadProbeType.BUFFER, self._on_changed_frame)
        correction = correction_for(self._form, self._frame_px)
        if correction == self._correction:
            return
        self._correction = correction
        if correction.is_needed and not self._steps:
            self._insert_steps()
        if self._steps:
            self._set_up_steps(correction)
        if self._frame_px is None:
            shape = Gst.Caps.from_string(RAW_FORMATS)
            if correction.is_needed:
                width, height = correction.size_px
                size = f",width={width},height={height},pixel-aspect-ratio=1/1"
                shape = Gst.Caps.from_string(RAW_FORMATS + size)
            set_property(self._shape, "caps", shape)

    def _insert_steps(self) -> None:
        """Put the elements that correct before the outlet; nothing flows meanwhile, since this thread does it."""
        self._deinterlacer = Deinterlacer(self._connections)
        self._steps = {
            "fields": self._deinterlacer.element,
            "crop": make("videocrop"),
            "turn": make("videoflip"),
            "scale": make("videoscale", add_borders=True),
        }
        steps = list(self._steps.values())
        self._convert.unlink(self._shape)
        chain(self.element, *steps)
        link(steps[-1], self._shape)
        for step in reversed(steps):
            step.sync_state_with_parent()
        link(self._convert, steps[0])

    def _set_up_steps(self, correction: Correction) -> None:
        if self._deinterlacer is not None:
            self._deinterlacer.use_first(correction.first_field)
        right, bottom = correction.crop_px
        set_property(self._steps["crop"], "right", right)
        set_property(self._steps["crop"], "bottom", bottom)
        set_property(self._steps["turn"], "video-direction", correction.direction)

    def _on_first_frame(self, pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Fix what every later frame must be."""
        caps = pad.get_current_caps()
        video = None if caps is None else GstVideo.VideoInfo.new_from_caps(caps)
        if video is None:
            return Gst.PadProbeReturn.OK
        self._frame_px = video.width, video.height
        self._shown_form = self._form
        self._frame_caps = Gst.Caps.from_string(
            f"video/x-raw,format={video.finfo.name},width={video.width},height={video.height},"
            f"pixel-aspect-ratio=1/1,colorimetry={video.colorimetry.to_string()}"
        )
        return Gst.PadProbeReturn.REMOVE

    def _on_corrected_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Keep from others what holds no longer: an orientation, and other caps than those of the first frame.

        Later caps differ in their frame rate only, which frames with times of their own do not need.
        """
        event = info.get_event()
        if event is None:
            return Gst.PadProbeReturn.OK
        is_done = event.type == Gst.EventType.TAG and orientation_of(event) is not None
        is_later = event.type == Gst.EventType.CAPS and self._frame_px is not None
        return Gst.PadProbeReturn.DROP if is_done or is_later else Gst.PadProbeReturn.OK

    def _on_changed_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Note what has changed, once frames come."""
        buffer, before, now, frame_px = info.get_buffer(), self._shown_form, self._form, self._frame_px
        if buffer is None or before is None or now is None or frame_px is None:
            return Gst.PadProbeReturn.REMOVE
        self._shown_form = now
        if str(now) == str(before):
            return Gst.PadProbeReturn.REMOVE
        time_ns = pad_running_time_ns(pad, buffer.pts)
        when = "" if time_ns is None else f" at {time_ns / NS_PER_S:.1f} s"
        self.has_one_rate = self.has_one_rate and now.fps == before.fps
        self._changes += 1
        self._latest_change = redact(
            f"{self._name}: its video changed{when} from {before} to {now}; "
            f"it is fitted into {frame_px[0]}x{frame_px[1]}"
        )
        logger.warning("%s", self._latest_change)
        return Gst.PadProbeReturn.REMOVE


def orientation_of(tags: Gst.Event) -> str | None:
    """How frames stand according to a TAG event, as an image-orientation tag; None if it does not say."""
    known, orientation = tags.parse_tag().get_string(Gst.TAG_IMAGE_ORIENTATION)
    return orientation if known else None


def orientation_at(pad: Gst.Pad) -> str:
    """How the frames at `pad` stand by the tags that have passed it, as an image-orientation tag."""
    index, orientation = 0, UPRIGHT
    while (tags := pad.get_sticky_event(Gst.EventType.TAG, index)) is not None:
        orientation = orientation_of(tags) or orientation
        index += 1
    return orientation


def corrected_px(caps: Gst.Caps, orientation: str) -> tuple[int, int]:
    """The size of the corrected frames of video, raw or compressed, with these caps; (0, 0) if unknown."""
    structure = caps.get_structure(0)
    width, height = structure.get_int("width")[1], structure.get_int("height")[1]
    if width < 1 or height < 1:
        return 0, 0
    known, wide, high = structure.get_fraction("pixel-aspect-ratio")
    aspect = Fraction(wide, high) if known and wide > 0 and high > 0 else Fraction(1)
    return correction_for(FrameFormat(width, height, aspect, orientation=orientation)).size_px


def _sound_caps(caps: Gst.Caps) -> Gst.Caps | None:
    """`caps` without what GStreamer misreads or cannot handle; None if they are sound."""
    structure = caps.get_structure(0)
    width, height = structure.get_int("width")[1], structure.get_int("height")[1]
    colour = whole_colour(structure.get_string("colorimetry") or "", height)
    is_tiny = min(width, height) < SMALLEST_INTERLACED_PX
    is_interlaced = structure.get_string("interlace-mode") not in (None, "progressive")
    sound: Gst.Caps = caps.copy()
    if colour is not None:
        sound.set_value("colorimetry", colour)
    if is_tiny and is_interlaced:
        sound.set_value("interlace-mode", "progressive")
    return None if colour is None and not (is_tiny and is_interlaced) else sound


def _format_of(caps: Gst.Caps) -> FrameFormat | None:
    """What raw video `caps` say; None if they are not complete."""
    video = GstVideo.VideoInfo.new_from_caps(caps)
    if video is None:
        return None
    is_bottom_first = caps.get_structure(0).get_string("field-order") == "bottom-field-first"
    return FrameFormat(
        video.width,
        video.height,
        Fraction(video.par_n, video.par_d) if video.par_n > 0 and video.par_d > 0 else Fraction(1),
        is_interlaced=video.interlace_mode != GstVideo.VideoInterlaceMode.PROGRESSIVE,
        first_field="bottom" if is_bottom_first else "top",
        fps=Fraction(video.fps_n, video.fps_d) if video.fps_n > 0 and video.fps_d > 0 else Fraction(0),
    )
