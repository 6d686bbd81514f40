"""TLS before a server of the loopback, with a certificate that only the test trusts."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from gi.repository import Gio

from tests.gst.output.peers import free_port


@contextmanager
def tls_before(port: int, folder: Path) -> Iterator[int]:
    """Decrypts what comes at its port and passes it to `port`, and encrypts the answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    loop, outer = asyncio.new_event_loop(), free_port()
    front = asyncio.start_server(partial(_hand_on, port), "127.0.0.1", outer, ssl=context)
    server = loop.run_until_complete(front)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield outer
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@contextmanager
def trusted(folder: Path) -> Iterator[None]:
    """GLib's TLS, and so GStreamer's, trusts the certificate of `tls_before` alone."""
    backend = Gio.TlsBackend.get_default()
    backend.set_default_database(Gio.TlsFileDatabase.new(str(folder / "certificate.pem")))
    yield
    backend.set_default_database(None)


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key)]
    command = ["openssl", "req", "-x509", *made, *named, "-days", "1", "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


async def _hand_on(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(_carry(reader, server_writer), _carry(server_reader, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # one side has closed the connection
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()
