"""Writes a clip: samples from the window to a playable file, through a small pipeline of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.buffering.window import Entry
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.gst.core.elements import chain, is_raw, make, make_appsrc, media_type
from pipeline.gst.core.explain import explain
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.core.frames import RAW_FORMATS
from pipeline.gst.core.samples import shifted
from pipeline.gst.core.stereo import make_stereo_mixer
from pipeline.gst.encode.aac_priming import remove_priming
from pipeline.gst.encode.encoding import Encoding, encoding_of
from pipeline.gst.encode.muxers import FILE_MUXERS, Muxer
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.formats import CODECS, Codec
from pipeline.media.output_spec import FileSpec
from pipeline.settings import EncoderSettings

TIMEOUT_NS = 120 * Gst.SECOND


def check_clip_path(path: Path) -> FileSpec:
    """Parse the path of a clip. Raises OutputError for an unknown extension or a folder that does not exist."""
    try:
        spec = FileSpec.parse_one(path)
    except ConfigError as error:
        raise OutputError(str(error)) from error
    if not path.parent.is_dir():
        raise OutputError(f"there is no folder {path.parent}; create it first")
    return spec


def write_clip(
    path: Path, parts: Mapping[str, Sequence[Entry]], encoding: Encoding | None = None
) -> tuple[int, int]:
    """Write the entries of each stream to `path`; returns the running times (ns) of its start and end.

    Compressed streams are copied; raw ones are encoded with `encoding`, or if None to H.264 and AAC with the best
    encoders of this machine. Blocks, for two minutes at most. The file gets its name when it is complete. Raises
    OutputError when it cannot be written, MissingDependencyError without an encoder or a muxer, StateError when
    there is nothing to write.
    """
    spec = check_clip_path(path)
    parts = {name: entries for name, entries in parts.items() if entries}
    if not parts:
        raise StateError("the window holds nothing from that time; save a clip nearer to now")
    begin_ns = min(entry.order_ns for entries in parts.values() for entry in entries)
    end_ns = max(entry.end_ns for entries in parts.values() for entry in entries)
    unfinished = path.with_name(path.name + ".part")
    pipeline = Gst.Pipeline.new("clip")
    try:
        appsrcs = build_writer(pipeline, spec, unfinished, parts, encoding)
        for appsrc, entries in zip(appsrcs, parts.values(), strict=True):
            for entry in entries:
                appsrc.push_sample(shifted(entry.sample, -begin_ns))
            appsrc.end_of_stream()
        _run(pipeline, spec)
        unfinished.rename(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); save it elsewhere") from error
    finally:
        pipeline.set_state(Gst.State.NULL)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return begin_ns, end_ns


def build_writer(
    pipeline: Gst.Pipeline,
    spec: FileSpec,
    unfinished: Path,
    parts: Mapping[str, Sequence[Entry]],
    encoding: Encoding | None = None,
) -> list[GstApp.AppSrc]:
    """Build the pipeline that writes `parts`, or others like them, to a file of the kind that `spec` names.

    Returns an appsrc for each of them. `encoding`, and what is raised, as in `write_clip`.
    """
    muxer = FILE_MUXERS[spec.container.name]
    writer = muxer.make()
    chain(pipeline, writer, make("filesink", None, location=str(unfinished)))
    appsrcs = []
    for name, entries in parts.items():
        appsrc = make_appsrc(f"clip-{name}")
        appsrc.set_property("handle-segment-change", True)
        appsrc.set_automatic_eos(False)
        steps, codec = _encoded(
            spec, muxer, name, entries[0].sample.get_caps() or Gst.Caps.new_empty(), encoding
        )
        queue = make("queue", None, max_size_buffers=0, max_size_bytes=0, max_size_time=0)
        chain(pipeline, appsrc, *steps, queue)
        pad = muxer.video_pad if codec.kind == "video" else muxer.audio_pad
        if not queue.link_pads("src", writer, pad):
            raise OutputError(
                f"{spec.name}: has no room for another stream such as {name!r}; name the clip .mkv"
            )
        appsrcs.append(appsrc)
    return appsrcs


def _encoded(
    spec: FileSpec, muxer: Muxer, name: str, caps: Gst.Caps, encoding: Encoding | None
) -> tuple[list[Gst.Element], Codec]:
    """The elements that turn the stream `name` into one that the file can hold, and its codec."""
    codec = _codec_of(caps)
    steps: list[Gst.Element] = []
    if is_raw(caps):
        encoding = encoding or encoding_of(EncoderSettings(), caps_fps(caps), low_latency=False)
        if media_type(caps) == "video":
            codec, encoder = CODECS[encoding.video_codec], encoding.make_video_encoder()
            shape = make("capsfilter", None, caps=Gst.Caps.from_string(RAW_FORMATS))
            steps = [make("videoconvert"), shape, encoder]
        else:
            codec, encoder = CODECS[encoding.audio_codec], encoding.make_audio_encoder()
            remove_priming(encoder)
            steps = [*make_stereo_mixer(), make("audioconvert"), encoder]
    if codec is None:
        media = caps.get_structure(0).get_name() if caps.get_size() else "of no known kind"
        raise OutputError(
            f"stream {name!r} is {media}, which a clip cannot hold; convert it before the buffer"
        )
    video, audio = (codec.name, None) if codec.kind == "video" else (None, codec.name)
    for _kind, line in spec.refusals(video, audio):
        raise OutputError(line)
    return [*steps, muxer.make_parser(codec.name)], codec


def _codec_of(caps: Gst.Caps) -> Codec | None:
    for codec in CODECS.values():
        wanted = Gst.Caps.from_string(codec.caps)
        if wanted is not None and caps.can_intersect(wanted):
            return codec
    return None


def _run(pipeline: Gst.Pipeline, spec: FileSpec) -> None:
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(TIMEOUT_NS, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    if message is None:
        raise OutputError(
            f"{spec.name}: the clip was not finished in time; check the disk, or save a shorter clip"
        )
    if message.type == Gst.MessageType.ERROR:
        raise explain(message, "output", spec.name)
