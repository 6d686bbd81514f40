"""RtspServer: serves the video to RTSP clients, which connect and disconnect without affecting other outputs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import OutputError, PipelineError
from pipeline.gst.core.connections import Connections
from pipeline.gst.encode.encoded_tap import EncodedTap, KeyframeGate, restamped
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OutputKind
from pipeline.gst.runtime import GLib, Gst, GstApp, load_rtsp_server, require
from pipeline.media.addresses import Address
from pipeline.media.film_file import FilmFile
from pipeline.media.output_spec import StreamSpec
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, seconds_to_ns

if TYPE_CHECKING:
    from pipeline.gst.runtime import GstRtspServer

logger = logging.getLogger("foresight")

DEFAULT_PORT = 8554
SESSION_CLEANUP_S = 10
"""How often the server removes the sessions of clients that vanished."""

SDP_NS = Nanoseconds(40 * NS_PER_MS)
"""The time span reserved for the samples from which the stream's SDP is made."""

ROLE = "viewer"

_APPSRC = "format=time is-live=true max-bytes=0 block=false"
_PAYLOADERS = {
    "h264": "h264parse ! rtph264pay config-interval=-1 aggregate-mode=zero-latency",
    "h265": "h265parse ! rtph265pay config-interval=-1 aggregate-mode=zero-latency",
    "aac": "aacparse ! rtpmp4gpay perfect-rtptime=false",
    "opus": "opusparse ! rtpopuspay perfect-rtptime=false",
}


