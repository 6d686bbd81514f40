"""Tests of shell completion, called as the shells' scripts call it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = "import sys; sys.modules['gi'] = None; from pipeline.cli import main; main([])"


def offered(asked: dict[str, str]) -> str:
    """What the command prints when a shell asks; checks that it does not load GStreamer."""
    environment = {**os.environ, **asked}
    return subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    ).stdout


def bash_completions(words: str) -> list[str]:
    """The completions that bash gets for the last of `words`, which may be empty."""
    count = len(words.split(" ")) - 1
    asked = {"_FORESIGHT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    return offered(asked).split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("foresight r", {"run"}),
        ("foresight config c", {"check"}),
        ("foresight run --mode ", {"panorama", "virtualcam", "stream", "record"}),
        ("foresight run match --mode p", {"panorama"}),
        ("foresight run --detector ", {"motion", "onnx", "replay", "none"}),
        ("foresight run --style c", {"calm", "close"}),
        ("foresight direct track.csv --style b", {"broadcast"}),
        ("foresight run --storage ", {"raw", "encoded", "source"}),
        ("foresight run --codec ", {"h264", "h265"}),
        ("foresight run --audio-codec ", {"aac", "opus"}),
        ("foresight bench vi", {"view", "viewers"}),
        ("foresight run --set encoder.video_", {"encoder.video_codec=", "encoder.video_encoder="}),
        ("foresight run --set del", {"delay_s="}),
        ("foresight run --set nothing", set()),
        ("foresight run mat", set()),  # the shell itself completes files
    ],
)
def test_bash_completes_what_fits(words: str, expected: set[str]) -> None:
    assert set(bash_completions(words)) == expected


def test_bash_completes_flags() -> None:
    assert "--delay" in bash_completions("foresight run --del")


def test_zsh_and_fish_complete_a_settings_values() -> None:
    words = "foresight run match --set encoder.video_codec=h"
    zsh = offered({"_FORESIGHT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words})
    fish = offered(
        {
            "_FORESIGHT_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": words,
        }
    )
    for completions in (zsh, fish):
        assert "encoder.video_codec=h264" in completions
        assert "encoder.video_codec=h265" in completions
