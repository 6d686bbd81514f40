"""Cameras on loopback, processes of their own that can be killed and started again."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from tests.gst.output.peers import Peer, free_port, wait_until


class RtspCamera(Peer):
    """An RTSP server that sends a video in real time, to each client from its beginning."""

    def __init__(self, video: Path, folder: Path, *, silent: bool = False) -> None:
        """`silent`: it announces sound and sends none."""
        self.port = free_port()
        command = [sys.executable, "-m", "tests.gst.capture.rtsp_camera", str(self.port), str(video)]
        command += ["silent"] * silent
        super().__init__(command, folder / f"camera-{self.port}.out")

    @property
    def url(self) -> str:
        return f"rtsp://operator:hunter2@127.0.0.1:{self.port}/camera"

    def start(self) -> None:
        super().start()
        wait_until(self._answers, "the RTSP server's start")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> RtspCamera:
        self.start()
        return self


class SrtCamera(Peer):
    """ffmpeg as an SRT listener: sends its caller a video as a transport stream, in real time."""

    def __init__(self, video: Path, folder: Path) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self.url = f"srt://127.0.0.1:{self.port}?passphrase=hunter2hunter2"
        send = ["-re", "-i", str(video), "-c", "copy", "-f", "mpegts", f"{self.url}&mode=listener"]
        super().__init__(["ffmpeg", "-nostdin", *send], folder / "srt-camera.out")

    def __enter__(self) -> SrtCamera:
        self.start()
        return self
