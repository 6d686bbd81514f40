"""Tests of ConfigBuilder: precedence, origins, files written and checked, JSON Schema."""

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
from pipeline.settings import FixedView, Settings
from pipeline.settings.problem import node_at

TYPES = {"string": str, "number": float, "integer": int, "boolean": bool, "array": list, "object": dict}
"""The Python types of JSON Schema's types."""


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


def test_the_environment_can_give_lists_and_booleans() -> None:
    variables = {"FORESIGHT_SOURCES": '["left.mp4", "right.mp4"]', "FORESIGHT_LIVE": "true"}
    settings = ConfigBuilder().environment(variables).build()
    assert settings.sources == ("left.mp4", "right.mp4")
    assert settings.live is True


FILE = """
[detector]
rate_hz = 5
class_map = { person = "player", 32 = "ball" }
[director]
fixed_view = { yaw_deg = 9, hfov_deg = 40 }
"""


def test_a_table_replaces_the_previous_one(tmp_path: Path) -> None:
    variables = {
        "FORESIGHT_DETECTOR__CLASS_MAP": '{ dog = "ball" }',
        "FORESIGHT_DIRECTOR__FIXED_VIEW": "{ pitch_deg = -5 }",
    }
    builder = ConfigBuilder().file(written(tmp_path, FILE)).environment(variables)
    settings = builder.build()
    assert settings.detector.class_map == {"dog": "ball"}
    assert settings.director.fixed_view == FixedView(pitch_deg=-5)
    assert settings.detector.rate_hz == 5  # a group consists of its settings
    assert builder.origin_of("detector.class_map") == "FORESIGHT_DETECTOR__CLASS_MAP"
    builder.flags(detector={"class_map": {"cat": "player"}, "kind": "none"})
    assert builder.build().detector.class_map == {"cat": "player"}
    assert builder.build().detector.rate_hz == 5
    assert builder.origin_of("detector.class_map") == "the command line"


def test_a_single_entry_changes_only_that_entry(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    variables = {
        "FORESIGHT_DETECTOR__CLASS_MAP__PERSON": "ball",
        "FORESIGHT_DIRECTOR__FIXED_VIEW__YAW_DEG": "2",
        "FORESIGHT_DIRECTOR__FIXED_VIEW__PITCH_DEG": "3",
    }
    builder = ConfigBuilder().file(path).environment(variables)
    settings = builder.build()
    assert settings.detector.class_map == {"person": "ball", "32": "ball"}
    assert settings.director.fixed_view == FixedView(yaw_deg=2, pitch_deg=3, hfov_deg=40)
    assert builder.origin_of("detector.class_map") == f"{path}, FORESIGHT_DETECTOR__CLASS_MAP__PERSON"
    with pytest.raises(ConfigError, match="from FORESIGHT_DETECTOR__CLASS_MAP__PERSON"):
        builder.environment({"FORESIGHT_DETECTOR__CLASS_MAP__PERSON": "horse"}).build()


def test_an_address_among_the_outputs_has_the_origin_of_the_outputs() -> None:
    builder = ConfigBuilder().environment({"FORESIGHT_OUTPUTS": "rtmp:/server/app/key"})
    assert builder.origin_of("streams") == "FORESIGHT_OUTPUTS"
    with pytest.raises(ConfigError, match=r"streams\.0: .* \(from FORESIGHT_OUTPUTS\)"):
        builder.build()


def test_an_empty_text_unsets_an_optional_setting(tmp_path: Path) -> None:
    builder = ConfigBuilder().file(written(tmp_path, FILE + '[web]\naddress = "127.0.0.1:0"\n'))
    settings = (
        builder.environment({"FORESIGHT_WEB__ADDRESS": ""}).assignments(["director.fixed_view="]).build()
    )
    assert settings.director.fixed_view is None
    assert settings.web.address is None
    for must in ("mode=", "web.token=", "streams="):  # a lost key does not mean that it is unwanted
        with pytest.raises(ConfigError, match="is not allowed"):
            ConfigBuilder().assignments([must]).build()


def test_text_is_parsed_as_toml_only_for_lists_and_tables() -> None:
    variables = {
        "FORESIGHT_WEB__TOKEN": "[{true}]",
        "FORESIGHT_RIG": "[left] rig.toml",
        "FORESIGHT_DETECTOR__MODEL": "true",
        "FORESIGHT_LIVE": "true",
        "FORESIGHT_OUTPUTS": "true.mp4",
    }
    settings = ConfigBuilder().environment(variables).build()
    assert settings.web.token is not None
    assert settings.web.token.get_secret_value() == "[{true}]"
    assert (settings.rig, settings.detector.model) == (Path("[left] rig.toml"), Path("true"))
    assert settings.live is True
    assert settings.outputs == (Path("true.mp4"),)


def test_an_unusable_value_names_its_key_its_origin_and_what_is_allowed() -> None:
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
        ('sources = ["match"]\noutputs = ["video.avi"]\n', 2, "no known extension"),
        ('sources = [\n  "match"\n]\n\noutputs = [\n  "video.avi"\n]\n', 5, "no known extension"),
        ('\n[ detector ]  # who looks\n  "kind"="x y"\n', 3, "detector.kind"),
        ('\n["detector"]\n# kind = "x y"\nkind = "x y"\n', 4, "detector.kind"),
        ('\ndetector.kind = "x y"\n', 2, "detector.kind"),
        ('\ndetector = { kind = "x y" }\n', 2, "detector.kind"),
        ('\n[ detectr ]\nkind = "motion"\n', 2, "did you mean detector?"),
        ("[director]\n[director.fixed_view]\n\nhfov_deg = 900\n", 4, "director.fixed_view.hfov_deg"),
        ("[director]\n\nfixed_view = { hfov_deg = 900 }\n", 3, "director.fixed_view.hfov_deg"),
        ('[detector]\nmodel = "m"\n[web]\nmodel = "x"\n', 4, "web.model"),
    ],
)
def test_a_check_names_line_key_and_what_is_allowed(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    (problem,) = check_file(path)
    assert problem.startswith(f"{path}:{line}: ")
    assert words in problem


def test_several_problems_are_reported_at_once(tmp_path: Path) -> None:
    assert len(check_file(written(tmp_path, 'delay_s = -1\nsize = "1x1"\n'))) == 2


def test_invalid_toml_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not TOML.*line 2"):
        check_file(written(tmp_path, "delay_s = 3\nsize = ==\n"))
    with pytest.raises(ConfigError, match="foresight config init"):
        check_file(tmp_path / "none.toml")


def test_the_file_that_init_writes_is_valid_and_names_every_setting(tmp_path: Path) -> None:
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


def test_the_schema_allows_its_defaults() -> None:
    described = schema()
    defaults = {name: node["default"] for name, node in described["properties"].items() if "default" in node}
    assert defaults["size"] == "1920x1080"
    assert Settings.parse(defaults) == Settings()
    for name, default in defaults.items():
        kind = (node_at(described, [name]) or {})["type"]
        assert default is None or isinstance(default, TYPES[kind]), name


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
def test_settings_survive_a_round_trip_through_toml(
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
