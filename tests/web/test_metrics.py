"""What Prometheus is told of a run and of its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pipeline.web.metrics import exposition
from tests.gst.output.peers import RtmpServer, wait_until
from tests.web.live import Live


def output(number: int, kind: str, state: str) -> dict[str, Any]:
    return {"number": number, "kind": kind, "state": state, "gaps": 2, "lost_s": 1.5}


def samples(text: str) -> dict[str, float]:
    """The value of each series, by its name with its labels."""
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_each_output_that_was_not_stopped_is_up_or_not() -> None:
    kinds = ("stream", "on"), ("stream", "away"), ("stream", "off"), ("file", "failed"), ("file", "off")
    outputs = [output(number, *kind) for number, kind in enumerate(kinds)]
    told = samples(exposition({"state": "playing", "transport": "paused", "outputs": outputs}))
    assert told == {
        "foresight_paused": 1,
        'foresight_output_up{number="0",kind="stream"}': 1,
        'foresight_output_up{number="1",kind="stream"}': 0,
        'foresight_output_up{number="3",kind="file"}': 0,
        'foresight_push_gaps_total{number="0",kind="stream"}': 2,
        'foresight_push_gaps_total{number="1",kind="stream"}': 2,
        'foresight_push_lost_seconds_total{number="0",kind="stream"}': 1.5,
        'foresight_push_lost_seconds_total{number="1",kind="stream"}': 1.5,
    }


def test_a_server_that_goes_and_comes_back_is_told_with_what_it_missed(tmp_path: Path) -> None:
    with RtmpServer(tmp_path) as server:
        live = Live(streams=[server.url])

        def told(name: str) -> float | None:
            with urlopen(f"{live.address}metrics") as answer:
                labels = '{number="0",kind="stream"}' if "push" in name or "output" in name else ""
                return samples(answer.read().decode()).get(f"{name}{labels}")

        try:
            server.wait_received(20_000)
            wait_until(lambda: told("foresight_output_up") == 1, "the stream")
            assert told("foresight_push_gaps_total") == 0
            assert told("foresight_paused") == 0
            server.stop()
            wait_until(lambda: told("foresight_output_up") == 0, "its end")
            assert told("foresight_push_gaps_total") == 1
            server.start()
            wait_until(lambda: told("foresight_output_up") == 1, "the stream again")
            assert told("foresight_push_gaps_total") == 1
            assert (told("foresight_push_lost_seconds_total") or 0) > 0
            live.dashboard.control.pause()
            wait_until(lambda: told("foresight_paused") == 1, "the pause")
        finally:
            live.end()
