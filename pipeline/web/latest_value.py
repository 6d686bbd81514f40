"""LatestValue: the latest value of one producer, for any number of asynchronous readers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class LatestValue(Generic[Item]):
    """Each follower gets the newest item whenever there is a new one; a slow one misses those in between.

    `publish`, `close` and `followers` are for any thread; `follow` for the server's event loop.
    """

    def __init__(self) -> None:
        self.latest: Item | None = None
        self.followers = 0
        self._count = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: set[asyncio.Event] = set()

    def publish(self, item: Item) -> None:
        """Replace the newest item and wake the followers. Never blocks."""
        self.latest = item
        self._count += 1
        self._wake()

    def close(self) -> None:
        """End every follower, now and later, once it has the newest item."""
        self._closed = True
        self._wake()

    async def follow(self) -> AsyncIterator[Item]:
        """The items from now on, starting with the newest if there is one."""
        self._loop = asyncio.get_running_loop()
        news = asyncio.Event()
        self._news.add(news)
        self.followers += 1
        seen = 0
        try:
            while True:
                is_last, count, item = self._closed, self._count, self.latest
                if item is not None and count != seen:
                    seen = count
                    yield item
                elif is_last:
                    return
                else:
                    await news.wait()
                news.clear()
        finally:
            self.followers -= 1
            self._news.discard(news)

    def _wake(self) -> None:
        if self._loop is not None and self.followers:
            with contextlib.suppress(RuntimeError):  # the loop is closed, so there are no followers
                self._loop.call_soon_threadsafe(self._set_all)

    def _set_all(self) -> None:
        for news in self._news:
            news.set()
