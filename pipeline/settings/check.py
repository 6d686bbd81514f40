"""Checks of the settings against the file system and against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from glob import escape
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.fields import load_field
from pipeline.media.film_chapters import has_chapters
from pipeline.media.match_folder import MANIFEST, is_match_file
from pipeline.media.output_spec import FileSpec, OutputSpec, part_prefix
from pipeline.media.skillcorner import is_skillcorner, match_path
from pipeline.media.source_spec import SourceSpec
from pipeline.media.track_rows import is_parquet
from pipeline.scoring.load import load_sport
from pipeline.scoring.values import SIDES
from pipeline.settings.files import Named, overwritten, readable_file, writable_file
from pipeline.settings.film import FIRST_FILM
from pipeline.settings.model import ExportSettings, Settings
from pipeline.settings.problem import Problem
from pipeline.settings.values import is_loopback


def check(settings: Settings) -> None:
    """Raise ConfigError, one line, unless a run with `settings` can begin.

    Any thread; reads the file system (which files exist, which folders are writable) and changes nothing.
    """
    found = problems(settings)
    if found:
        raise ConfigError("; ".join(map(str, found)))


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Everything that prevents a run with `settings`, in the order of the settings."""
    sources, files = settings.source_specs, settings.file_specs
    return (
        *source_problems(sources),
        *(problem for key, file in _named_files(settings) for problem in _output_file(key, file.path)),
        *overwritten(read_files(settings), written_files(settings)),
        *field_problems(settings),
        *_match(settings),
        *_mode(settings),
        *_films(settings),
        *_read_files(settings),
        *_exports(settings, sources),
        *_match_folder(settings),
        *_codecs(settings, (*files, *settings.stream_specs)),
        *_bitrates(settings),
        *_web(settings),
        *_clips(settings),
        *_split(settings, files),
        *_privacy(settings),
    )


def source_problems(sources: Collection[SourceSpec]) -> Iterator[Problem]:
    """Everything that prevents opening `sources`, as far as the file system shows it."""
    if not sources:
        yield _missing(
            "sources", "there is none; name a file, a URI, a device, match, or gst: and a fragment"
        )
    for source in sources:
        yield from _unusable(source)


def field_problems(settings: Settings) -> Iterator[Problem]:
    """Why the playing field of `settings` cannot be used; reads its file."""
    try:
        field = load_field(settings.field)
    except ConfigError as error:
        yield Problem("field", str(error))
        return
    if settings.field_size is not None:
        try:
            field.sized(settings.field_size)
        except ConfigError as error:
            yield Problem("field_size", str(error))


def _match(settings: Settings) -> Iterator[Problem]:
    """Why sport or teams cannot be used; reads the sport's file."""
    teams = settings.teams
    checks: dict[str, Callable[[], object]] = {side: partial(teams.team, side) for side in SIDES}
    checks["sport"] = partial(load_sport, teams.sport)
    for key, check_it in checks.items():
        try:
            check_it()
        except ConfigError as error:
            yield Problem(f"teams.{key}", str(error))


def _named_files(settings: Settings) -> Iterator[tuple[str, FileSpec]]:
    """The files of all films, each with the setting that names it."""
    for index, film in enumerate(settings.film_specs, len(settings.films) - len(settings.film_specs)):
        yield from (("outputs" if index < 0 else f"films.{index}.outputs", file) for file in film.files)


def _output_file(key: str, path: Path) -> Iterator[Problem]:
    yield from writable_file(key, path)
    if not _is_utf8(str(path)):
        yield Problem(key, f"{path} is not a UTF-8 name; name another file")