class RtspServer:
    """Serves encoded video and sound at one ``rtsp://`` address, with a separate stream for each client. An Output.

    `element` goes into the encoding pipeline and never blocks it. A thread of the server answers the clients.
    `close` may be called from any thread. Lock: `_lock` guards the clients; nothing is called while holding it.

    Clients do not share a stream, because a shared one is relinked for each client with another transport: in
    GStreamer 1.22, one join in a hundred left all clients without video or sound.
    """

    kind: OutputKind = "stream"
    recovers = True
    trouble = None  # it works without clients, too
    undelivered = None
    uplink = None
    gaps = 0
    lost_s = 0.0
    files: tuple[Path, ...] = ()
    sole_file: Path | None = None
    films: tuple[FilmFile, ...] = ()
    cut_short = None
    waiting_bytes: tuple[int, ...] = ()

    def __init__(
        self,
        spec: StreamSpec,
        *,
        video_codec: str,
        audio_codec: str | None,
        limits: OutputLimits = OutputLimits(),
    ) -> None:
        """Listens at once. Raises OutputError when the port cannot be used, MissingDependencyError."""
        require("rtsp-out")
        self.name = spec.name
        self._codecs = {"video": video_codec} | ({} if audio_codec is None else {"audio": audio_codec})
        self._tap = EncodedTap(self._on_sample, self._on_end, with_sound=audio_codec is not None)
        self._limits = limits
        self._lock = threading.Lock()
        self._feeds: dict[GstRtspServer.RTSPMedia, _Feed] = {}
        self._clients = 0
        self._has_no_clients = threading.Event()
        self._has_no_clients.set()
        self._rtsp = load_rtsp_server()
        self._connections = Connections()
        self._context = GLib.MainContext()
        self._loop = GLib.MainLoop.new(self._context, False)
        self._server, self._is_open = self._make_server(spec.address)
        self._sources = self._listen()
        self._thread = threading.Thread(target=self._answer, name=f"rtsp-{self.name}", daemon=True)
        self._thread.start()

    @property
    def element(self) -> Gst.Bin:
        """The bin that receives the encoded streams."""
        return self._tap.element

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: a warning if no password is set."""
        return (
            f"{self.name}: no password is set, so anyone who can reach this address can watch",
        ) * self._is_open

    def abandon(self) -> None:
        """Do nothing: it never blocks playback."""

    def close(self) -> None:
        """End the server; after the end of the video, first wait for its clients to leave. Idempotent.

        Blocks for a bounded time.
        """
        if not self._thread.is_alive():
            return
        if self._tap.has_ended:
            self._has_no_clients.wait(self._limits.client_farewell_s)
        ending = GLib.idle_source_new()  # from inside the loop: quit() before run() has no effect
        ending.set_callback(self._quit)
        ending.attach(self._context)
        self._thread.join()

    # On the streaming threads

    def _on_sample(self, kind: str, sample: Gst.Sample) -> None:
        for feed in self._all_feeds():
            feed.take(kind, sample)

    def _on_end(self, kind: str) -> None:
        for feed in self._all_feeds():
            feed.end(kind)

    def _all_feeds(self) -> tuple[_Feed, ...]:
        with self._lock:
            return tuple(self._feeds.values())

    # On the server's own threads

    def _answer(self) -> None:
        self._context.push_thread_default()
        try:
            self._loop.run()
        finally:
            while self._sources:
                self._sources.pop().destroy()  # the one that listens holds the port while it exists
            self._server.client_filter(lambda _server, _client: self._rtsp.RTSPFilterResult.REMOVE)
            self._context.pop_thread_default()
            self._connections.release()

    def _quit(self, _data: object = None) -> bool:
        self._loop.quit()
        return GLib.SOURCE_REMOVE

    def _on_client(self, _server: GstRtspServer.RTSPServer, client: GstRtspServer.RTSPClient) -> None:
        with self._lock:
            self._clients += 1
            self._has_no_clients.clear()
        client.connect("closed", self._on_closed)
        client.connect("play-request", self._on_play)

    def _on_play(self, _client: GstRtspServer.RTSPClient, context: GstRtspServer.RTSPContext) -> None:
        with self._lock:
            feed = self._feeds.get(context.media)
        if feed is not None:
            feed.watch()
        self._tap.ask_for_keyframe()

    def _on_closed(self, _client: GstRtspServer.RTSPClient) -> None:
        with self._lock:
            self._clients -= 1
            if not self._clients:
                self._has_no_clients.set()

    def _on_media(self, _factory: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
        """A client has requested the stream: feed it from now on."""
        feed = _Feed(
            media.get_element(),
            tuple(self._codecs),
            self._tap.ask_for_keyframe,
            seconds_to_ns(self._limits.client_unsent_s),
        )
        with self._lock:
            self._feeds[media] = feed
        media.connect("prepared", _report_often)
        media.connect("unprepared", self._on_media_unprepared)

    def _on_media_unprepared(self, media: GstRtspServer.RTSPMedia) -> None:
        with self._lock:
            self._feeds.pop(media, None)

    # Setting up

    def _make_server(self, address: Address) -> tuple[GstRtspServer.RTSPServer, bool]:
        """The server, and whether anyone who reaches it can watch."""
        rtsp, host = self._rtsp, address.host or ""
        factory = rtsp.RTSPMediaFactory.new()
        factory.set_launch(self._launch_text())
        self._connections.connect(factory, "media-configure", self._on_media)
        server = rtsp.RTSPServer.new()
        server.set_address(host)
        server.set_service(str(address.port or DEFAULT_PORT))
        server.get_mount_points().add_factory(address.path or "/", factory)
        self._connections.connect(server, "client-connected", self._on_client)
        if address.user is None:
            return server, host not in ("127.0.0.1", "::1", "localhost")
        self._require_password(server, factory, address.user, address.password or "")
        return server, False

    def _launch_text(self) -> str:
        """The stream's launch line, from appsrcs to RTP payloaders; it contains no text from the user."""
        chains = (
            f"appsrc name={kind} {_APPSRC} ! {_PAYLOADERS[codec]} name=pay{number} pt={96 + number}"
            for number, (kind, codec) in enumerate(self._codecs.items())
        )
        return f"( {' '.join(chains)} )"

    def _require_password(
        self,
        server: GstRtspServer.RTSPServer,
        factory: GstRtspServer.RTSPMediaFactory,
        user: str,
        password: str,
    ) -> None:
        rtsp = self._rtsp
        permissions = rtsp.RTSPPermissions.new()
        for permission in (rtsp.RTSP_PERM_MEDIA_FACTORY_ACCESS, rtsp.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT):
            permissions.add_permission_for_role(ROLE, permission, True)
        factory.set_permissions(permissions)
        token = rtsp.RTSPToken.new()
        token.set_string(rtsp.RTSP_TOKEN_MEDIA_FACTORY_ROLE, ROLE)
        auth = rtsp.RTSPAuth.new()
        auth.add_basic(rtsp.RTSPAuth.make_basic(user, password), token)
        server.set_auth(auth)

    def _listen(self) -> list[GLib.Source]:
        try:
            listening = self._server.create_source(None)
        except GLib.Error as error:
            raise OutputError(
                f"{self.name}: cannot listen there ({error.message}); "
                "stop the program that uses it, or give another port"
            ) from error
        listening.attach(self._context)
        sessions = GLib.timeout_source_new_seconds(SESSION_CLEANUP_S)
        sessions.set_callback(self._clean_up_sessions)
        sessions.attach(self._context)
        return [listening, sessions]

    def _clean_up_sessions(self, _data: object = None) -> bool:
        pool = self._server.get_session_pool()
        if pool is not None:
            pool.cleanup()
        return GLib.SOURCE_CONTINUE


