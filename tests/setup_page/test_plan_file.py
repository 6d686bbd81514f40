"""The settings' file: readable for its user alone, written in one step, refused in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, OutputError
from pipeline.settings.model import Settings
from pipeline.setup_page.folders import ready_folder, shown_folder
from pipeline.setup_page.plan_file import load_settings, save_settings

SECRET = Settings.parse({"sources": ["match"], "streams": ["rtmp://server/app/SECRET"]})


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_user_can_read_the_file(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "match.toml"
    before = os.umask(umask)
    try:
        save_settings(path, SECRET)
        assert mode_of(path) == 0o600
        path.chmod(0o644)
        save_settings(path, SECRET)
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600
    assert load_settings(path) == SECRET
    assert [one.name for one in tmp_path.iterdir()] == ["match.toml"]


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "match.toml"
    save_settings(path, SECRET)
    path.chmod(0o664)
    assert load_settings(path) == SECRET
    assert mode_of(path) == 0o600


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "match.toml") == Settings()


def test_a_file_that_cannot_be_written_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "match.toml"
    save_settings(path, SECRET)
    (tmp_path / ".match.toml.new").mkdir()  # in the way, for root too
    with pytest.raises(OutputError, match="cannot be written"):
        save_settings(path, Settings())
    assert load_settings(path) == SECRET


@pytest.mark.parametrize(
    ("text", "said"),
    [("sources = [", "not TOML"), ('sorces = ["match"]', "sorces"), ("delay_s = -1", "delay_s")],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "match.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_settings(path)


def test_the_folder_is_made(tmp_path: Path) -> None:
    assert ready_folder(tmp_path / "new" / "deep").is_dir()
    assert ready_folder(tmp_path / "new" / "deep").is_absolute()


def test_a_folder_is_shown_without_the_users_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shown_folder(tmp_path / "Foresight") == "~/Foresight"
    assert shown_folder(Path("/media/disk")) == "/media/disk"


def test_what_cannot_be_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    for folder in (file, file / "below"):
        with pytest.raises(ConfigError, match="name another folder"):
            ready_folder(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        ready_folder(locked)
