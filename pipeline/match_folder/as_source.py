"""A match folder as the source of a run: its cameras, and the settings with which it was directed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config_builder import read_toml, toml_of
from pipeline.direction.paths import HEADER
from pipeline.errors import ConfigError
from pipeline.match_folder.info import last_line
from pipeline.media.match_folder import (
    ANNOTATIONS,
    DETECTIONS,
    LEARNED,
    PATH,
    RIG,
    SETTINGS,
    TAGS,
    is_match_folder,
    kept_file,
    read_manifest,
)
from pipeline.settings import Settings

OF_THE_RUN = frozenset(
    {
        *(
            "sources",
            "outputs",
            "streams",
            "split_s",
            "split_bytes",
            "hls_segments",
            "window",
            "live",
            "duration_s",
        ),
        *(
            "rig",
            "learned",
            "match_folder",
            "storage",
            "log_level",
            "detector",
            "buffer",
            "export",
            "recorded",
        ),
        *("clips", "web"),
    }
)
"""Settings that belong to one run and not to the match; they are neither kept in a folder nor taken from one."""

_PATH_HEADER = ",".join(HEADER)
_DIRECTS = "size", "delay_s", "director", "mode"
"""What the recorded path was made for."""

_FILES = (
    ("teams", "home_logo"),
    ("teams", "away_logo"),
    ("graphics", "sponsor"),
    ("graphics", "template"),
    ("teams", "sport"),
    ("field",),
)
"""Settings that may name a file, of which the folder keeps a copy."""


def files_of_match(settings: Settings) -> dict[str, Path]:
    """The files that settings of the match name, as logos, by the name of their copy in a folder."""
    found = {}
    for keys in _FILES:
        named: Any = settings
        for key in keys:
            named = getattr(named, key)
        path = None if named is None else Path(named)
        if path is not None and path.suffix and path.is_file():
            found[kept_file("_".join(keys), path.suffix)] = path
    return found


def settings_of_match(settings: Settings) -> str:
    """What of `settings` belongs to the match, as TOML, without a secret, a source or an output.

    The files that it names are those of `files_of_match`.
    """
    values = settings.model_dump(mode="json", exclude_none=True, exclude=set(OF_THE_RUN))
    values["mode"] = "panorama" if settings.mode == "panorama" else "virtualcam"
    kept = files_of_match(settings)
    for keys in _FILES:
        group = values
        for key in keys[:-1]:
            group = group.get(key, {})
        name = kept_file("_".join(keys), Path(str(group.get(keys[-1], ""))).suffix)
        if name in kept:
            group[keys[-1]] = name
    for film in values.get("films", ()):
        for key in ("outputs", "streams"):
            film.pop(key, None)
    return (
        "# The settings of this match; foresight run takes them, and whatever it is given besides wins.\n"
        + (toml_of(values))
    )


def with_match_folder(settings: Settings) -> Settings:
    """`settings`, with what a match folder among the sources brings; as they are without one. Blocks on the disk.

    What is set wins over the folder's settings. Raises ConfigError for a folder that cannot be used, and for one
    that is not the only source."""
    folders = [Path(source) for source in settings.sources if is_match_folder(Path(source))]
    if not folders:
        return settings
    if len(settings.sources) > 1:
        raise ConfigError(f"sources: {folders[0]} is a match with all its cameras; give it alone")
    folder = folders[0]
    manifest = read_manifest(folder)
    missing = [camera.file for camera in manifest.cameras if not (folder / camera.file).is_file()]
    if missing:
        raise ConfigError(f"{folder}: {', '.join(missing)} is missing; bring back a copy, then run it again")
    given = settings.model_dump(exclude_unset=True)
    kept = _kept(folder)
    values = _merged(kept, given)
    values["sources"] = tuple(str(folder / camera.file) for camera in manifest.cameras)
    _put(values, ("rig",), folder / RIG)
    _put(values, ("learned",), folder / LEARNED)
    _put(values, ("recorded", "tags"), folder / TAGS)
    _put(values, ("recorded", "annotations"), folder / ANNOTATIONS)
    if "kind" not in given.get("detector", {}) and (folder / DETECTIONS).is_file():
        values["detector"] = {**values.get("detector", {}), "kind": "replay", "model": folder / DETECTIONS}
    result = Settings.parse(values)
    if _shows_the_same(result, Settings.parse(kept), given):
        _put(values, ("recorded", "path"), folder / PATH)
        result = Settings.parse(values)
    return result


def _kept(folder: Path) -> dict[str, Any]:
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    values = {key: value for key, value in read_toml(path).items() if key not in OF_THE_RUN}
    for keys in _FILES:
        group = values
        for key in keys[:-1]:
            group = group.get(key, {})
        name = group.get(keys[-1])
        if isinstance(name, str) and (folder / name).is_file():
            group[keys[-1]] = str(folder / name)
    return values


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        before = merged.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(before, value) if both else value  # type: ignore[arg-type]
    return merged


def _put(values: dict[str, Any], keys: tuple[str, ...], path: Path) -> None:
    """Name a file of the folder, if it holds a line and nothing else was named."""
    group = values
    for key in keys[:-1]:
        group = group.setdefault(key, {})
    if keys[-1] not in group and last_line(path) not in (None, _PATH_HEADER):
        group[keys[-1]] = path


def _shows_the_same(settings: Settings, kept: Settings, given: Mapping[str, Any]) -> bool:
    """Whether the run shows what the match showed, so that its camera moves as it did then."""
    is_seen_otherwise = {"rig", "learned", "detector", "stabilise"} & given.keys()
    same = all(getattr(settings, key) == getattr(kept, key) for key in _DIRECTS)
    return same and not is_seen_otherwise and not settings.is_live and settings.mode == "virtualcam"
