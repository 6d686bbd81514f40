"""Tests that no key or token of command line, environment or file is ever shown, --debug included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.cli import exit_with, main
from pipeline.errors import ConfigError
from pipeline.settings import Settings

SECRET = "S3cr3t"


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The output of a command, which must end with status 2."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--stream", f"rtmp:/server/app/{SECRET}"], "begins with rtmp://"),
        (["--stream", f"http://server/app/{SECRET}"], "begins with rtmp://"),
        (["-o", f"rtmp:/server/app/{SECRET}"], "begins with rtmp://"),
        (["-o", f"rtmp//server/app/{SECRET}"], "begins with rtmp://"),
        ([f"rtsp:/joe:{SECRET}@camera/1"], "rtsp... without rtsp:// at its beginning"),
        ([f"srt//server?key={SECRET}"], "srt... without srt:// at its beginning"),
        (
            ["--web-token", SECRET],
            "web.token: this value (not shown) is not allowed, allowed: eight characters",
        ),
        (["--set", f"rig.file=rtsp:/joe:{SECRET}@camera/1"], "rig: a table is not allowed"),
        (["--set", f"web.token:{SECRET}"], "--set: a setting needs a value"),
        (["--set", f"web={SECRET}"], "allowed: a table with address, token"),
    ],
)
def test_no_message_quotes_a_secret(
    arguments: list[str], says: str, debug: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = output_of(capsys, "run", "match", *arguments, *debug)
    assert says in said
    assert SECRET not in said
    assert ("Traceback" in said) is bool(debug)


@pytest.mark.parametrize("debug", [[], ["--debug"]])
@pytest.mark.parametrize(
    "text",
    [f'streams = "rtmp://server/app/{SECRET}"', "[web]\ntoken = 53277", f'[web]\ntoken = ["{SECRET}"]'],
)
def test_no_message_quotes_a_secret_of_a_file(
    text: str, debug: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "match.toml"
    file.write_text(text)
    for arguments in (["run", "--config", str(file)], ["config", "check", str(file)]):
        said = output_of(capsys, *arguments, *debug)
        assert "allowed: " in said
        assert SECRET not in said
        assert "53277" not in said


def test_a_traceback_quotes_no_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.parse({"streams": f"rtmp://server/app/{SECRET}"})
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    for wrong in ({"streams": f"rtmp://server/app/{SECRET}"}, {"web": {"token": [SECRET]}}):
        with pytest.raises(ValidationError) as raised:
            Settings.model_validate(wrong)
        assert SECRET not in str(raised.value)


def test_the_process_list_shows_neither_token_nor_key() -> None:
    code = (
        "from pathlib import Path; from pipeline.cli.process_list import hide_secrets; hide_secrets(); "
        "print(Path('/proc/self/cmdline').read_text())"
    )
    arguments = ["--web-token", SECRET, f"--web-token=a,{SECRET}", "--set", f"web.token=a,{SECRET}"]
    shown = subprocess.run(
        [sys.executable, "-c", code, *arguments, f"rtmp://server/app/{SECRET}", "--delay", "3"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert SECRET not in shown
    assert "--delay\0003" in shown
    assert "rtmp://server/app/***" in shown


def test_an_internal_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise KeyError(f"rtmp://server/app/{SECRET}")

    for debug in (False, True):
        with pytest.raises(SystemExit) as ended:
            exit_with(fails, debug=debug)
        said = capsys.readouterr().err
        assert ended.value.code == 1
        assert SECRET not in said
        assert ("Traceback" in said) is debug
        assert len(said.splitlines()) == 1 or debug
        assert said.splitlines()[-1].startswith("foresight: a fault in Foresight (KeyError: ")
