"""The metrics that Prometheus reads of a run and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from pipeline.web.metrics import CAMERA_METRICS, FURTHER_METRICS, METRICS, OUTPUT_METRICS, RunMetrics
from tests.gst.output.peers import RtmpServer, wait_until
from tests.web.live import Live


def output(number: int, kind: str, state: str) -> dict[str, Any]:
    is_push = kind == "stream" and state == "on"
    uplink = {"bitrate_kbps": 2000, "arrives_kbps": 1500.5, "backlog_s": 0.4}
    rest = uplink if is_push else dict.fromkeys(uplink)
    return {"number": number, "kind": kind, "state": state, "gaps": 2, "lost_s": 1.5} | rest


def camera(name: str, status: str) -> dict[str, Any]:
    return {
        "camera": name,
        "status": status,
        "off_deg": 1.5,
        "worst_deg": 0.4,
        "bumps": 2,
        "clock_offset_ms": -30.0,
        "clock_drift_ppm": 5000.0,
        "gain_bgr": (1.1, 1.2, 1.3),
        "seam_error_px": None if name == "b" else 0.7,
    }


def samples(text: str) -> dict[tuple[str, ...], float]:
    """The value of each series, by its name and the labels that it has of number, kind and camera."""
    return {
        (
            one.name,
            *(one.labels[label] for label in ("number", "kind", "camera") if label in one.labels),
        ): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def scraped(state: Mapping[str, Any]) -> dict[tuple[str, ...], float]:
    """The result of a scrape of a run in this state."""
    return samples(RunMetrics(lambda: state).exposition().decode())


def test_each_output_is_up_or_down_unless_it_was_stopped() -> None:
    kinds = ("stream", "on"), ("stream", "away"), ("stream", "off"), ("file", "failed"), ("file", "off")
    outputs = [output(number, *kind) for number, kind in enumerate(kinds)]
    series = scraped({"state": "playing", "transport": "paused", "outputs": outputs})
    assert series == {
        ("foresight_paused",): 1,
        ("foresight_output_up", "0", "stream"): 1,
        ("foresight_output_up", "1", "stream"): 0,
        ("foresight_output_up", "3", "file"): 0,
        ("foresight_push_gaps_total", "0", "stream"): 2,
        ("foresight_push_gaps_total", "1", "stream"): 2,
        ("foresight_push_lost_seconds_total", "0", "stream"): 1.5,
        ("foresight_push_lost_seconds_total", "1", "stream"): 1.5,
        ("foresight_push_bitrate_kbps", "0", "stream"): 2000,
        ("foresight_push_arrives_kbps", "0", "stream"): 1500.5,
        ("foresight_push_backlog_seconds", "0", "stream"): 0.4,
    }


FURTHER = {
    "health": {"level": "warning"},
    "dropping_fps": 0.5,
    "offline": ("left", "right"),
    "disks": ({"hours_left": 2.5}, {"hours_left": None}),
    "sound": {"peak_dbfs": [-3.0, -9.0], "rms_dbfs": [-20.0, -30.0], "silent_s": 0.0, "clips": True},
}


def test_health_disk_and_sound_are_told() -> None:
    assert scraped(FURTHER) == {
        ("foresight_health",): 1,
        ("foresight_frames_dropping_fps",): 0.5,
        ("foresight_cameras_offline",): 2,
        ("foresight_disk_left_hours",): 2.5,
        ("foresight_sound_peak_dbfs",): -3,
        ("foresight_sound_rms_dbfs",): -20,
        ("foresight_sound_silent_seconds",): 0,
        ("foresight_sound_clips",): 1,
    }


def test_without_sound_and_files_nothing_is_told_of_them() -> None:
    assert scraped({"sound": None, "disks": ()}) == {}
    assert scraped({"disks": ({"hours_left": None},)}) == {}


def test_every_metric_has_its_type_and_help() -> None:
    state = (
        {key: 0 for _, key, _ in METRICS}
        | {
            "notes": [],
            "standing": (),
            "outputs": [output(0, "stream", "on")],
            "cameras": [camera("left", "ok")],
        }
        | FURTHER
    )
    text = RunMetrics(lambda: state).exposition().decode()
    for name, *_, meaning in (*METRICS, *FURTHER_METRICS, *OUTPUT_METRICS, *CAMERA_METRICS):
        kind = "counter" if name.endswith("_total") else "gauge"
        assert f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name}" in text


def test_each_camera_is_seen_or_not() -> None:
    states = {
        "a": "ok",
        "b": "sways",
        "c": "covered",
        "d": "dark",
        "e": "elsewhere",
        "f": "frozen",
        "g": "gone",
    }
    series = scraped({"cameras": [camera(*each) for each in states.items()]})
    assert {name: series["foresight_camera_seen", name] for name in states} == dict.fromkeys(
        "ab", 1
    ) | dict.fromkeys("cdefg", 0)
    assert series["foresight_camera_bumps_total", "a"] == 2
    assert series["foresight_camera_off_degrees", "g"] == 1.5
    assert series["foresight_camera_clock_drift_ppm", "a"] == 5000
    assert series["foresight_camera_gain_ratio", "a"] == pytest.approx(1.2)
    assert series["foresight_camera_seam_error_pixels", "a"] == 0.7
    assert ("foresight_camera_seam_error_pixels", "b") not in series


def test_two_runs_in_one_process_have_separate_metrics() -> None:
    first, second = {"frames_out": 3}, {"frames_out": 5, "outputs": [output(0, "file", "on")]}
    assert scraped(first) == {("foresight_frames_out_total",): 3}
    metrics = RunMetrics(lambda: second)
    assert samples(metrics.exposition().decode())["foresight_output_up", "0", "file"] == 1
    second["outputs"] = [output(0, "file", "off")]  # stopped: no series is left
    assert samples(metrics.exposition().decode()) == {("foresight_frames_out_total",): 5}
    assert not [family for family in REGISTRY.collect() if family.name.startswith("foresight")]


def test_a_servers_outages_and_missed_seconds_are_metrics(tmp_path: Path) -> None:
    with RtmpServer(tmp_path) as server:
        live = Live(streams=[server.url])

        def metric(name: str) -> float | None:
            with urlopen(f"{live.address}metrics") as answer:
                labels = ("0", "stream") if "push" in name or "output" in name else ()
                return samples(answer.read().decode()).get((name, *labels))

        try:
            server.wait_received(20_000)
            wait_until(lambda: metric("foresight_output_up") == 1, "the stream")
            assert metric("foresight_push_gaps_total") == 0
            assert metric("foresight_paused") == 0
            server.stop()
            wait_until(lambda: metric("foresight_output_up") == 0, "its end")
            assert metric("foresight_push_gaps_total") == 1
            server.start()
            wait_until(lambda: metric("foresight_output_up") == 1, "the stream again")
            assert metric("foresight_push_gaps_total") == 1
            assert (metric("foresight_push_lost_seconds_total") or 0) > 0
            live.dashboard.control.pause()
            wait_until(lambda: metric("foresight_paused") == 1, "the pause")
        finally:
            live.end()
