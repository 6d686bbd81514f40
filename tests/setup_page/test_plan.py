"""MatchPlan: what a person chooses becomes the settings of a run, and nothing that cannot be a match does."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config_builder import ConfigBuilder, to_toml
from pipeline.errors import ConfigError
from pipeline.settings.model import Settings
from pipeline.setup_page.plan import MOST_TITLE, MatchPlan

DAY = date(2026, 11, 28)
KEY = "abcd-1234-SECRET"
TEAMS = {"home": "Rovers", "away": "United", "home_colour": "#112233", "away_colour": "#ffffff"}


def plan() -> MatchPlan:
    return MatchPlan(Settings())


def test_a_plan_becomes_settings_that_a_file_can_hold(tmp_path: Path) -> None:
    chosen = (
        plan()
        .with_sources(["match"])
        .with_teams(TEAMS, scoreboard=True)
        .with_destination("", "game.mkv")
        .with_stream("youtube", KEY)
    )
    kept = chosen.for_home(tmp_path)
    assert kept.sources == ("match",)
    assert kept.outputs == (tmp_path / "game.mkv",)
    assert kept.export.reel == tmp_path / "reel.mkv"
    assert kept.saves_tags
    path = tmp_path / "match.toml"
    path.write_text(to_toml(kept), encoding="utf-8")
    read = ConfigBuilder().file(path).build()
    assert read == kept
    assert read.streams[0].get_secret_value().endswith(f"/{KEY}")
    assert MatchPlan.of(read).film == "game.mkv"
    assert KEY not in repr(chosen)


def test_the_folder_is_named_by_day_and_teams() -> None:
    teams = plan().with_teams(TEAMS, scoreboard=False)
    assert teams.folder_name(DAY) == "2026-11-28 Rovers - United"
    assert teams.with_destination("  The   final ", "film.mp4").folder_name(DAY) == "The final"


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_the_teams_are_called_their_folder_lies_in_the_home(home: str, away: str) -> None:
    try:
        named = plan().with_teams(TEAMS | {"home": home, "away": away}, scoreboard=False)
    except ConfigError:
        return
    name = named.folder_name(DAY)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name) <= MOST_TITLE


@pytest.mark.parametrize("title", ["a/b", "..", ".hidden", "x" * 81, "nul\0", "a\\b", "a:b"])
def test_what_is_no_folders_name_is_refused(title: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a folder's name"):
        plan().with_destination(title, "film.mp4")


@pytest.mark.parametrize("film", ["film", "film.avi", "../film.mp4", "a/b.mp4", ".mp4", "film.mp4/", ""])
def test_what_is_no_films_name_is_refused(film: str) -> None:
    with pytest.raises(ConfigError, match="film"):
        plan().with_destination("", film)


def test_a_rig_is_of_its_cameras() -> None:
    rigged = plan().with_sources(["a.mp4", "b.mp4"]).with_rig(Path("rig.toml"))
    assert rigged.with_sources(["a.mp4", "b.mp4"]).settings.rig == Path("rig.toml")
    assert rigged.with_sources(["b.mp4", "a.mp4"]).settings.rig is None
    with pytest.raises(ConfigError, match="twice"):
        rigged.with_sources(["a.mp4", "a.mp4"])


def test_what_is_missing_is_told() -> None:
    assert plan().missing == ("cameras",)
    assert plan().with_sources(["match"]).missing == ()
    two = plan().with_sources(["a.mp4", "b.mp4"])
    assert two.missing == ("rig",)
    assert two.with_rig(Path("rig.toml")).missing == ()


@pytest.mark.parametrize(
    "teams", [{"home": ""}, {"home": "x" * 100}, {"home_colour": "reddish"}, {"home_short": "x" * 20}]
)
def test_teams_that_cannot_be_shown_are_refused(teams: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        plan().with_teams(TEAMS | teams, scoreboard=True)


def test_other_settings_of_the_file_stay() -> None:
    own = MatchPlan(
        Settings.parse(
            {
                "encoder": {"bitrate_kbps": 4000},
                "clips": {"tag_before_s": 12},
                "web": {"token": "a long token"},
            }
        )
    )
    kept = own.with_sources(["match"]).with_teams(TEAMS, scoreboard=True).for_home(Path("/home"))
    assert kept.encoder.bitrate_kbps == 4000
    assert kept.clips.tag_before_s == 12
    assert 'token = "a long token"' in to_toml(kept)


def test_the_flags_send_a_match_into_its_folder_and_a_trial_nowhere_else(tmp_path: Path) -> None:
    chosen = plan().with_sources(["match"]).with_stream("twitch", KEY)
    path = tmp_path / "match.toml"
    path.write_text(to_toml(chosen.for_home(tmp_path)), encoding="utf-8")
    folder = tmp_path / "a match"

    def with_flags(flags: list[str]) -> Settings:
        names = {
            "output": "outputs",
            "tags-out": "export__tags_out",
            "reel": "export__reel",
            "duration": "duration_s",
        }
        pairs = [flag.removeprefix("--").partition("=") for flag in flags]
        given = {
            names[name]: [value] if name == "output" else value for name, _, value in pairs if name != "set"
        }
        assigned = [value for name, _, value in pairs if name == "set"]
        return ConfigBuilder().file(path).flags(**given).assignments(assigned).build()

    match = with_flags(chosen.match_flags(folder))
    assert match.match_folder is None  # the built-in match is raw: it would need an encoder more
    assert f"--match-folder={folder / 'match'}" in plan().with_sources(["rtsp://camera/1"]).match_flags(
        folder
    )
    written = (*match.outputs, match.export.tags_out, match.export.reel, match.web.clips)
    assert {one.parent for one in written if one is not None} == {folder}
    assert len(match.streams) == 1
    trial = with_flags(chosen.trial_flags(tmp_path / "trial.mp4"))
    assert trial.streams == ()
    assert trial.outputs == (tmp_path / "trial.mp4",)
    assert (trial.export.reel, trial.export.tags_out, trial.film_s, trial.saves_tags) == (
        None,
        None,
        0,
        False,
    )
    assert trial.duration_s == 60
