"""Checks of the settings against the file system and against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from glob import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import ConfigError
from pipeline.redaction import redact_address
from pipeline.settings.files import Named, overwritten, readable_file, writable_file
from pipeline.settings.model import ExportSettings, Settings
from pipeline.settings.problem import Problem, listed
from pipeline.settings.values import CONTAINERS, is_loopback, scheme_of, source_kind


def check(settings: Settings) -> None:
    """Raise ConfigError, one line, unless a run with `settings` can begin.

    Any thread; reads the file system (which files exist, which folders are writable) and changes nothing.
    """
    found = problems(settings)
    if found:
        raise ConfigError("; ".join(map(str, found)))


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Everything that prevents a run with `settings`, in the order of the settings."""
    return (
        *source_problems(settings.sources),
        *_outputs(settings),
        *overwritten(read_files(settings), written_files(settings)),
        *_mode(settings),
        *_read_files(settings),
        *_exports(settings),
        *_codecs(settings),
        *_web(settings),
        *_split(settings),
    )


def source_problems(sources: Collection[str]) -> Iterator[Problem]:
    """Everything that prevents opening `sources`, as far as the file system shows it."""
    if not sources:
        yield _missing(
            "sources", "there is none; name a file, a URI, a device, match, or gst: and a fragment"
        )
    for source in sources:
        if source_kind(source) == "device" and not Path(source).is_char_device():
            yield Problem("sources", f"there is no device {source}; found: {_devices()}")
    for key, path in source_files(sources):
        yield from readable_file(key, path, ("match",))


def source_files(sources: Collection[str]) -> Iterator[Named]:
    """The files among `sources`."""
    for source in sources:
        if source_kind(source) == "file":
            yield "sources", Path(source)
        elif scheme_of(source) == "file":
            yield "sources", Path(unquote(urlsplit(source).path))


def read_files(settings: Settings) -> Iterator[Named]:
    """Every file that a run with `settings` reads."""
    yield from source_files(settings.sources)
    for key, path in (
        ("rig", settings.rig),
        ("detector.model", settings.detector.model),
        ("detector.field_picture", settings.detector.field_picture),
    ):
        if path is not None:
            yield key, path


def written_files(settings: Settings) -> Iterator[Named]:
    """Every file that a run with `settings` writes, as far as that is known before the run."""
    for output in settings.outputs:
        yield "outputs", output
        yield from (("outputs", piece) for piece in _pieces(settings, output))
    yield from _export_files(settings)


def _export_files(settings: Settings) -> Iterator[Named]:
    for name in ExportSettings.model_fields:
        path: Path | None = getattr(settings.export, name)
        if path is not None:
            yield f"export.{name}", path


def _pieces(settings: Settings, output: Path) -> Iterator[Path]:
    """The numbered parts of `output`: the first one, and those that exist already."""
    suffix, is_split = output.suffix, settings.split_s is not None or settings.split_bytes is not None
    if suffix.lower() == ".m3u8":
        suffix = ".ts" if settings.hls_segments == "ts" else ".m4s"
    elif not suffix or not is_split:
        return
    stem = f"{output.stem}-"
    if suffix == ".m4s":
        yield output.with_name(f"{stem}init.mp4")
    first = output.with_name(f"{stem}00000{suffix}")
    yield first
    if output.parent.is_dir():
        for there in sorted(output.parent.glob(f"{escape(stem)}*{escape(suffix)}")):
            if there != first and there.name.removeprefix(stem).removesuffix(suffix).isdigit():
                yield there


def _missing(key: str, message: str) -> Problem:
    return Problem(key, message, is_missing=True)


def _devices() -> str:
    return ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "no camera at all"


def _outputs(settings: Settings) -> Iterator[Problem]:
    for path in settings.outputs:
        if path.suffix.lower().lstrip(".") not in CONTAINERS:
            yield Problem(
                "outputs", f"{path} has no known extension; allowed: {listed('.' + c for c in CONTAINERS)}"
            )
        yield from writable_file("outputs", path)


def _mode(settings: Settings) -> Iterator[Problem]:
    if settings.mode == "record" and not settings.outputs:
        yield _missing("mode", "record needs a file to write: add outputs (-o FILE)")
    if settings.mode == "stream" and not settings.streams:
        yield _missing("mode", "stream needs an address to stream to: add streams (--stream URL)")
    if settings.streams and settings.live is False:
        yield Problem("live", "a stream runs in real time: remove live = false (--offline)")


def _read_files(settings: Settings) -> Iterator[Problem]:
    detector = settings.detector
    if detector.kind in ("onnx", "replay") and detector.model is None:
        yield _missing("detector.model", f"the detector {detector.kind} needs a file: add it (--model FILE)")
    for key, path in read_files(settings):
        if key != "sources":
            yield from readable_file(key, path)


def _exports(settings: Settings) -> Iterator[Problem]:
    for key, path in _export_files(settings):
        yield from writable_file(key, path)
    if settings.export.truth_out is not None and not any(
        source_kind(source) == "match" for source in settings.sources
    ):
        said = "only the built-in match has true positions: use the source match"
        yield Problem("export.truth_out", said, is_missing=not settings.sources)


def _codecs(settings: Settings) -> Iterator[Problem]:
    addresses = [secret.get_secret_value() for secret in settings.streams]
    flash = [(str(path), "") for path in settings.outputs if path.suffix.lower() == ".flv"]
    flash += [
        (redact_address(address), "") for address in addresses if scheme_of(address) in ("rtmp", "rtmps")
    ]
    if settings.hls_segments == "ts":
        advice = ' (hls_segments = "fmp4" holds it)'
        flash += [(str(path), advice) for path in settings.outputs if path.suffix.lower() == ".m3u8"]
    video, audio = settings.encoder.video_codec, settings.encoder.audio_codec
    for output, advice in flash:
        if video != "h264":
            yield Problem("encoder.video_codec", f"{output} can hold h264 only, not {video}{advice}")
        if audio != "aac":
            yield Problem("encoder.audio_codec", f"{output} can hold aac only, not {audio}{advice}")


def _web(settings: Settings) -> Iterator[Problem]:
    address = settings.web.address
    if address is not None and not is_loopback(address) and settings.web.token is None:
        yield _missing("web.token", f"other machines can reach {address}: add a token (FORESIGHT_WEB__TOKEN)")


def _split(settings: Settings) -> Iterator[Problem]:
    for key in ("split_s", "split_bytes"):
        if getattr(settings, key) is not None:
            for path in settings.outputs:
                if path.suffix.lower() == ".flv":
                    yield Problem(key, f"{path} cannot be split; name it .mp4, .mkv or .ts")
