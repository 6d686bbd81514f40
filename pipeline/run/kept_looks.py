"""Kept looks: what a run learned of the ball, in a file beside the rig, for the next match at that place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.analysis.ball_looks import BallLooks
from pipeline.errors import ConfigError, OutputError
from pipeline.optics.rig import Rig
from pipeline.run.ball_learning import BallLearning
from pipeline.run.rig_choice import kept_rig_path
from pipeline.run.track_export import replacing
from pipeline.settings import Settings

SUFFIX = ".looks.json"


def looks_path(settings: Settings) -> Path | None:
    """The file of the looks of a run's rig: of club.toml it is club.looks.json; None if the rig has no file."""
    if settings.rig is not None:
        return settings.rig.with_suffix(SUFFIX)
    kept = kept_rig_path(settings)
    is_match = [spec.kind for spec in settings.source_specs] == ["match"]
    return kept.with_suffix(SUFFIX) if kept.exists() and not is_match else None


def make_ball_learning(settings: Settings, rig: Rig, on_note: Callable[[str], object]) -> BallLearning | None:
    """Who learns the ball's looks in a run with `settings`; None if nobody does. Blocks on the disk."""
    if settings.detector.kind != "motion" or not settings.detector.learn:
        return None
    path = looks_path(settings)
    kept = None if path is None else read_looks(path, on_note)
    return BallLearning(rig, live=settings.is_live, kept=kept)


def keep_looks(learning: BallLearning, settings: Settings) -> Path | None:
    """Keep what a run has learned; returns the file, None if there is nothing to keep, or no place for it.

    Blocks on the disk, and some seconds for a lesson in progress. Raises OutputError.
    """
    learning.close()
    path = looks_path(settings)
    if path is None or learning.learned is None:
        return None
    write_looks(path, learning.learned)
    return path


def read_looks(path: Path, on_note: Callable[[str], object]) -> BallLooks | None:
    """The looks in a file; None without one, or with a note if it cannot be used. Blocks on the disk."""
    if not path.exists():
        return None
    try:
        return BallLooks.load(path)
    except ConfigError as error:
        on_note(f"{error}; it is ignored, and the run goes on with the looks that are built in; delete it")
        return None


def write_looks(path: Path, looks: BallLooks) -> None:
    """Replace the file at once, whole. Blocks on the disk. Raises OutputError."""
    try:
        with replacing(path) as file:
            file.write(looks.text().encode())
    except OSError as error:
        raise OutputError(
            f"cannot keep what was learned of the ball in {path}: {error.strerror or error}; "
            "the next run learns it anew"
        ) from error
