"""Playlists with names that mean something in a URI, served over HTTP and played from there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError
from pipeline.media.hls import segment_name, segment_uri
from pipeline.media.output_spec import FileSpec
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.runs import settings

NAMES = [
    "U15 #3", "wer?", "50%25", "15:30", "a+b & c=d", 'the "final"', "Fußball Österreich", "-x", "it's; half,time",
    "[cup] (2)", "back\\slash", "http:", "%2e%2e",
]  # fmt: skip


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a plain web server for `tmp_path`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, name="served", daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@fault(
    Area.OUTPUTS,
    "a playlist's name holds `#`, `?`, `%`, a colon or spaces",
    seen="nothing; players find its segments",
)
@pytest.mark.parametrize("kind", ["ts", "fmp4"])
def test_a_player_finds_every_segment_whatever_the_name(kind: str, tmp_path: Path, served: str) -> None:
    playlists = [tmp_path / f"{name}.m3u8" for name in NAMES]
    run = settings(
        tmp_path / "unused.mp4",
        sources=["match?size=320x108&fps=25"],
        outputs=playlists,
        live=False,
        hls_segments=kind,
        duration_s=1.0,
    )
    assert PanoramaWithVirtualCamera(run).run().failures == ()
    for playlist in playlists:
        assert (tmp_path / f"{playlist.stem}-00000.{'ts' if kind == 'ts' else 'm4s'}").exists()
        found = videos.streams(f"{served}{quote(playlist.name)}")
        assert found["video"]["nb_read_packets"] == "25", playlist


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1))
def test_a_segment_is_named_by_a_relative_uri_of_its_own_folder(name: str) -> None:
    uri = segment_uri(name)
    assert segment_name(uri) == name
    assert uri.isascii()
    assert not set(uri) & set(' #?:/"<>\\,')
    if name not in (".", ".."):
        assert urlsplit(urljoin("http://host/folder/match.m3u8", uri)).path == f"/folder/{uri}"


@fault(Area.OUTPUTS, "an output's name holds a line break", seen="one line, status 2")
@pytest.mark.parametrize("name", ["a\nb.m3u8", "a\tb.mp4", "a\rb.ts", "\x1b[31m.mkv", "a\x7f.mp4"])
def test_a_name_with_a_control_character_is_refused(name: str) -> None:
    for parse in (FileSpec.parse, FileSpec.parse_one):
        with pytest.raises(ConfigError, match=r"control character; use another name"):
            parse(Path(name))
