"""The checks of settings that look at the file system, and those that look at several settings at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import ConfigError
from pipeline.redaction import redact_address
from pipeline.settings.model import Settings
from pipeline.settings.problem import Problem, did_you_mean, listed
from pipeline.settings.values import CONTAINERS, is_loopback, scheme_of, source_kind


def check(settings: Settings) -> None:
    """Raise ConfigError, one line, unless a run with `settings` can begin. Any thread; reads the file system
    (does a file exist, may a folder be written to) and changes nothing."""
    found = problems(settings)
    if found:
        raise ConfigError("; ".join(map(str, found)))


def problems(settings: Settings) -> tuple[Problem, ...]:
    """All that keeps a run with `settings` from beginning, in the order of the settings."""
    return (
        *_sources(settings),
        *_outputs(settings),
        *_mode(settings),
        *_read_files(settings),
        *_exports(settings),
        *_codecs(settings),
        *_web(settings),
        *_split(settings),
    )


def _sources(settings: Settings) -> Iterator[Problem]:
    if not settings.sources:
        yield Problem("sources", "there is none; name a file, a URI, a device, match, or gst: and a fragment")
    for source in settings.sources:
        kind = source_kind(source)
        if kind == "file":
            yield from _readable_file("sources", Path(source), ("match",))
        elif kind == "device" and not Path(source).is_char_device():
            yield Problem("sources", f"there is no device {source}; found: {_devices()}")
        elif scheme_of(source) == "file":
            yield from _readable_file("sources", Path(unquote(urlsplit(source).path)))


def _devices() -> str:
    return ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "no camera at all"


def _readable_file(key: str, path: Path, others: tuple[str, ...] = ()) -> Iterator[Problem]:
    if path.is_dir():
        yield Problem(key, f"{path} is a folder, not a file")
    elif not path.exists():
        folder = path.parent
        beside = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        near = did_you_mean(path.name, [*others, *beside])
        yield Problem(key, f"there is no file {path}{near}")
    elif not os.access(path, os.R_OK):
        yield Problem(key, f"{path} may not be read; change its permissions")


def _writable_file(key: str, path: Path) -> Iterator[Problem]:
    folder = path.parent
    if path.is_dir():
        yield Problem(key, f"{path} is a folder; name a file in it")
    elif not folder.is_dir():
        yield Problem(key, f"there is no folder {folder}; make it with: mkdir -p {folder}")
    elif not os.access(path if path.exists() else folder, os.W_OK):
        yield Problem(key, f"{path} may not be written; name another or change the permissions")


def _outputs(settings: Settings) -> Iterator[Problem]:
    read = {Path(source).resolve() for source in settings.sources if source_kind(source) == "file"}
    seen: set[Path] = set()
    for path in settings.outputs:
        if path.suffix.lower().lstrip(".") not in CONTAINERS:
            yield Problem(
                "outputs", f"{path} has no known extension; allowed: {listed('.' + c for c in CONTAINERS)}"
            )
        if path.resolve() in read:
            yield Problem("outputs", f"{path} is also a source and would be overwritten; name another file")
        if path.resolve() in seen:
            yield Problem("outputs", f"{path} is named twice")
        seen.add(path.resolve())
        yield from _writable_file("outputs", path)


def _mode(settings: Settings) -> Iterator[Problem]:
    if settings.mode == "record" and not settings.outputs:
        yield Problem("mode", "record needs a file to write: add outputs (-o FILE)")
    if settings.mode == "stream" and not settings.streams:
        yield Problem("mode", "stream needs an address to stream to: add streams (--stream URL)")
    if settings.streams and settings.live is False:
        yield Problem("live", "a stream keeps to the clock: leave live = false (--offline) out")


def _read_files(settings: Settings) -> Iterator[Problem]:
    if settings.rig is not None:
        yield from _readable_file("rig", settings.rig)
    detector = settings.detector
    if detector.kind in ("onnx", "replay") and detector.model is None:
        yield Problem("detector.model", f"the detector {detector.kind} needs a file: add it (--model FILE)")
    if detector.model is not None:
        yield from _readable_file("detector.model", detector.model)
    if detector.field_picture is not None:
        yield from _readable_file("detector.field_picture", detector.field_picture)


def _exports(settings: Settings) -> Iterator[Problem]:
    for name in ("path_out", "detections_out", "truth_out"):
        path: Path | None = getattr(settings.export, name)
        if path is not None:
            yield from _writable_file(f"export.{name}", path)
    if settings.export.truth_out is not None and not any(
        source_kind(source) == "match" for source in settings.sources
    ):
        yield Problem("export.truth_out", "only the built-in match knows the truth: use the source match")


def _codecs(settings: Settings) -> Iterator[Problem]:
    addresses = [secret.get_secret_value() for secret in settings.streams]
    flash = [(str(path), "") for path in settings.outputs if path.suffix.lower() == ".flv"]
    flash += [
        (redact_address(address), "") for address in addresses if scheme_of(address) in ("rtmp", "rtmps")
    ]
    if settings.hls_segments == "ts":
        advice = ', or set hls_segments = "fmp4"'
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
        yield Problem("web.token", f"{address} can be reached by others: add a token (--web-token)")


def _split(settings: Settings) -> Iterator[Problem]:
    for key in ("split_s", "split_bytes"):
        if getattr(settings, key) is not None:
            for path in settings.outputs:
                if path.suffix.lower() == ".flv":
                    yield Problem(key, f"{path} cannot be split; name it .mp4, .mkv or .ts")
