"""Silence for gaps in a sound stream, in every raw audio format that GStreamer knows."""

from __future__ import annotations

from typing import Any

from pipeline.gst.runtime import Gst, GstAudio
from pipeline.timebase import NS_PER_S


def bridge(appsrc: Any, caps: Any, begin_ns: int, end_ns: int) -> None:
    """Bridge a gap in a stream, in running time: push silence, or a GAP event if it is not raw sound."""
    if appsrc is None:
        return
    sample = silence(caps, begin_ns, end_ns)
    if sample is not None:
        appsrc.push_sample(sample)
    else:
        appsrc.send_event(Gst.Event.new_gap(begin_ns, end_ns - begin_ns))


def silence(caps: Any, begin_ns: int, end_ns: int) -> Any:
    """A sample of silence from one running time to another; None if `caps` is not raw audio, or the time too short.

    Silence is needed because an encoder drops GAP events and a muxer would keep waiting for sound.
    """
    info = _audio_info(caps)
    if info is None:
        return None
    frames = round((end_ns - begin_ns) * info.rate / NS_PER_S)
    if frames <= 0:
        return None
    buffer = Gst.Buffer.new_wrapped(_silent_value(info.finfo) * (frames * info.channels))
    if info.layout == GstAudio.AudioLayout.NON_INTERLEAVED:
        GstAudio.buffer_add_audio_meta(buffer, info, frames, 0)  # type: ignore[arg-type]  # NULL
    buffer.pts, buffer.duration = begin_ns, end_ns - begin_ns
    buffer.set_flags(Gst.BufferFlags.GAP)
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    return Gst.Sample.new(buffer, caps, segment, None)


def _audio_info(caps: Any) -> GstAudio.AudioInfo | None:
    """The raw audio format of `caps`, None if they are something else.

    `AudioInfo.new_from_caps` would refuse more than two channels whose places are not in the caps.
    """
    if caps is None or not caps.is_fixed() or not caps.get_structure(0).has_name("audio/x-raw"):
        return None
    structure = caps.get_structure(0)
    kind = GstAudio.AudioFormat.from_string(structure.get_string("format") or "")
    if kind in (GstAudio.AudioFormat.UNKNOWN, GstAudio.AudioFormat.ENCODED):
        return None
    info = GstAudio.AudioInfo()
    info.set_format(kind, structure.get_value("rate"), structure.get_value("channels"), None)
    if structure.get_string("layout") == "non-interleaved":
        info.layout = GstAudio.AudioLayout.NON_INTERLEAVED
    return info


def _silent_value(kind: GstAudio.AudioFormatInfo) -> bytes:
    """The bytes of one value of silence: not zero in an unsigned format.

    `AudioFormatInfo.fill_silence` cannot be used: PyGObject gives it a copy to fill.
    """
    return bytes(kind.silence)[: kind.width // 8]
