"""FileNames: names for the files that a run makes as it goes, each one different."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from pipeline.errors import OutputError


class FileNames:
    """Makes names for new files, each one different within a run. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = 0

    def new(self, folder: Path, stem: str, suffix: str) -> Path:
        """A path ``STEM-DATE-TIME-NUMBER.SUFFIX`` in `folder`, which is created. Raises OutputError."""
        with self._lock:
            self._begun += 1
            number = self._begun
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{folder}: nothing can be saved there ({error.strerror}); check the folder"
            ) from error
        return folder / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}-{number:03d}{suffix}"
