"""A stream key is never shown: not in the process list, not in the log, not in the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.gst.capture.open_source import open_source
from pipeline.media.source_spec import SourceSpec
from tests.gst.output.peers import free_port, wait_until


def test_a_key_on_the_command_line_is_not_in_process_list_log_or_report(short_video: Path) -> None:
    url = f"rtmp://127.0.0.1:{free_port()}/live/secretkey"
    srt = f"srt://127.0.0.1:{free_port()}?passphrase=hunter2hunter2"
    options = ["--delay", "1", "--size", "320x108", "--detector", "none", "--json"]
    run = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", short_video, "--stream", url, "--stream", srt, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    arguments = Path(f"/proc/{run.pid}/cmdline")
    wait_until(lambda: b"***" in arguments.read_bytes(), "the command to hide its arguments")
    shown = arguments.read_bytes()
    said, logged = run.communicate(timeout=60)
    assert run.returncode == 1  # neither server is there
    assert "nothing was delivered" in logged
    assert "gap" in said
    assert "reconnecting" in logged
    for secret in ("secretkey", "hunter2"):
        assert secret not in said + logged
        assert secret.encode() not in shown


def test_a_fragments_secrets_are_in_neither_its_name_nor_its_errors() -> None:
    fragment = "gst:rtspsrc location=rtsp://joe:hunter2@cam/1 user-pw=hunter2"
    source = open_source(
        SourceSpec.parse(f"{fragment} ! rtph264depay"), decode=True, live=True, duration_s=None
    )
    assert source.name == "gst:rtspsrc location=rtsp://***@cam/1 user-pw=*** ! rtph264depay"
    closed = "gst:filesrc location=/videos/x?token=hunter2 ! fakesink"
    for text, words in ((f"{fragment} ! nosuch", "nosuch"), (closed, "no open end")):
        with pytest.raises(SourceError, match=words) as caught:
            open_source(SourceSpec.parse(text), decode=True, live=True, duration_s=None)
        assert "hunter2" not in str(caught.value)
