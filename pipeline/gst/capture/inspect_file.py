"""Looks into a file without playing it: whether it has sound, how long it is, when it was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.capture.file_part import URI, FilePart
from pipeline.gst.runtime import GLib, Gst, GstPbutils
from pipeline.media.source_spec import SourceSpec
from pipeline.timebase import NS_PER_S

TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file says of itself. ``recorded_s``: when its recording began, in seconds since 1970, or None."""

    has_sound: bool
    length_s: float
    recorded_s: float | None


def inspect(spec: SourceSpec) -> FileFacts | None:
    """The facts of a file; None if it cannot be read. Blocks for `TIMEOUT_S` at most; any thread."""
    if spec.path is None:
        return None
    try:
        discoverer = GstPbutils.Discoverer.new(TIMEOUT_S * NS_PER_S)
        if spec.span is not None:
            FilePart(spec.path, *spec.span).open_from(discoverer)
        info = discoverer.discover_uri(URI if spec.span else spec.path.resolve().as_uri())
    except GLib.Error:
        return None
    return FileFacts(
        has_sound=bool(info.get_audio_streams()),
        length_s=info.get_duration() / NS_PER_S,
        recorded_s=_recorded_s(info.get_tags()),
    )


def has_sound(spec: SourceSpec) -> bool:
    """Whether a file has sound. Blocks; any thread."""
    facts = inspect(spec)
    return facts is not None and facts.has_sound


def _recorded_s(tags: Gst.TagList | None) -> float | None:
    if tags is None:
        return None
    known, moment = tags.get_date_time(Gst.TAG_DATE_TIME)
    if not known or moment is None or not moment.has_time():
        return None
    exact = moment.to_g_date_time()
    return None if exact is None else float(exact.to_unix())
