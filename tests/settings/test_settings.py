"""Tests of settings: what is allowed, the messages for what is not, and no secret shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.errors import ConfigError
from pipeline.settings import Settings, Size, check


def test_the_defaults_are_the_documented_ones() -> None:
    settings = Settings()
    assert settings.delay_s == 7.0
    assert str(settings.size) == "1920x1080"
    assert settings.mode == "virtualcam"
    assert settings.detector.kind == "motion"
    assert settings.buffer.stall_timeout_s == 5.0


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().delay_s = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"delay_s": 0}, "delay_s: 0 is not allowed, allowed: a number above 0 and at most 3,600"),
        ({"delay_s": -1}, "delay_s: -1 is not allowed"),
        ({"delay_s": True}, "delay_s: True is not allowed"),
        ({"encoder": {"bitrate_kbps": True}}, "encoder.bitrate_kbps: True is not allowed"),
        ({"delay_s": float("nan")}, "delay_s: nan is not allowed"),
        ({"size": "0x0"}, "size: 0x0 is not allowed, allowed: WIDTHxHEIGHT in pixels, both even"),
        ({"size": "1281x720"}, "both even"),
        ({"size": "big"}, "WIDTHxHEIGHT"),
        ({"mode": "virtual"}, "did you mean virtualcam?), allowed: panorama, virtualcam, stream or record"),
        ({"sources": ["foo://x"]}, "sources.0: foo://x is not allowed"),
        ({"sources": ["gst:"]}, "sources.0"),
        ({"streams": ["http://joe:S3cr3t@x"]}, "rtmp://, rtmps://, srt:// or rtsp://"),
        ({"detector": {"kind": "yolo"}}, "motion, onnx, replay, none, or your own as package.module:Name"),
        ({"detector": {"class_map": {"person": "human"}}}, "detector.class_map.person: human is not allowed"),
        ({"director": {"fixed_view": {"hfov_deg": 900}}}, "director.fixed_view.hfov_deg: 900"),
        ({"detectr": {}}, "detectr: is not a setting (did you mean detector?)"),
        ({"encoder": {"zzz": 1}}, "encoder.zzz: is not a setting; the settings here: video_codec"),
    ],
)
def test_an_unusable_setting_is_refused_in_one_line(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.parse(values)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "S3cr3t" not in str(caught.value)


@given(st.text(min_size=1).filter(lambda key: key not in Settings.model_fields), st.booleans())
@example("![v", False)
@example("a(b", True)
@example("two\nlines \x1b[31m", False)
def test_any_key_that_is_no_setting_is_named_in_one_line(key: str, is_nested: bool) -> None:
    with pytest.raises(ConfigError, match="is not a setting") as caught:
        Settings.parse({"web": {f"_{key}": 1}} if is_nested else {key: {"x": 1}})
    assert str(caught.value).isprintable()


def test_several_problems_are_reported_together() -> None:
    with pytest.raises(ConfigError, match=r"mode: .*; delay_s: .*"):
        Settings.parse({"delay_s": 0, "mode": "x"})


def test_no_secret_shows_in_a_repr() -> None:
    settings = Settings.parse(
        {
            "sources": ["rtsp://joe:S3cr3t@cam/1"],
            "streams": ["rtmp://host/app/S3cr3t"],
        }
    )
    assert "S3cr3t" not in repr(settings) + str(settings)
    assert settings.streams[0].get_secret_value() == "rtmp://host/app/S3cr3t"


def test_a_run_is_live_if_a_source_is_unless_set() -> None:
    assert not Settings.parse({"sources": ["a.mp4"]}).is_live
    assert Settings.parse({"sources": ["a.mp4", "rtsp://c/1"]}).is_live
    assert Settings.parse({"sources": ["match"]}).is_live
    assert not Settings.parse({"sources": ["match"], "live": False}).is_live


def test_sizes_are_exact() -> None:
    assert Settings.parse({"size": "640X360"}).size == Size(640, 360)


@pytest.mark.parametrize(
    ("encoder", "bounds"),
    [
        ({}, (500, 8000)),
        ({"bitrate_kbps": 300}, (300, 300)),
        ({"stream_bitrate_kbps": 2000, "stream_floor_kbps": 700}, (700, 2000)),
        ({"follow_uplink": False, "stream_bitrate_kbps": 2000}, (2000, 2000)),
        ({"follow_uplink": False}, None),
    ],
)
def test_the_streams_stay_between_floor_and_ceiling(
    encoder: dict[str, object], bounds: tuple[int, int] | None
) -> None:
    found = Settings.parse({"encoder": encoder}).stream_bounds
    assert bounds == (None if found is None else (found.floor_kbps, found.ceiling_kbps))


CHECKS = [
    ({}, "sources: there is none"),
    ({"sources": ["no-such.mp4"]}, "there is no file no-such.mp4"),
    (
        {"sources": ["match"], "encoder": {"bitrate_kbps": 4000, "stream_bitrate_kbps": 6000}},
        "encoder.stream_bitrate_kbps: is more than bitrate_kbps, 4000",
    ),
    (
        {"sources": ["match"], "encoder": {"stream_bitrate_kbps": 400, "stream_floor_kbps": 500}},
        "encoder.stream_floor_kbps: is more than stream_bitrate_kbps, 400",
    ),
    ({"sources": ["matsch"]}, "did you mean match?"),
    ({"sources": ["/"]}, "/ is a folder without films"),
    ({"outputs": [""]}, "outputs.0: an empty value is not allowed, allowed: the path of a file"),
    ({"rig": " "}, "rig: an empty value is not allowed, allowed: the path of a file"),
    ({"sources": ["file://video.mp4"]}, "sources.0: file://video.mp4 is not allowed"),
    ({"sources": ["/dev/video99"]}, "there is no device /dev/video99"),
    ({"sources": ["file:///no-such.mp4"]}, "there is no file /no-such.mp4"),
    ({"outputs": ["no/such/out.mp4"]}, "there is no folder no/such; make it with: mkdir -p no/such"),
    ({"outputs": ["out.avi"]}, "no known extension; allowed: .mp4, .mkv, .flv, .ts or .m3u8"),
    ({"outputs": ["out.mp4", "./out.mp4"]}, "named twice"),
    ({"sources": ["video.mp4"], "outputs": ["./video.mp4"]}, "outputs: video.mp4 is also read (sources)"),
    (
        {"sources": ["file://{}/video.mp4"], "outputs": ["video.mp4"]},
        "outputs: video.mp4 is also read (sources)",
    ),
    ({"sources": ["video.mp4"], "outputs": ["link.mp4"]}, "outputs: link.mp4 is also read (sources)"),
    (
        {"sources": ["video.mp4"], "export": {"path_out": "video.mp4"}},
        "export.path_out: video.mp4 is also read",
    ),
    ({"rig": "video.mp4", "export": {"path_out": "video.mp4"}}, "also read (rig)"),
    (
        {"detector": {"kind": "replay", "model": "video.mp4"}, "export": {"detections_out": "video.mp4"}},
        "export.detections_out: video.mp4 is also read (detector.model)",
    ),
    ({"export": {"path_out": "a", "detections_out": "./a"}}, "a is also written as export.path_out"),
    ({"outputs": ["a.mp4"], "export": {"path_out": "a.mp4"}}, "export.path_out: a.mp4 is also written as"),
    ({"sources": ["a-00000.mp4"], "outputs": ["a.mp4"], "split_s": 9}, "a-00000.mp4 is also read (sources)"),
    ({"sources": ["a-00007.ts"], "outputs": ["a.m3u8"]}, "outputs: a-00007.ts is also read (sources)"),
    (
        {"sources": ["a-init.mp4"], "outputs": ["a.m3u8"], "hls_segments": "fmp4"},
        "outputs: a-init.mp4 is also read (sources)",
    ),
    ({"rig": "x" * 300}, "cannot be read (File name too long)"),
    ({"export": {"path_out": "x" * 300}}, "cannot be written (File name too long)"),
    ({"rig": "a\0b"}, "rig: a�b cannot be read"),
    ({"rig": "http://joe:S3cr3t@host/rig.toml"}, "an address is not a file"),
    ({"export": {"path_out": "rtmp://host/app/S3cr3t"}}, "an address is not a file"),
    ({"mode": "record"}, "record needs a file"),
    ({"mode": "stream"}, "stream needs an address"),
    ({"rig": "no-such.toml"}, "rig: there is no file"),
    ({"detector": {"kind": "onnx"}}, "detector.model: the detector onnx needs a file"),
    ({"detector": {"kind": "onnx", "model": "no-such.onnx"}}, "detector.model: there is no file"),
    ({"export": {"path_out": "no/such.csv"}}, "export.path_out: there is no folder no"),
    ({"sources": ["video.mp4"], "export": {"truth_out": "t.csv"}}, "only the built-in match"),
    (
        {"sources": ["video.mp4"], "export": {"truth_tracks_out": "t.csv"}},
        "export.truth_tracks_out: only the built",
    ),
    ({"outputs": ["o.flv"], "encoder": {"video_codec": "h265"}}, "o.flv can hold h264 only"),
    ({"streams": ["rtmp://h/a/S3cr3t"], "encoder": {"audio_codec": "opus"}}, "can hold aac only"),
]


@pytest.mark.parametrize(("values", "said"), CHECKS)
def test_paths_that_cannot_be_used_are_refused(
    values: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("video.mp4", "a-00000.mp4", "a-00007.ts", "a-init.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "link.mp4").symlink_to("video.mp4")
    if "sources" in values:
        values = {
            **values,
            "sources": [str(source).replace("{}", str(tmp_path)) for source in values["sources"]],
        }
    values = values if values == {} or "sources" in values else {"sources": ["match"], **values}
    with pytest.raises(ConfigError) as caught:
        check(Settings.parse(values))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "S3cr3t" not in str(caught.value)


def test_dev_null_may_be_named_twice() -> None:
    check(
        Settings.parse(
            {"sources": ["match"], "export": {"path_out": "/dev/null", "detections_out": "/dev/null"}}
        )
    )


def test_correct_settings_pass(tmp_path: Path) -> None:
    check(Settings.parse({"sources": ["match"], "outputs": [str(tmp_path / "out.mkv")]}))
