"""ConfigBuilder: precedence, origins, files that are written and checked, the JSON Schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import ConfigBuilder
from pipeline.config_builder import check_file, commented_toml, schema, to_toml
from pipeline.errors import ConfigError
from pipeline.settings import Settings


def written(folder: Path, text: str) -> Path:
    """A configuration file with that text."""
    path = folder / "foresight.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_file_then_environment_then_flags(tmp_path: Path) -> None:
    path = written(tmp_path, 'delay_s = 5\nsize = "640x360"\n[detector]\nkind = "none"\nrate_hz = 5\n')
    builder = (
        ConfigBuilder()
        .file(path)
        .environment({"FORESIGHT_SIZE": "1280x720", "FORESIGHT_DETECTOR__KIND": "motion", "HOME": "/nowhere"})
        .flags(delay_s=3.0, sources=["match"], mode=None)
    )
    settings = builder.build()
    assert (settings.delay_s, str(settings.size), settings.detector.kind) == (3.0, "1280x720", "motion")
    assert settings.detector.rate_hz == 5
    assert settings.mode == "virtualcam"
    origins = builder.origins()
    assert origins["delay_s"] == "the command line"
    assert origins["size"] == "FORESIGHT_SIZE"
    assert origins["detector.rate_hz"] == str(path)


def test_lists_and_truth_values_from_the_environment() -> None:
    variables = {"FORESIGHT_SOURCES": '["left.mp4", "right.mp4"]', "FORESIGHT_LIVE": "true"}
    settings = ConfigBuilder().environment(variables).build()
    assert settings.sources == ("left.mp4", "right.mp4")
    assert settings.live is True


def test_an_unusable_value_names_its_key_where_it_is_from_and_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"delay_s.*allowed: a number above 0.*\(from FORESIGHT_DELAY_S\)"):
        ConfigBuilder().environment({"FORESIGHT_DELAY_S": "soon"}).build()
    with pytest.raises(ConfigError, match="not a TOML value"):
        ConfigBuilder().environment({"FORESIGHT_SOURCES": "[left"}).build()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\ndelay_s = 0\n", 2, "delay_s: 0 is not allowed, allowed: a number above 0"),
        ('[detector]\nkind = "none"\n\n[encoder]\nbitrate_kbps = "much"\n', 5, "encoder.bitrate_kbps"),
        ("delay = 3\n", 1, "did you mean delay_s?"),
        ('mode = "panoramic"\n', 1, "did you mean panorama?"),
        ('sources = ["match"]\noutputs = ["film.avi"]\n', 2, "no known extension"),
    ],
)
def test_a_check_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    (problem,) = check_file(path)
    assert problem.startswith(f"{path}:{line}: ")
    assert words in problem


def test_several_problems_are_told_at_once(tmp_path: Path) -> None:
    assert len(check_file(written(tmp_path, 'delay_s = -1\nsize = "1x1"\n'))) == 2


def test_a_file_that_is_no_toml_is_told_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not TOML.*line 2"):
        check_file(written(tmp_path, "delay_s = 3\nsize = ==\n"))
    with pytest.raises(ConfigError, match="foresight config init"):
        check_file(tmp_path / "none.toml")


def test_the_file_that_init_writes_is_good_and_names_every_setting(tmp_path: Path) -> None:
    text = commented_toml()
    assert check_file(written(tmp_path, text)) == []
    uncommented = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line and "," not in line else line
        for line in text.splitlines()
    )
    for name in Settings.model_fields:
        assert name in text
    assert "delay_s = 7.0" in uncommented


def test_the_schema_describes_every_setting() -> None:
    described = schema()
    json.dumps(described)
    assert set(described["properties"]) == set(Settings.model_fields)
    assert all("description" in described["properties"][name] for name in ("delay_s", "sources", "mode"))


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
).filter(str.strip)


@given(
    delay=st.floats(0.001, 3600),
    sources=st.lists(texts.filter(lambda text: ":" not in text), max_size=3),
    key=st.text("abcdefghij", min_size=1, max_size=10),
    classes=st.dictionaries(texts, st.sampled_from(["ball", "player"]), max_size=3),
    live=st.sampled_from([None, True, False]),
)
def test_settings_survive_the_way_through_toml(
    delay: float, sources: list[str], key: str, classes: dict[str, Any], live: bool | None
) -> None:
    settings = Settings.parse(
        {
            "delay_s": delay,
            "sources": sources,
            "streams": [f"rtmp://server/app/{key}"],
            "detector": {"class_map": classes},
            "live": live,
        }
    )
    again = Settings.parse(tomllib.loads(to_toml(settings)))
    assert again == settings
