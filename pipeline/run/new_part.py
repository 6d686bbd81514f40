"""New part: a run that continues another one after its failure, without overwriting anything."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.media.match_folder import is_match_folder
from pipeline.media.output_spec import FileSpec
from pipeline.media.part_names import part_path
from pipeline.run.rig_choice import kept_rig_path
from pipeline.settings import Settings
from pipeline.settings.model import ExportSettings
from pipeline.supervision.worker import Files, Worker, free_part

SHORTEST_S = 1.0
"""A part of less than this is not begun."""


def files_written(settings: Settings) -> list[Files]:
    """The files that a run with `settings` writes, each by its name; what is no file, as a pipe, is left out."""
    is_split = settings.split_s is not None or settings.split_bytes is not None
    found = []
    for spec in settings.file_specs:
        suffix = spec.part_suffix(is_split=is_split)
        found.append(Files(spec.path, () if suffix is None else (suffix,)))
    exports = (getattr(settings.export, name) for name in ExportSettings.model_fields)
    found += [Files(path) for path in exports if path is not None]
    return [one for one in found if _is_file(one.path)]


def in_new_part(settings: Settings, worker: Worker) -> Settings:
    """`settings` with the names of the first part that is free: match.mp4, match.part2.mp4, ...

    A live run's duration becomes what is left of it. Raises OutputError when nothing is left.
    """
    files = files_written(settings)
    number = free_part(files)
    settings = _in_free_folder(_with_time_left(settings, worker))
    if number == 1:
        return settings
    renamed = {one.path: part_path(one.path, number) for one in files}
    exports = {name: getattr(settings.export, name) for name in ExportSettings.model_fields}
    kept_rig = kept_rig_path(settings)

    def named(outputs: Iterable[Path]) -> tuple[Path, ...]:
        specs = map(FileSpec.parse, outputs)
        return tuple(spec.named(renamed.get(spec.path, spec.path)) for spec in specs)

    return settings.model_copy(
        update={
            "outputs": named(settings.outputs),
            "films": tuple(
                film.model_copy(update={"outputs": named(film.outputs)}) for film in settings.films
            ),
            "export": settings.export.model_copy(
                update={name: renamed.get(path, path) for name, path in exports.items()}
            ),
            # the rig that the first part has calibrated
            "rig": kept_rig if _may_use(settings, kept_rig) else settings.rig,
        }
    )


def _with_time_left(settings: Settings, worker: Worker) -> Settings:
    if settings.duration_s is None or not settings.is_live:
        return settings
    left_s = worker.remaining_s(settings.duration_s, settings.delay_s)
    if left_s < SHORTEST_S:
        raise OutputError("the run failed shortly before its end, so the end of the video is missing")
    return settings.model_copy(update={"duration_s": min(left_s, settings.duration_s)})


def _in_free_folder(settings: Settings) -> Settings:
    """The match goes on in a folder of its own: match, match.part2, ..."""
    folder, number = settings.match_folder, 1
    if folder is None:
        return settings
    while is_match_folder(part_path(folder, number)):
        number += 1
    return settings.model_copy(update={"match_folder": part_path(folder, number)})


def _may_use(settings: Settings, kept_rig: Path) -> bool:
    return settings.rig is None and len(settings.sources) > 1 and kept_rig.exists()


def _is_file(path: Path) -> bool:
    """Whether `path` is, or will be, an ordinary file; a device or a pipe has no parts."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True
