"""Repair of a match folder whose run was killed: its files become whole, and nothing of it is deleted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import ForesightError, OutputError, SourceError
from pipeline.gst.capture.open_source import open_source
from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import drain
from pipeline.gst.core.explain import explain
from pipeline.gst.output.stream_file import StreamFile
from pipeline.gst.runtime import Gst
from pipeline.match_folder.info import half_lines
from pipeline.media.match_folder import (
    SOUND,
    Manifest,
    RecordedCamera,
    StreamRecord,
    read_manifest,
    write_manifest,
)
from pipeline.media.source_spec import SourceSpec
from pipeline.timebase import NS_PER_S

KEPT = "before-repair"
"""The folder in the match folder where the files lie as they were found."""
LONGEST_NS = 6 * 3600 * NS_PER_S
"""A file that is not copied within so long is given up."""


def repair(folder: Path, on_told: Callable[[str], object]) -> Manifest:
    """Index and finish the files of cameras and sound, drop half lines, and complete the manifest; blocks.

    `on_told(line)`: what is done. A complete folder stays as it is. What is changed is kept in `KEPT`. Raises
    ConfigError for a folder that is none, OutputError if it cannot be written; run again, it goes on.
    """
    manifest = read_manifest(folder)
    if manifest.complete:
        on_told(f"{folder} is complete; there is nothing to repair")
        return manifest
    kept = folder / KEPT
    try:
        kept.mkdir(exist_ok=True)
        for path in half_lines(folder, len(manifest.cameras)):
            _drop_half_line(path, kept)
            on_told(f"{path.name}: half a line at its end is left out")
        cameras, lost = [], []
        for camera in manifest.cameras:
            found = _remade(folder / camera.file, kept, on_told)
            if found is None:
                lost.append(camera.file)
            else:
                camera = replace(camera, first_s=found.first_s, end_s=found.end_s, pieces=found.pieces)
            cameras.append(camera)
        sound = manifest.sound
        if sound is not None and (folder / SOUND).is_file():
            found = _remade(folder / SOUND, kept, on_told)
            if found is not None:
                sound = replace(sound, first_s=found.first_s, end_s=found.end_s, pieces=found.pieces)
        notes = tuple(f"{name} could not be read" for name in lost)
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        repaired = replace(
            manifest, cameras=tuple(cameras), sound=sound, complete=not lost, repaired_at=moment, notes=notes
        )
        write_manifest(folder, repaired)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be repaired ({error.strerror}); free some space") from error
    return repaired


def _drop_half_line(path: Path, kept: Path) -> None:
    shutil.copy2(path, _free(kept, path.name))
    content = path.read_bytes()
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content[: content.rfind(b"\n") + 1])
    fresh.replace(path)


def _remade(path: Path, kept: Path, on_told: Callable[[str], object]) -> StreamRecord | None:
    """What a file of a camera or of the sound holds, which is now in a whole file; None for one that holds nothing.

    Raises OSError.
    """
    if (kept / path.name).exists():  # of a repair that was interrupted
        on_told(f"{path.name}: whole already")
        return _copied(path, None, on_told)
    fresh = path.with_name(f".new-{path.name}")
    try:
        found = _copied(path, fresh, on_told)
        if found is not None:
            path.replace(kept / path.name)
            fresh.replace(path)
            on_told(f"{path.name}: {(found.end_s or 0) - (found.first_s or 0):.1f} s, indexed")
    finally:
        fresh.unlink(missing_ok=True)
    return found


def _copied(path: Path, to: Path | None, on_told: Callable[[str], object]) -> StreamRecord | None:
    """What a file holds, written to another one or, without one, to nowhere. None if it holds nothing."""
    faults: list[OutputError] = []
    file = StreamFile(Path(os.devnull) if to is None else to, _no_encoder, faults.append, live=False)
    pipeline = Gst.Pipeline.new("repair")
    try:
        spec = SourceSpec.parse(str(path))
        recorded = RecordedCamera("rotate-0") if spec.recorded is None else replace(spec.recorded, sound=None)
        spec = replace(spec, kind="file", recorded=recorded)
        source = open_source(spec, decode=False, live=False, duration_s=None)
        pipeline.add(source.element)

        def follow(pad: Gst.Pad) -> None:
            file.follow(pad)
            drain(pipeline, pad)

        source.watch(follow, lambda: None)
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(
            LONGEST_NS, Gst.MessageType.EOS | Gst.MessageType.ERROR
        )
        if message is None:
            raise SourceError(f"{path.name}: the disk gives nothing more")
        if message.type == Gst.MessageType.ERROR and not file.record.pieces:
            raise explain(message, "source", path.name)
    except ForesightError as error:
        on_told(f"{path.name} stays as it is: {error}")
        return None
    finally:
        pipeline.set_state(Gst.State.NULL)
        file.close()
        take_apart(pipeline)
    if faults:
        raise OSError(0, str(faults[0]))
    return file.record if file.record.pieces else None


def _no_encoder() -> Gst.Element:
    raise OutputError("a match folder holds compressed video only")


def _free(folder: Path, name: str) -> Path:
    """A path in the folder that is not taken."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{number}-{name}"
    return path
