"""Tests of the command: exit status, one clear line per error, true help texts, playable videos."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.cli import COMMANDS, GROUPS, main
from tests import videos

SMALL_MATCH = "match?size=720x240&fps=25"


def foresight(*arguments: str) -> int:
    """The exit status of one command, run in this process."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("run",), 2, "there is none"),
        (("runn",), 2, "No such command"),
        (("run", "--nope"), 2, "(see foresight run --help)"),
        (("direct", "track.csv"), 2, "Missing option '-o' / '--output'. (see foresight direct --help)"),
        (("run", "match", "-o", ""), 2, "an empty value is not allowed"),
        (("run", "match", "--web", "0.0.0.0:8080"), 2, "add a token (FORESIGHT_WEB__TOKEN)"),
        (("run", "match", "--delay", "0"), 2, "above 0"),
        (("run", "match", "--delay", "-1"), 2, "above 0"),
        (("run", "match", "--delay", "nan"), 2, "above 0"),
        (("run", "match", "--delay", "soon"), 2, "--delay"),
        (("run", "match", "--size", "641x360"), 2, "both even"),
        (("run", "match", "--mode", "panoramic"), 2, "did you mean panorama?"),
        (("run", "no such !.mp4", "-o", "video.mp4"), 2, "there is no file no such !.mp4"),
        (("run", "match", "-o", "no/such/video.mp4"), 2, "mkdir -p no/such"),
        (("run", "match", "-o", "video.avi"), 2, "no known extension"),
        (("run", "match", "--mode", "stream"), 2, "--stream URL"),
        (("run", "match", "--stream", "ftp://host/x"), 2, "streams"),
        (("run", "match", "--detector", "onnx"), 2, "--model FILE"),
        (("run", "match", "--rig", "none.toml"), 2, "none.toml"),
        (("run", "match", "--config", "none.toml"), 2, "foresight config init"),
        (("run", "gst:videotestsrc ! nosuch", "-o", "video.mp4"), 1, 'no element "nosuch"'),
        (("run", "gst:audiotestsrc num-buffers=9", "-o", "video.mp4"), 1, "holds no video"),
        (("run", "rtsp://joe:secret@127.0.0.1:9/a b!", "-o", "video.mp4"), 1, "no answer"),
        (("bench", "nosuch"), 2, "there is no benchmark nosuch"),
        (("bench", "view", "--json", "no/such.json"), 2, "mkdir -p no"),
        (("run", "match", "--set", "delay_s"), 2, "a setting needs a value"),
        (("run", "match", "--set", "encoder.bitrate=1"), 2, "did you mean bitrate_kbps?"),
        (("run", "match", "--stream", "http://joe:secret@host/x"), 2, "streams"),
        (("demo", "-o", "/proc/none/demo.mp4"), 2, "/proc/none: the folder cannot be created"),
        (("demo", "-o", "no/demo.avi"), 2, "no known extension"),
        (("demo", "-o", "no/demo.mp4", "--duration", "0"), 2, "above 0"),
        (
            ("bench", "view", "--json", "r.png", "--plot", "r.png"),
            2,
            "--plot: r.png is also written as --json",
        ),
        (("bench", "view", "--plot", "no/r.png"), 2, "mkdir -p no"),
        (("config", "init", "no/match.toml"), 2, "mkdir -p no"),
        (("config", "init", "/proc"), 2, "/proc is a folder"),
        (("config", "check", "none.toml"), 2, "foresight config init"),
    ],
)
def test_an_impossible_command_is_one_clear_line(
    arguments: tuple[str, ...],
    status: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert foresight(*arguments) == status
    lines = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in lines if line.startswith("foresight: ")]) == 1
    assert words in lines[-1]
    assert "secret" not in "".join(lines)
    assert list(tmp_path.iterdir()) == []


def test_run_makes_a_video_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "a video !.mkv"
    options = ["--offline", "--delay", "1", "--size", "320x180", "--duration", "1", "--json"]
    assert foresight("run", SMALL_MATCH, "-o", str(video), *options) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["frames_in"], report["frames_out"], report["outputs"]) == (25, 25, [str(video)])
    assert len(videos.frame_times(video)) == 25


