"""Disks: for how long there is room, at the bit rates of what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.gst.output.output_slot import Written
from pipeline.run.disk_watch import LOOK_EVERY_NS, DiskWatch, free_and_disk
from pipeline.timebase import NS_PER_S

GB = 1_000_000_000
ROOMS = {Path("/big"): (900 * GB, 1), Path("/big/too"): (900 * GB, 1), Path("/small"): (9 * GB, 2)}


def watched(seconds: int, **rates: tuple[str, int]) -> DiskWatch:
    """A watch that has seen files grow for so long: each with its folder and its bytes a second."""
    watch = DiskWatch(lambda folder: ROOMS[folder])
    for second in range(seconds + 1):
        written = [Written(Path(folder) / name, rate * second) for name, (folder, rate) in rates.items()]
        watch.sample(second * NS_PER_S, written)
    return watch


def test_the_disk_with_the_least_room_comes_first_and_files_on_one_disk_add_up() -> None:
    watch = watched(30, a=("/big", 1_000_000), b=("/big/too", 1_500_000), c=("/small", 1_000_000))
    small, big = watch.disks
    assert (small.files, small.free_bytes, small.kbps) == (["c"], 9 * GB, 8000)
    assert small.hours_left == pytest.approx(2.5)
    assert (big.files, big.kbps) == (["a", "b"], 20_000)
    assert big.hours_left == pytest.approx(100)


def test_before_ten_seconds_and_while_nothing_grows_it_is_not_known() -> None:
    assert watched(8, a=("/big", 1_000_000)).disks[0].hours_left is None
    assert watched(30, a=("/big", 0)).disks[0].hours_left is None
    assert DiskWatch().disks == ()


def test_the_bit_rate_is_that_of_the_last_minute() -> None:
    watch = DiskWatch(lambda folder: ROOMS[folder])
    taken = 0
    for second in range(0, 400, 2):
        taken += 2 * (100_000 if second < 200 else 1_000_000)
        watch.sample(second * NS_PER_S, [Written(Path("/small/a"), taken)])
    assert watch.disks[0].kbps == 8000


def test_a_file_that_has_ended_takes_no_more_room() -> None:
    watch = watched(30, a=("/big", 1_000_000), c=("/small", 1_000_000))
    watch.sample(40 * NS_PER_S, [Written(Path("/big/a"), 40_000_000)])
    assert [disk.files for disk in watch.disks] == [["a"]]


def test_a_folder_that_cannot_be_looked_at_is_left_out() -> None:
    watch = DiskWatch()
    for second in range(30):
        watch.sample(second * NS_PER_S, [Written(Path("/no/such/folder/a"), second)])
    assert watch.disks == ()


def test_the_disks_are_not_looked_at_more_often_than_every_two_seconds() -> None:
    looks: list[Path] = []

    def look(folder: Path) -> tuple[int, int]:
        looks.append(folder)
        return GB, 1

    watch = DiskWatch(look)
    for tenth in range(100):
        watch.sample(tenth * NS_PER_S // 10, [Written(Path("/big/a"), tenth)])
    assert len(looks) == 10 * NS_PER_S // LOOK_EVERY_NS


def test_a_real_folder_has_room(tmp_path: Path) -> None:
    free_bytes, disk = free_and_disk(tmp_path)
    assert free_bytes > 0
    assert disk == tmp_path.stat().st_dev
