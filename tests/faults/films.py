"""Small films as other programs write them, made once a test run, and a camera that sends them over UDP."""

from __future__ import annotations

import random
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

FPS = 25
SECONDS = 6.0
PACKETS_BYTES = 7 * 188
"""What a camera sends in one datagram: seven packets of a transport stream."""
CODECS: dict[str, tuple[str, ...]] = {
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "8", "-c:a", "pcm_s16le"),
    "vp8": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-c:a", "libopus"),
    "h264": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"),
}


def make_film(
    path: Path, *, codec: str = "h264", fps: int = FPS, seconds: float = SECONDS, begins_s: float = 0.0
) -> None:
    """A test card of 320x180 with a tone, in the container of the name; its timestamps start at `begins_s`."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={fps}"]
    tone = ["-f", "lavfi", "-i", "sine=1000:sample_rate=48000"]
    written = ["-t", str(seconds), *CODECS[codec], "-output_ts_offset", str(begins_s), str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *tone, *written], check=True)


def flipped(content: bytes, seed: int, share: float = 1e-4) -> bytes:
    """The content with that share of its bytes damaged by one bit."""
    damage, damaged = random.Random(seed), bytearray(content)
    for _ in range(max(1, round(len(content) * share))):
        damaged[damage.randrange(len(content))] ^= 1 << damage.randrange(8)
    return bytes(damaged)


class UdpCamera:
    """Sends parts of transport streams to a port on loopback, each as long as it plays, on its own thread.

    A part is its content and its seconds; one without content is a pause.
    """

    def __init__(self, parts: Sequence[tuple[bytes, float]]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._parts = parts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self._port}"

    def _send(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for content, seconds in self._parts:
                begun_s = time.monotonic()
                for at in range(0, len(content), PACKETS_BYTES):
                    due_s = begun_s + seconds * at / len(content)
                    if self._stopping.wait(max(0.0, due_s - time.monotonic())):
                        return
                    sender.sendto(content[at : at + PACKETS_BYTES], ("127.0.0.1", self._port))
                self._stopping.wait(max(0.0, begun_s + seconds - time.monotonic()))

    def __enter__(self) -> UdpCamera:
        self._thread.start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._stopping.set()
        self._thread.join()