def test_demo_makes_its_folder_and_says_where_the_video_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "new" / "demo.mp4"
    assert foresight("demo", "-o", str(video), "--duration", "1") == 0
    assert f"The video is in {video}" in capsys.readouterr().out
    assert set(videos.streams(video)) == {"video", "audio"}


def test_a_configuration_file_is_enough(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    path = tmp_path / "foresight.toml"
    path.write_text(
        f'sources = ["{SMALL_MATCH}"]\noutputs = ["{video}"]\nsize = "320x180"\nlive = false\n'
        "delay_s = 1\nduration_s = 9\n"
    )
    assert foresight("run", "--config", str(path), "--duration", "1") == 0
    assert len(videos.frame_times(video)) == 25


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_stops_a_run_and_the_file_is_complete(tmp_path: Path, times: int) -> None:
    video = tmp_path / "video.mp4"
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "run",
        SMALL_MATCH,
        "-o",
        str(video),
        "--live",
        "--delay",
        "2",
    ]
    run = subprocess.Popen(
        [*command, "--size", "320x180"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pause = threading.Event()
    for _ in range(600):
        if video.exists() and video.stat().st_size > 10_000:
            break
        pause.wait(0.1)
    run.send_signal(signal.SIGINT)
    assert run.stderr is not None
    said = next(line for line in run.stderr if line.startswith("stopping:"))
    assert "Ctrl-C again" in said
    if times == 2:
        run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == (0 if times == 1 else 130)
    found = re.search(r"(\d+) frames.* (\d+) captured, (\d+) dropped", out)
    assert found is not None
    shown, received, dropped = map(int, found.groups())
    assert len(videos.frame_times(video)) == shown
    if times == 1:
        assert shown + dropped == received
    else:
        assert shown + dropped < received


def test_config_init_check_show_and_schema_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "foresight.toml"
    assert foresight("config", "init", str(path)) == 0
    assert foresight("config", "init", str(path)) == 2
    assert "exists already" in capsys.readouterr().err
    assert foresight("config", "check", str(path)) == 0
    path.write_text(
        'delay_s = 3\nstreams = ["rtmp://server/app/S3CR3T"]\n[detector]\nclass_map = { cat = "ball" }\n'
    )
    capsys.readouterr()
    assert foresight("config", "show", str(path)) == 0
    shown = capsys.readouterr().out
    assert f"delay_s = 3.0  # {path}" in shown
    assert "S3CR3T" not in shown
    monkeypatch.setenv("FORESIGHT_DETECTOR__CLASS_MAP", '{ dog = "ball" }')
    assert foresight("config", "show", str(path)) == 0
    shown = capsys.readouterr().out
    assert 'detector.class_map = {"dog": "ball"}  # FORESIGHT_DETECTOR__CLASS_MAP\n' in shown
    assert foresight("config", "schema") == 0
    assert "delay_s" in json.loads(capsys.readouterr().out)["properties"]
    path.write_text("delay_s = 0\n")
    assert foresight("config", "check", str(path)) == 2
    assert f"{path}:1: delay_s" in capsys.readouterr().err


def test_a_run_does_not_write_over_its_own_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "match.toml"
    path.write_text('sources = ["match"]\n')
    assert foresight("run", "--config", str(path), "--path-out", str(path)) == 2
    assert "is also read (--config)" in capsys.readouterr().err
    assert path.read_text() == 'sources = ["match"]\n'


def test_doctor_reports_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert foresight("doctor") == 0
    printed = capsys.readouterr().out
    assert "h264: " in printed
    assert re.search(r"^installed\n  run         ok\n  development ok$", printed, re.MULTILINE)
    assert "ready" in printed
    assert foresight("doctor", "--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert findings["usable"] is True
    assert findings["installed"]["run"] == {"apt": [], "pip": [], "complete": True}
    assert findings["foresight"] == __version__


def test_bench_lists_the_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert foresight("bench", "--list") == 0
    assert "view" in capsys.readouterr().out.split()


def test_help_and_version_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert foresight() == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in (*COMMANDS, *GROUPS))
    for name in COMMANDS:
        assert foresight(name, "--help") == 0
    assert foresight("--version") == 0
    assert __version__ in capsys.readouterr().out


def test_help_does_not_load_gstreamer() -> None:
    code = (
        "import sys\nfrom pipeline.cli import main\ntry: main(['run', '--help'])\n"
        "except SystemExit: pass\nassert 'gi' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
