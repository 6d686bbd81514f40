"""Outputs: starts and stops a run's outputs for an operator, and reports their state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import StateError
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.run.file_names import FileNames


class Outputs:
    """The outputs of one run, files without their folders. Any thread; only `stop` blocks.

    `record`, `start` and `stop` raise StateError before playback.
    """

    def __init__(self, run: PanoramaWithVirtualCamera) -> None:
        self._run = run

    def statuses(self) -> list[OutputStatus]:
        """The state of the outputs; empty before playback."""
        return [_without_folder(one) for one in self._statuses()]

    def record(
        self, folder: Path, names: FileNames, *, graphics: bool = True, film: str | None = None
    ) -> OutputStatus:
        """Start a recording of a film, the first one if None, in a new file, beside its own file, otherwise in
        `folder`. Raises OutputError."""
        board = self._board()
        name = board.film_named(film).name
        own = [
            spec.path
            for one in self._run.settings.film_specs
            for spec in one.files
            if one.name == name and not spec.is_playlist
        ]
        beside = own[0] if own else folder / "recording.mp4"
        path = names.new(beside.parent, beside.stem, beside.suffix)
        return _without_folder(board.record(path, graphics=graphics, film=name))

    def start(self, number: int) -> OutputStatus:
        """Start a stopped stream again."""
        return _without_folder(self._board().start(number))

    def stop(self, number: int) -> OutputStatus:
        """Stop a stream or a recording; blocks until its file is complete."""
        return _without_folder(self._board().stop(number))

    def finished_file(self, number: int) -> Path | None:
        """The file of an output that has ended; None if it has no file or more than one."""
        return None if self._run.playback is None else self._run.playback.outputs.finished_file(number)

    def _statuses(self) -> list[OutputStatus]:
        return [] if self._run.playback is None else self._run.playback.outputs.statuses()

    def _board(self) -> OutputBoard:
        if self._run.playback is None:
            raise StateError("playback has not started yet; start and stop outputs once it has")
        return self._run.playback.outputs


def _without_folder(status: OutputStatus) -> OutputStatus:
    """The status with a file's name only: clients must not learn the folders of this machine."""
    if status.kind == "stream":
        return status
    name = Path(status.name).name
    trouble = None if status.trouble is None else status.trouble.replace(status.name, name)
    return replace(status, name=name, trouble=trouble)
