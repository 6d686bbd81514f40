"""Writes samples that a window holds to a playable file, by a small pipeline of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.buffering.window import Entry
from pipeline.errors import OutputError, StateError
from pipeline.gst.core.samples import shifted
from pipeline.gst.encode.aac_priming import remove_priming
from pipeline.gst.runtime import Gst, require
from pipeline.timebase import seconds_to_ns

MUXERS = {".mp4": "mp4mux", ".mkv": "matroskamux", ".ts": "mpegtsmux"}
_FEATURES = {".mp4": "mp4", ".mkv": "mkv", ".ts": "ts"}

_CHAINS = {
    "video/x-raw": "videoconvert ! x264enc speed-preset=veryfast ! h264parse",
    "video/x-h264": "h264parse",
    "video/x-h265": "h265parse",
    "video/x-av1": "av1parse",
    "video/x-vp8": "identity",
    "video/x-vp9": "vp9parse",
    "image/jpeg": "jpegparse",
    "audio/x-raw": "audioconvert ! audioresample ! avenc_aac name=aac{number} aac-pns=false ! aacparse",
    "audio/mpeg": "aacparse",
    "audio/x-opus": "opusparse",
}
"""What brings a stream of each media type into a container; compressed ones stay as they are."""


def check_clip_path(path: Path) -> None:
    """Raise OutputError for a suffix that no clip can have, or a folder that is not there."""
    if path.suffix.lower() not in MUXERS:
        raise OutputError(f"{path.name}: a clip cannot be of that kind; give one of {', '.join(MUXERS)}")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent} is no folder; make it or give another one")


def write_clip(path: Path, parts: Mapping[str, Sequence[Entry]], limit_s: float = 120.0) -> tuple[int, int]:
    """Write the entries of each stream to `path`; returns the running times (ns) of begin and end.

    Blocks, at most `limit_s`. The file appears under its name when it is complete. Raises OutputError when it
    cannot be written, StateError when there is nothing to write.
    """
    check_clip_path(path)
    parts = {name: entries for name, entries in parts.items() if entries}
    if not parts:
        raise StateError("the window holds nothing of that time; ask for a clip nearer to now")
    require(_FEATURES[path.suffix.lower()])
    begin_ns = min(entry.order_ns for entries in parts.values() for entry in entries)
    end_ns = max(entry.end_ns for entries in parts.values() for entry in entries)
    unfinished = path.with_name(path.name + ".part")
    pipeline = _build(MUXERS[path.suffix.lower()], parts)
    pipeline.get_by_name("file").set_property("location", str(unfinished))
    try:
        _run(pipeline, parts, begin_ns, path, limit_s)
        unfinished.rename(path)
    finally:
        pipeline.set_state(Gst.State.NULL)
        unfinished.unlink(missing_ok=True)
    return begin_ns, end_ns


def _build(muxer: str, parts: Mapping[str, Sequence[Entry]]) -> Any:
    """A pipeline with an appsrc per stream; the description holds no text of the user's."""
    description = f"{muxer} name=mux ! filesink name=file"
    for number, (name, entries) in enumerate(parts.items()):
        media = entries[0].sample.get_caps().get_structure(0).get_name()
        chain = _CHAINS.get(media)
        if chain is None:
            raise OutputError(
                f"stream {name!r} is {media}, which a clip cannot hold; convert it before the buffer"
            )
        description += f" appsrc name=source{number} format=time handle-segment-change=true max-bytes=0"
        description += f" ! {chain.format(number=number)}"
        description += " ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! mux."
    pipeline: Any = Gst.parse_launch(description)
    for number in range(len(parts)):
        encoder = pipeline.get_by_name(f"aac{number}")
        if encoder is not None:
            remove_priming(encoder)
    return pipeline


def _run(
    pipeline: Any, parts: Mapping[str, Sequence[Entry]], begin_ns: int, path: Path, limit_s: float
) -> None:
    for number, entries in enumerate(parts.values()):
        appsrc = pipeline.get_by_name(f"source{number}")
        appsrc.set_automatic_eos(False)
        for entry in entries:
            appsrc.push_sample(shifted(entry.sample, -begin_ns))
        appsrc.end_of_stream()
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        seconds_to_ns(limit_s), Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    if message is None:
        raise OutputError(f"{path}: writing the clip did not end; look at the disk and try a shorter clip")
    if message.type == Gst.MessageType.ERROR:
        error, _details = message.parse_error()
        raise OutputError(f"{path}: the clip cannot be written ({error.message})")
