"""Films in the settings: what each takes from the rest, what is refused, and how a file is written and read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.config_builder import ConfigBuilder, check_file, schema, to_toml
from pipeline.errors import ConfigError
from pipeline.settings import Film, Settings, check
from pipeline.settings.problem import allowed, node_at

VIEW = {"yaw_deg": 0, "pitch_deg": -10, "hfov_deg": 60}


def parsed(*films: dict[str, Any], **values: Any) -> Settings:
    return Settings.parse({"sources": ["match"], "films": list(films)} | values)


def test_the_settings_outside_are_the_first_film_and_what_the_others_leave_out() -> None:
    settings = parsed(
        {"name": "phone", "size": "720x1280", "outputs": ["phone.mp4"]},
        {"name": "clean", "graphics": False, "style": "calm", "outputs": ["clean.mp4"]},
        outputs=["match.mp4"],
        size="1280x720",
        director={"style": "close"},
    )
    main_film, phone, clean = settings.film_specs
    assert (main_film.name, main_film.picture.size_px, main_film.picture.style) == (
        "main",
        (1280, 720),
        "close",
    )
    assert (phone.picture.size_px, phone.picture.style, phone.files[0].graphics) == (
        (720, 1280),
        "close",
        True,
    )
    assert (clean.picture.size_px, clean.picture.style, clean.files[0].graphics) == (
        (1280, 720),
        "calm",
        False,
    )
    assert [file.name for file in settings.file_specs] == ["match.mp4", "phone.mp4", "clean.mp4"]


def test_without_an_output_outside_there_is_no_other_film_and_no_window() -> None:
    settings = parsed({"name": "phone", "outputs": ["phone.mp4"]})
    assert [film.name for film in settings.film_specs] == ["phone"]
    assert not settings.shows_window
    assert [film.name for film in parsed({"name": "phone"}, window=True).film_specs] == ["main", "phone"]


def test_a_stream_of_any_film_makes_the_run_live_and_is_never_shown() -> None:
    settings = parsed({"name": "phone", "outputs": ["rtmp://server/app/KEY"]}, outputs=["match.mp4"])
    assert settings.is_live
    assert [stream.name for stream in settings.stream_specs] == ["rtmp://server/app/***"]
    assert "KEY" not in repr(settings)
    assert "KEY" not in str(settings.model_dump(mode="json"))
    assert Settings.parse(tomllib.loads(to_toml(settings))) == settings


@pytest.mark.parametrize(
    ("films", "said"),
    [
        (
            [{"name": "a", "outputs": ["a.mp4"]}, {"name": "a", "outputs": ["b.mp4"]}],
            "films.1.name: there is another film 'a'; give it another name",
        ),
        (
            [{"name": "main", "outputs": ["a.mp4"]}],
            "films.0.name: there is another film 'main' (that of the settings outside [[films]]); give it "
            "another name",
        ),
        (
            [{"name": "a", "outputs": ["a.mp4"]}, {"name": "b", "outputs": ["./a.mp4"]}],
            "films.1.outputs: a.mp4 is also written as films.0.outputs; name another file",
        ),
        (
            [{"name": "a", "outputs": ["match.mp4"]}],
            "films.0.outputs: match.mp4 is also written as outputs; name another file",
        ),
        (
            [{"name": "a", "follow": "fixed", "outputs": ["a.mp4"]}],
            'films.0.view: is missing, and follow = "fixed" needs it: add view = { yaw_deg = 0, pitch_deg = -10, '
            "hfov_deg = 60 }",
        ),
        (
            [{"name": "a", "view": VIEW, "outputs": ["a.mp4"]}],
            'films.0.view: is for follow = "fixed", not play; remove one of them',
        ),
        (
            [{"name": "a", "outputs": ["missing/a.mp4"]}],
            "films.0.outputs: there is no folder missing; make it with: mkdir -p missing",
        ),
        (
            [{"name": "a", "sound": True, "outputs": ["a.flv"]}],
            "encoder.video_codec: a.flv can hold h264 only, not h265",
        ),
    ],
)
def test_films_that_cannot_be_made_beside_each_other_are_refused(
    films: list[dict[str, Any]], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    codec = {"encoder": {"video_codec": "h265"}} if "codec" in said else {}
    with pytest.raises(ConfigError) as refused:
        check(parsed(*films, outputs=["match.mp4"], **codec))
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("film", "said"),
    [
        (
            {"name": "a", "follow": "ball"},
            "films.0.follow: ball is not allowed, allowed: play, fixed, panorama",
        ),
        ({"name": "a", "follow": "team:both"}, "films.0.follow: team:both is not allowed"),
        ({"name": "a", "size": "641x360"}, "films.0.size: 641x360 is not allowed, allowed: WIDTHxHEIGHT"),
        ({"name": "", "size": "640x360"}, "films.0.name: an empty value is not allowed, allowed: up to 40"),
        ({"size": "640x360"}, "films.0.name: is missing"),
        ({"name": "a", "stile": "calm"}, "films.0.stile: is not a setting (did you mean style?)"),
        ({"name": "a", "outputs": ["a.txt"]}, "films.0.outputs.0: a.txt has no known extension"),
        (
            {"name": "a", "streams": ["rtmp://server/SECRET"]},
            "films.0.streams.0: ",
        ),
    ],
)
def test_a_film_that_is_none_is_refused_in_one_line(film: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(film)
    assert str(refused.value).startswith(said)
    assert "SECRET" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "key"),
    [({"mode": "panorama"}, "mode"), ({"director": {"fixed_view": VIEW}}, "director.fixed_view")],
)
def test_what_is_set_for_a_film_that_is_not_made_is_refused(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{key}: has no output outside \[\[films\]\]"):
        check(parsed({"name": "a", "outputs": ["a.mp4"]}, **values))


def test_a_mistake_is_found_in_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "match.toml"
    path.write_text(
        'sources = ["match"]\noutputs = ["match.mp4"]\n\n[[films]]\nname = "a"\n\n[[films]]\nname = "b"\n'
        'size = "7x7"\n\n[[films]]\nname = "c"\nfollow = "fixed"\n'
    )
    (mistake,) = check_file(path)
    assert mistake.startswith(f"{path}:9: films.1.size: 7x7 is not allowed")
    path.write_text(path.read_text().replace('"7x7"', '"720x1280"'))
    (mistake,) = check_file(path)
    assert mistake.startswith(f"{path}:11: films.2.view: is missing")
    path.write_text(path.read_text().replace('"fixed"', '"play"'))
    assert check_file(path) == []
    with pytest.raises(SystemExit):
        main(["config", "show", str(path)])
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("films = ")]
    assert len(shown) == 1
    assert '"720x1280"' in shown[0]
    assert str(path) in shown[0]


def test_films_come_from_a_variable_too() -> None:
    text = '[{ name = "phone", size = "720x1280", outputs = ["phone.mp4"] }]'
    settings = ConfigBuilder().environment({"FORESIGHT_FILMS": text}).flags(sources=["match"]).build()
    assert settings.film_specs[0].picture.size_px == (720, 1280)


def test_every_key_is_documented_with_what_is_allowed_and_what_it_means() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "films.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|", text, re.MULTILINE)
    assert [row[0] for row in rows] == list(Film.model_fields)
    for key, default, may_be, meaning in rows:
        node = node_at(schema(), ["films", 0, key]) or {}
        assert (may_be, meaning) == (allowed(node), " ".join(node["description"].split())), key
        given = Film.model_fields[key].get_default()
        assert default.strip("` ") == ("" if key == "name" or given in (None, ()) else str(given).lower())
