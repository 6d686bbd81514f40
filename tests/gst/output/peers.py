"""Real peers on loopback: RTMP server, SRT listener and RTSP clients, each recording what it receives."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
WAIT_S = 40.0


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A free port on loopback."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens on this port on loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(fulfilled: Callable[[], bool], what: str, within_s: float = WAIT_S) -> None:
    """Poll ten times a second for something outside this process; fail after `within_s`."""
    pause = threading.Event()
    for _ in range(round(within_s * 10)):
        if fulfilled():
            return
        pause.wait(0.1)
    raise AssertionError(f"{what} did not happen within {within_s:g} s")


class Peer:
    """A process that can be started and stopped several times."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = command
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def stop(self, ending: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(ending)
            self._process.wait(WAIT_S)
            self._process = None

    def pause(self) -> None:
        """Suspend the process: its connections stay open and do nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def finish(self) -> int:
        """Wait until the peer ends by itself because its sender closed the stream; returns its exit code."""
        if self._process is None:
            return 0
        code = self._process.wait(WAIT_S)
        self._process = None
        return code

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()


class RtmpServer(Peer):
    """nginx with its RTMP module; each publication is recorded as an flv of its own, as it was sent."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._records = folder / "received"
        self._records.mkdir()
        self._records.chmod(0o777)
        config = folder / "nginx.conf"
        config.write_text(
            f"load_module {RTMP_MODULE};\n"
            "daemon off; master_process off; worker_processes 1;\n"
            f"pid {folder}/nginx.pid; error_log {folder}/nginx.log info;\n"
            "events { worker_connections 64; }\n"
            f"rtmp {{ server {{ listen 127.0.0.1:{self.port};\n"
            "  application live { live on; record all; record_suffix -%s.flv; "
            f"record_path {self._records}; }} }} }}\n"
        )
        super().__init__(["nginx", "-c", str(config), "-p", str(folder)], folder / "nginx.out")

    @property
    def url(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/secretkey"

    @property
    def videos(self) -> list[Path]:
        """What was received: one video for each publication, the oldest first."""
        return sorted(self._records.glob("*.flv"), key=lambda path: path.name)

    def wait_received(self, size_bytes: int, publications: int = 1) -> None:
        """Wait until there are so many publications and the newest has that many bytes."""
        wait_until(
            lambda: len(self.videos) >= publications and self.videos[-1].stat().st_size >= size_bytes,
            f"{size_bytes} bytes of publication {publications}",
        )

    def start(self) -> None:
        super().start()
        wait_until(self._answers, "the RTMP server's start")

    def _answers(self) -> bool:
        return answers(self.port)

    def __enter__(self) -> RtmpServer:
        self.start()
        return self


class SrtListener(Peer):
    """ffmpeg, which writes the transport stream that it receives to a file and ends with its sender."""

    def __init__(self, folder: Path, passphrase: str = "") -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self.video = folder / "received.ts"
        secret = f"&passphrase={passphrase}" if passphrase else ""
        listen = ["-i", f"srt://127.0.0.1:{self.port}?mode=listener{secret}"]
        super().__init__(["ffmpeg", "-nostdin", *listen, "-c", "copy", str(self.video)], folder / "srt.out")

    @property
    def url(self) -> str:
        return f"srt://127.0.0.1:{self.port}"

    def __enter__(self) -> SrtListener:
        self.start()
        return self


class SrtTransmit(Peer):
    """srt-live-transmit, listening; `videos` holds what it received, one video for each start."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port(socket.SOCK_DGRAM)
        self.videos: list[Path] = []
        self._folder = folder
        super().__init__([], folder / "srt-live-transmit.out")

    @property
    def url(self) -> str:
        return f"srt://127.0.0.1:{self.port}"

    def start(self) -> None:
        video = self._folder / f"received-{len(self.videos)}.ts"
        self.videos.append(video)
        received = f"exec srt-live-transmit -q '{self.url}?mode=listener' file://con > '{video}'"
        self._command = ["sh", "-c", received]
        super().start()

    def wait_received(self, size_bytes: int) -> None:
        """Wait until that many bytes have come since the last start."""
        video = self.videos[-1]
        wait_until(
            lambda: video.exists() and video.stat().st_size >= size_bytes, f"{size_bytes} bytes over SRT"
        )

    def __enter__(self) -> SrtTransmit:
        self.start()
        return self


class RtspClient(Peer):
    """A client that watches an RTSP stream; `video` is what it received, as it was sent."""

    _END = 'Got EOS from element "pipeline0"'
    """What gst-launch prints at the end of a stream."""

    def __init__(self, command: list[str], video: Path) -> None:
        self.video = video
        super().__init__(command, video.with_suffix(".log"))

    @classmethod
    def ffmpeg(cls, url: str, video: Path) -> RtspClient:
        """ffmpeg, which receives video and sound over its RTSP connection (TCP)."""
        given = ["-rtsp_transport", "tcp", "-i", url, "-c", "copy", "-flush_packets", "1", str(video)]
        return cls(["ffmpeg", "-nostdin", *given], video)

    @classmethod
    def gstreamer(cls, url: str, video: Path, transport: str) -> RtspClient:
        """GStreamer's client, over ``tcp`` or ``udp``; it keeps the stream's timestamps, whenever packets
        arrive on a busy machine."""
        given = [f"location={url}", f"protocols={transport}", "buffer-mode=none"]
        source = ["rtspsrc", *given, "name=source"]
        picture = ["source.", "!", "rtph264depay", "!", "h264parse", "!", "mux."]
        sound = ["source.", "!", "rtpmp4gdepay", "!", "aacparse", "!", "mux."]
        muxed = ["matroskamux", "name=mux", "!", "filesink", f"location={video}"]
        return cls(["gst-launch-1.0", "-e", *source, *picture, *sound, *muxed], video)

    def finish(self) -> int:
        """As with every peer; but errors after gst-launch has reported the end do not count.

        At the end rtspsrc 1.22 sends PAUSE and TEARDOWN at once, from two threads. Now and then one interrupts
        the other, and gst-launch, which has received the whole video and its end, reports an error.
        """
        code = super().finish()
        before_end, end, _ = self.log.read_text(errors="replace").partition(self._END)
        return 0 if end and "ERROR" not in before_end else code

    def wait_received(self, size_bytes: int) -> None:
        """Wait until that many bytes have come."""
        wait_until(
            lambda: self.video.exists() and self.video.stat().st_size >= size_bytes, f"{size_bytes} bytes"
        )

    def __enter__(self) -> RtspClient:
        self.start()
        return self
