"""RunEnded: what a run has written, for those who watch it in a browser when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.redaction import redact


@dataclass(frozen=True, slots=True)
class Written:
    """A file, by its name without its folder, or a stream. ``trouble``: what it lacks, and why, in one line."""

    name: str
    kind: Literal["file", "stream"]
    trouble: str | None


@dataclass(frozen=True, slots=True)
class RunEnded:
    """How a run has ended. ``error``: why it failed; None if it did not. ``failures``: lines of other parts."""

    error: str | None
    duration_s: float
    """Length of the played video, in seconds."""
    dropped: int
    written: list[Written]
    failures: list[str]


def run_ended(run: PanoramaWithVirtualCamera) -> RunEnded | None:
    """How it has ended; None before. Looks at the disk. Any thread."""
    report = run.report
    if report is None:
        return None
    settings, made = run.settings, set(report.outputs)
    exports = [path for _, path in settings.export if isinstance(path, Path)]
    wanted = [path for path in (*(spec.path for spec in settings.file_specs), *exports) if path not in made]
    sources = [spec.path for spec in settings.source_specs if spec.path is not None]
    paths = [*(output for output in report.outputs if isinstance(output, Path)), *wanted, *sources]
    left = [_without_folders(failure, paths) for failure in report.failures]
    written = []
    for output in (*report.outputs, *wanted):
        name = output.name if isinstance(output, Path) else redact(output)
        own = [failure for failure in left if failure.startswith(f"{name}: ")]
        left = [failure for failure in left if failure not in own]
        trouble = "; ".join(failure.removeprefix(f"{name}: ") for failure in own) or None
        if trouble is not None or output in made or Path(output).is_file():
            written.append(Written(name, "file" if isinstance(output, Path) else "stream", trouble))
    error = None if run.error is None else _without_folders(str(run.error), paths)
    return RunEnded(error, report.duration_s, report.dropped, written, left)


def _without_folders(text: str, paths: Iterable[Path]) -> str:
    """Clients must not learn the folders of this machine, nor the keys of its streams."""
    for path in paths:
        text = text.replace(str(path), path.name)
    return redact(text)