def _is_utf8(text: str) -> bool:
    """Whether GStreamer can take the text; the name of a file on the disk may be any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unusable(source: SourceSpec) -> Collection[Problem]:
    for chapter in source.chapters:
        if problems_of_it := _unusable(chapter):
            return problems_of_it
    if source.kind == "file" and source.path is not None and not source.path.is_dir():
        unreadable = tuple(readable_file("sources", source.path, ("match",)))
        if unreadable:
            return unreadable
    elif source.kind != "file" and not _is_utf8(source.text):
        return (Problem("sources", f"{source.name} is not UTF-8 text"),)
    refused = source.refusal()
    return () if refused is None else (Problem("sources", refused),)


def source_files(sources: Iterable[SourceSpec]) -> Iterator[Named]:
    """The files among `sources`."""
    files = (one for source in sources for one in (source, *source.chapters))
    return (("sources", one.path) for one in files if one.kind == "file" and one.path is not None)


def read_files(settings: Settings) -> Iterator[Named]:
    """Every file that a run with `settings` reads."""
    yield from source_files(settings.source_specs)
    for key, path in (
        ("rig", settings.rig),
        ("learned", settings.learned),
        ("detector.model", settings.detector.model),
        ("detector.field_picture", settings.detector.field_picture),
        ("teams.home_logo", settings.teams.home_logo),
        ("teams.away_logo", settings.teams.away_logo),
        ("graphics.sponsor", settings.graphics.sponsor),
        ("recorded.path", settings.recorded.path),
        ("recorded.tags", settings.recorded.tags),
        ("recorded.annotations", settings.recorded.annotations),
    ):
        if path is not None:
            yield key, path


def written_files(settings: Settings) -> Iterator[Named]:
    """Every file that a run with `settings` writes, as far as that is known before the run."""
    is_split = settings.split_s is not None or settings.split_bytes is not None
    for key, output in _named_files(settings):
        yield key, output.path
        yield from ((key, part) for part in _parts(output, is_split=is_split))
    yield from _export_files(settings)


def claimed_files(settings: Settings) -> Iterator[Path]:
    """The files that no other run may write meanwhile: each output, its first part or segment, each export."""
    is_split = settings.split_s is not None or settings.split_bytes is not None
    for output in settings.file_specs:
        yield output.path
        suffix = output.part_suffix(is_split=is_split)
        if suffix is not None:
            yield output.path.with_name(f"{part_prefix(output.path)}00000{suffix}")
    yield from (path for _key, path in _export_files(settings))


def _export_files(settings: Settings) -> Iterator[Named]:
    for name in ExportSettings.model_fields:
        path: Path | None = getattr(settings.export, name)
        if path is not None:
            yield f"export.{name}", path
    tracks = settings.export.tracks_out
    if tracks is not None and is_skillcorner(tracks):
        yield "export.tracks_out", match_path(tracks)


def _parts(output: FileSpec, *, is_split: bool) -> Iterator[Path]:
    """The numbered parts of `output`: the first one, and those that exist already."""
    path, suffix = output.path, output.part_suffix(is_split=is_split)
    prefix = part_prefix(path)
    if suffix is None:
        return
    if output.segments is not None and output.segments.head is not None:
        yield path.with_name(prefix + output.segments.head)
    first = path.with_name(f"{prefix}00000{suffix}")
    yield first
    if path.parent.is_dir():
        for there in sorted(path.parent.glob(f"{escape(prefix)}*{escape(suffix)}")):
            if there != first and there.name.removeprefix(prefix).removesuffix(suffix).isdigit():
                yield there


def _missing(key: str, message: str) -> Problem:
    return Problem(key, message, is_missing=True)


def _mode(settings: Settings) -> Iterator[Problem]:
    if settings.mode == "record" and not settings.file_specs:
        yield _missing("mode", "record needs a file to write: add outputs (-o FILE)")
    if settings.mode == "stream" and not settings.stream_specs:
        yield _missing("mode", "stream needs an address to stream to: add streams (--stream URL)")
    if settings.stream_specs and settings.live is False:
        yield Problem("live", "a stream runs in real time: remove live = false (--offline)")


def _films(settings: Settings) -> Iterator[Problem]:
    """Why the films cannot be made beside each other."""
    names = [FIRST_FILM] if settings.has_own_film else []
    for index, film in enumerate(settings.films):
        key = f"films.{index}"
        if film.name in names:
            why = " (that of the settings outside [[films]])" if film.name == FIRST_FILM else ""
            yield Problem(f"{key}.name", f"there is another film {film.name!r}{why}; give it another name")
        names.append(film.name)
        if film.follow == "fixed" and film.view is None:
            example = "view = { yaw_deg = 0, pitch_deg = -10, hfov_deg = 60 }"
            yield Problem(f"{key}.view", f'is missing, and follow = "fixed" needs it: add {example}')
        if film.follow != "fixed" and film.view is not None:
            yield Problem(f"{key}.view", f'is for follow = "fixed", not {film.follow}; remove one of them')
    if settings.films and not settings.has_own_film:
        for key, is_set, film_says in (
            ("mode", settings.mode == "panorama", 'follow = "panorama"'),
            ("director.fixed_view", settings.director.fixed_view is not None, 'follow = "fixed"'),
        ):
            if is_set:
                yield Problem(
                    key, f"has no output outside [[films]]: add outputs, or a film with {film_says}"
                )


def _read_files(settings: Settings) -> Iterator[Problem]:
    detector = settings.detector
    if detector.kind in ("onnx", "replay") and detector.model is None:
        yield _missing("detector.model", f"the detector {detector.kind} needs a file: add it (--model FILE)")
    for key, path in read_files(settings):
        if key != "sources":
            yield from readable_file(key, path)


def _exports(settings: Settings, sources: Collection[SourceSpec]) -> Iterator[Problem]:
    for key, path in _export_files(settings):
        yield from writable_file(key, path)
    tracks = settings.export.tracks_out
    if tracks is not None and is_parquet(tracks) and find_spec("pyarrow") is None:
        said = f"{tracks} needs pyarrow: pip install 'foresight[parquet]', or name a file that ends in .csv"
        yield Problem("export.tracks_out", said)
    if tracks is not None and settings.detector.kind == "none":
        yield Problem("export.tracks_out", "without a detector nobody is seen: choose another than none")
    if any(source.kind == "match" for source in sources):
        return
    for name in ("truth_out", "truth_tracks_out"):
        if getattr(settings.export, name) is not None:
            said = "only the built-in match has true positions: use the source match"
            yield Problem(f"export.{name}", said, is_missing=not sources)


def _match_folder(settings: Settings) -> Iterator[Problem]:
    folder = settings.match_folder
    if folder is None:
        return
    try:
        inside = {path.name for path in folder.iterdir()}
        can_write = os.access(folder, os.W_OK | os.X_OK)
    except FileNotFoundError:
        yield from writable_file("match_folder", folder)
        return
    except NotADirectoryError:
        yield Problem("match_folder", f"{folder} is no folder; name a new one")
        return
    except OSError as error:
        yield Problem("match_folder", f"{folder} cannot be used ({error.strerror}); name another folder")
        return
    if MANIFEST in inside:
        yield Problem("match_folder", f"{folder} holds a match already, which stays; name a new folder")
    elif taken := sorted(name for name in inside if is_match_file(name)):
        yield Problem(
            "match_folder",
            f"{folder} holds {taken[0]} already, which would be overwritten; name a new folder",
        )
    elif not can_write:
        yield Problem("match_folder", f"{folder} cannot be written; change its permissions")


def _codecs(settings: Settings, outputs: Iterable[OutputSpec]) -> Iterator[Problem]:
    for output in outputs:
        for kind, line in output.refusals(settings.encoder.video_codec, settings.encoder.audio_codec):
            yield Problem(f"encoder.{kind}_codec", line)


def _bitrates(settings: Settings) -> Iterator[Problem]:
    encoder = settings.encoder
    most_kbps = encoder.stream_bitrate_kbps
    if most_kbps is not None and most_kbps > encoder.bitrate_kbps:
        said = f"is more than bitrate_kbps, {encoder.bitrate_kbps}: give at most that, or raise bitrate_kbps"
        yield Problem("encoder.stream_bitrate_kbps", said)
    if encoder.follow_uplink and most_kbps is not None and encoder.stream_floor_kbps > most_kbps:
        said = f"is more than stream_bitrate_kbps, {most_kbps}: give at most that"
        yield Problem("encoder.stream_floor_kbps", said)


def _web(settings: Settings) -> Iterator[Problem]:
    address = settings.web.address
    if address is not None and not is_loopback(address) and settings.web.token is None:
        yield _missing("web.token", f"other machines can reach {address}: add a token (FORESIGHT_WEB__TOKEN)")


def _clips(settings: Settings) -> Iterator[Problem]:
    reel = settings.export.reel
    if reel is not None and not has_chapters(reel):
        yield Problem("export.reel", f"{reel} cannot have chapters: name a file that ends in .mp4 or .mkv")
    if settings.saves_tags and not settings.film_s:
        yield Problem(
            "clips.film_s", "clips of tags are cut from the film that is kept: give 10 or more, not 0"
        )


def _split(settings: Settings, files: Collection[FileSpec]) -> Iterator[Problem]:
    for key in ("split_s", "split_bytes"):
        if getattr(settings, key) is not None:
            refused = (output.split_refusal() for output in files)
            yield from (Problem(key, line) for line in refused if line is not None)


def _privacy(settings: Settings) -> Iterator[Problem]:
    count = len(settings.sources)
    for area in settings.privacy.areas:
        if count and area.camera > count:
            yield Problem("privacy.areas", f"there is no camera {area.camera}; the sources have {count}")
