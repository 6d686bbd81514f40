"""The preview images: made on request, shared by all clients, and not too often."""

from __future__ import annotations

import asyncio

import numpy as np

from pipeline.gst.core.frames import FrameLayout, HeldFrame
from pipeline.gst.runtime import Gst
from pipeline.optics.frame import Frame
from pipeline.web.preview_images import PreviewImage
from tests.web.clock import Clock


def grey() -> HeldFrame:
    caps = Gst.Caps.from_string("video/x-raw,format=NV12,width=64,height=32,framerate=25/1")
    layout = FrameLayout.of(caps)
    return HeldFrame(layout, Gst.Buffer.new_wrapped(bytes([128]) * layout.size_bytes))


def test_an_image_is_shared_by_all_clients_and_not_made_too_often() -> None:
    made: list[Frame] = []
    clock = Clock()

    def make(frame: Frame) -> Frame:
        made.append(frame)
        return Frame(frame.format, tuple(np.array(plane) for plane in frame.planes))

    async def look() -> None:
        image = PreviewImage(make, 10.0, clock)
        assert await image.newest() is None
        image.hold(grey())
        pictures = await asyncio.gather(*(image.newest() for _ in range(5)))
        assert len(made) == 1
        assert len(set(pictures)) == 1
        assert (pictures[0] or b"").startswith(b"\xff\xd8")
        image.hold(grey())
        clock.now_s += 0.05
        await image.newest()
        assert len(made) == 1
        clock.now_s += 0.1
        await image.newest()
        assert len(made) == 2
        clock.now_s += 10
        await image.newest()  # playback is frozen
        assert len(made) == 2

    asyncio.run(look())
