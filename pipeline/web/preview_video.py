"""The preview video: the run's video with sound for browsers, encoded once, and only while somebody watches."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator

from pipeline.errors import StateError
from pipeline.gst.output.browser_preview import BrowserPreview
from pipeline.media.fmp4 import Fragment, Head
from pipeline.operator.control import Control
from pipeline.web.latest_value import LatestValue

LINGER_S = 3.0
"""The encoders keep running this long for a viewer who reloads the page."""
KEPT = 80
"""Fragments that are kept for a viewer whose connection is slow: about 4 s of video and sound."""


class PreviewVideo:
    """Starts the preview for the first viewer and closes it after the last.

    `begin` and `follow` belong to the server's event loop, `close` to any thread.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._history = FragmentHistory()
        self._preview: BrowserPreview | None = None
        self._viewers = 0
        self._switching = asyncio.Lock()
        self._closing: asyncio.Task[None] | None = None
        self._is_over = False

    async def begin(self) -> tuple[Head, AsyncIterator[bytes]]:
        """The head of the stream, and an iterator over its bytes: the head, then all from the newest keyframe on.

        Raises StateError before playback and after it.
        """
        self._viewers += 1
        try:
            async with self._switching:
                if self._preview is None or self._history.is_closed:
                    history = self._history = FragmentHistory()
                    self._preview = await asyncio.to_thread(self._control.open_browser_preview, history.add)
                if self._is_over:  # whoever asks after the end would wait for a head that never comes
                    self._history.close()
            return await self._history.head(), self._follow(self._history)
        finally:
            self._leave()

    def close(self) -> None:
        """End every viewer, now and later. The run closes the preview."""
        self._is_over = True
        self._history.close()

    async def _follow(self, history: FragmentHistory) -> AsyncIterator[bytes]:
        self._viewers += 1
        try:
            async for data in history.follow():
                yield data
        finally:
            self._leave()

    def _leave(self) -> None:
        self._viewers -= 1
        if not self._viewers:
            self._closing = asyncio.ensure_future(self._close_soon())

    async def _close_soon(self) -> None:
        await asyncio.sleep(LINGER_S)
        async with self._switching:
            if not self._viewers and self._preview is not None:
                preview, self._preview = self._preview, None
                self._history.close()
                await asyncio.to_thread(preview.close)


class FragmentHistory:
    """The head and the newest fragments of one preview. `add` and `close` are for any thread."""

    def __init__(self) -> None:
        self.is_closed = False
        self._lock = threading.Lock()
        self._head: LatestValue[Head] = LatestValue()
        self._newest: LatestValue[int] = LatestValue()
        self._kept: deque[tuple[int, Fragment]] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, fragment: Head | Fragment | None) -> None:
        """Add the head, then the fragments in order, None at the end. Never blocks."""
        if fragment is None:
            self.close()
        elif isinstance(fragment, Head):
            self._head.publish(fragment)
        else:
            with self._lock:
                self._count += 1
                self._kept.append((self._count, fragment))
            self._newest.publish(self._count)

    def close(self) -> None:
        """End every follower."""
        self.is_closed = True
        self._head.close()
        self._newest.close()

    async def head(self) -> Head:
        """The head, once there is one: a frozen video has none before it resumes. Raises StateError at the end."""
        async for head in self._head.follow():
            return head
        raise StateError("the video has ended; there is no preview any more")

    async def follow(self) -> AsyncIterator[bytes]:
        """The head, then the fragments in order from the newest that can be decoded on its own.

        A reader that falls behind the kept fragments continues at the newest such fragment.
        """
        sent = 0
        async for head in self._head.follow():
            yield head.data
            break
        async for _newest in self._newest.follow():
            for number, fragment in self._after(sent):
                sent = number
                yield fragment.data

    def _after(self, sent: int) -> list[tuple[int, Fragment]]:
        with self._lock:
            kept = list(self._kept)
        if sent and kept[0][0] <= sent + 1:
            return kept[sent + 1 - kept[0][0] :]
        entries = [index for index, (_, fragment) in enumerate(kept) if fragment.is_entry]
        return kept[entries[-1] :] if entries else []