class _Feed:
    """Feeds one client's stream with video and sound that start at the same time 0.

    The stream needs one sample of each kind for its SDP, and holds it until the client plays. Samples in between
    are dropped: the client would take a burst for a fast clock, a different one for video and sound. Lock: `_lock`
    separates the streaming threads from the server's; pushing while holding it never blocks.
    """

    def __init__(
        self,
        stream: Gst.Element,
        kinds: tuple[str, ...],
        on_ready: Callable[[], None],
        unsent_ns: Nanoseconds,
    ) -> None:
        """`on_ready()` is called once the stream accepts data and needs a keyframe. `unsent_ns`: when this much
        video waits for the client, it is dropped up to the next keyframe."""
        self._unsent_ns = unsent_ns
        self._lock = threading.Lock()
        self._gate = KeyframeGate()
        self._is_watched = False
        self._not_ready = set(kinds)
        self._without_sdp = set(kinds)
        self._next_zero_ns: Nanoseconds | None = Nanoseconds(0)
        self._shift_ns = Nanoseconds(0)
        self._on_ready = on_ready
        self._appsrcs = {kind: _appsrc(stream, kind) for kind in kinds}
        for kind, appsrc in self._appsrcs.items():
            appsrc.connect("need-data", self._on_need_data, kind)

    def _on_need_data(self, _appsrc: GstApp.AppSrc, _length: int, kind: str) -> None:
        """Note that an appsrc accepts data; what is pushed before may be lost."""
        with self._lock:
            is_last = self._not_ready == {kind}
            self._not_ready.discard(kind)
        if is_last:
            self._on_ready()

    def watch(self) -> None:
        """The client plays: it gets the video from the next keyframe on."""
        with self._lock:
            if not self._is_watched:
                self._is_watched = True
                self._gate, self._next_zero_ns = KeyframeGate(), SDP_NS

    def take(self, kind: str, sample: Gst.Sample) -> None:
        """Send one encoded sample; it is dropped if too much is waiting."""
        with self._lock:
            if self._not_ready:
                return
            if any(
                appsrc.get_property("current-level-time") > self._unsent_ns
                for appsrc in self._appsrcs.values()
            ):
                self._gate = KeyframeGate()
                return
            admitted = self._gate.admit(kind, sample)
            if self._next_zero_ns is not None and self._gate.first_ns is not None:
                self._shift_ns = Nanoseconds(self._next_zero_ns - self._gate.first_ns)
                self._next_zero_ns = None
            for kind_admitted, sample_admitted in admitted:
                if self._is_watched or kind_admitted in self._without_sdp:
                    self._without_sdp.discard(kind_admitted)
                    self._appsrcs[kind_admitted].push_sample(restamped(sample_admitted, self._shift_ns))

    def end(self, kind: str) -> None:
        """Note that no more samples of `kind` follow."""
        with self._lock:
            self._appsrcs[kind].end_of_stream()


def _report_often(media: GstRtspServer.RTSPMedia) -> None:
    """Send RTCP reports, which synchronize video and sound, every second instead of every five."""
    for index in range(media.n_streams()):
        stream = media.get_stream(index)
        session = None if stream is None else stream.get_rtpsession()
        if session is not None:
            session.set_property("rtcp-min-interval", NS_PER_S)


def _appsrc(stream: Gst.Element, name: str) -> GstApp.AppSrc:
    appsrc = stream.get_by_name(name) if isinstance(stream, Gst.Bin) else None
    if not isinstance(appsrc, GstApp.AppSrc):
        raise PipelineError(f"the RTSP stream has no appsrc {name!r}")
    return appsrc
