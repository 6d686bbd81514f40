"""Tests that the documented settings, flags and files are the real ones: docs, example, help texts."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pipeline.cli import main, run
from pipeline.config_builder import check_file, commented_toml, schema
from pipeline.settings import Settings
from pipeline.settings.problem import allowed, node_at

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def dotted_settings() -> set[str]:
    """Every setting by its dotted key."""
    names = set()
    for name in Settings.model_fields:
        group = getattr(Settings(), name)
        names |= (
            {f"{name}.{key}" for key in type(group).model_fields} if isinstance(group, BaseModel) else {name}
        )
    return names


def played(arguments: list[str]) -> Settings:
    """The settings with which `foresight arguments` would run."""
    caught: list[Settings] = []
    with pytest.raises(SystemExit) as ended:
        main(arguments, lambda settings, *, as_json: caught.append(settings))
    assert ended.value.code == 0
    return caught[0]


def value_at(settings: Settings, key: str) -> Any:
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(
    ("flags", "key", "value"),
    [
        ("-o a.mp4 --output b.mkv", "outputs", (Path("a.mp4"), Path("b.mkv"))),
        ("--mode panorama", "mode", "panorama"),
        ("--rig rig.toml", "rig", Path("rig.toml")),
        ("--delay 3.5", "delay_s", 3.5),
        ("--size 640x360", "size", "640x360"),
        ("--detector none", "detector.kind", "none"),
        ("--model ball.onnx", "detector.model", Path("ball.onnx")),
        ("--live", "live", True),
        ("--offline", "live", False),
        ("--duration 30", "duration_s", 30.0),
        ("--style close", "director.style", "close"),
        ("--lookahead 2", "director.lookahead_s", 2.0),
        ("--storage source", "storage", "source"),
        ("--codec h265", "encoder.video_codec", "h265"),
        ("--audio-codec opus", "encoder.audio_codec", "opus"),
        ("--bitrate 4000", "encoder.bitrate_kbps", 4000),
        ("--overlay", "overlay", True),
        ("--window", "window", True),
        ("--scoreboard", "graphics.scoreboard", True),
        ("--tags-out t.jsonl", "export.tags_out", Path("t.jsonl")),
        ("--path-out p.csv", "export.path_out", Path("p.csv")),
        ("--detections-out d.jsonl", "export.detections_out", Path("d.jsonl")),
        ("--truth-out t.csv", "export.truth_out", Path("t.csv")),
        ("--tracks-out t.csv", "export.tracks_out", Path("t.csv")),
        ("--truth-tracks-out t.csv", "export.truth_tracks_out", Path("t.csv")),
        ("--set buffer.stall_timeout_s=9", "buffer.stall_timeout_s", 9.0),
        ("--set encoder.video_encoder=x264enc", "encoder.video_encoder", "x264enc"),
        ("--set outputs=['a.ts','b.ts']", "outputs", (Path("a.ts"), Path("b.ts"))),
    ],
)
def test_each_flag_is_its_setting(flags: str, key: str, value: object) -> None:
    words = flags.split()
    settings = played(["run", "match", *words])
    found = value_at(settings, key)
    assert (str(found) if key == "size" else found) == value
    # nothing else has changed
    untouched = dotted_settings() - {key, "sources"}
    assert [name for name in untouched if value_at(settings, name) != value_at(Settings(), name)] == []


def test_flags_win_over_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "foresight.toml"
    path.write_text(
        'sources = ["file.mp4"]\ndelay_s = 1\nmode = "panorama"\nsize = "640x360"\n', encoding="utf-8"
    )
    monkeypatch.setenv("FORESIGHT_DELAY_S", "2")
    monkeypatch.setenv("FORESIGHT_MODE", "record")
    monkeypatch.setenv("FORESIGHT_STREAMS", "srt://server:9000")
    settings = played(["run", "--config", str(path), "--delay", "3"])
    assert (settings.delay_s, settings.mode, str(settings.size)) == (3.0, "record", "640x360")
    assert settings.sources == ("file.mp4",)
    assert settings.streams[0].get_secret_value() == "srt://server:9000"


def test_the_examples_in_the_help_text_parse() -> None:
    examples = re.findall(r"^ *foresight (.*)$", run.run.__doc__ or "", re.MULTILINE)
    assert len(examples) >= 4
    for example in examples:
        if "--supervise" not in example:  # that starts another process
            assert played(shlex.split(example)).sources


def test_the_commands_in_the_documents_parse() -> None:
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    commands = [line for line in text.splitlines() if line.startswith("foresight run ")]
    assert len(commands) >= 5
    for command in commands:
        arguments = [word for word in shlex.split(command, comments=True)[1:] if word != "match.toml"]
        assert played([word for word in arguments if word != "--config"])


def test_every_setting_is_documented_with_its_default() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `([a-z0-9_.]+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert set(documented) == dotted_settings()
    for key, default in documented.items():
        value = value_at(Settings(), key)
        assert default.strip("` ") == ("" if value in (None, (), {}) else str(value).lower())


def test_every_setting_is_documented_with_what_is_allowed_and_what_it_means() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|", text, re.MULTILINE)
    for key, may_be, meaning in rows:
        node = node_at(schema(), key.split(".")) or {}
        assert (may_be, meaning) == (allowed(node), " ".join(node["description"].split())), key


def test_the_example_file_is_valid() -> None:
    assert check_file(ROOT / "examples" / "foresight.toml") == []


def test_the_schema_knows_every_key_of_the_file_that_init_writes() -> None:
    described = schema()
    uncommented = [
        line.removeprefix("# ") if re.match(r"# [a-z_0-9]+ = \S", line) else line
        for line in commented_toml().splitlines()
    ]
    values = tomllib.loads("\n".join(line for line in uncommented if not line.startswith("#")))
    json.dumps(described)
    assert set(values) <= set(described["properties"])
    assert described["additionalProperties"] is False
    assert Settings.parse(values) == Settings()
