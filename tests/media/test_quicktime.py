"""What a QuickTime film's headers say of its sound is read, and damaged headers are no harm."""

from __future__ import annotations

import struct
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.quicktime import called_compressed, low_byte_first, mirrored_upward
from tests import films

ENDA = b"\0\0\0\x0aenda\0\1"


@pytest.mark.parametrize("form", ["s24", "s32", "f32", "f64"])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize(
    "options", [(), ("-movflags", "+faststart"), ("-movflags", "+frag_keyframe+empty_moov")]
)
def test_the_order_is_read_for_each_track(
    tmp_path: Path, form: str, order: str, options: tuple[str, ...]
) -> None:
    film = tmp_path / "film.mov"
    sound = ("-f", "lavfi", "-i", "sine=duration=0.1")
    coded = ("-map", "0", "-map", "0", "-c:a:0", f"pcm_{form}{order}", "-c:a:1", "pcm_s16be")
    films.make_film(film, *sound, *coded, *options)
    assert low_byte_first(film.read_bytes()) == ({1} if order == "le" else set())


def box(kind: bytes, content: bytes, *, wide: bool = False) -> bytes:
    if wide:
        return b"\0\0\0\1" + kind + (len(content) + 16).to_bytes(8, "big") + content
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def described(version: int, within: bytes, *, wide: bool = False) -> bytes:
    """A film with one track, number 7, whose sound description ends with `within`."""
    fields = bytes(8) + version.to_bytes(2, "big") + bytes({0: 18, 1: 34, 2: 54}[version])
    table = box(b"stbl", box(b"stsd", bytes(8) + box(b"in32", fields + within)))
    header = box(b"tkhd", bytes(12) + b"\0\0\0\7" + bytes(68))
    track = box(b"trak", header + box(b"mdia", box(b"minf", table)), wide=wide)
    return box(b"ftyp", b"qt  ") + box(b"moov", track, wide=wide)


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("wide", [False, True])
def test_each_version_of_a_description_is_read(version: int, wide: bool) -> None:
    for within, expected in {
        ENDA: {7},
        box(b"wave", box(b"frma", b"in32") + ENDA): {7},
        box(b"wave", ENDA[:-1] + b"\0"): set(),
        b"": set(),
    }.items():
        assert low_byte_first(described(version, within, wide=wide)) == expected


@pytest.mark.parametrize(
    ("codec", "rate_hz", "raw"),
    [
        ("pcm_s16le", 96_000, True),
        ("pcm_f64be", 192_000, True),
        ("pcm_s24le", 48_000, False),
        ("aac", 96_000, False),
    ],
)
def test_raw_sound_that_is_called_compressed_is_found(
    tmp_path: Path, codec: str, rate_hz: int, raw: bool
) -> None:
    film = tmp_path / "film.mov"
    sound = ("-f", "lavfi", "-i", f"sine=duration=0.1:sample_rate={rate_hz}")
    films.make_film(film, *sound, "-map", "0", "-map", "0", "-c:a", codec)
    content = film.read_bytes()
    places = called_compressed(content)
    assert len(places) == (2 if raw else 0)
    assert all(content[place - 24 : place - 20] == b"lpcm" for place in places)
    description = content[content.find(b"moov") - 4 :]
    for place in called_compressed(description)[:1]:
        assert called_compressed(description[: place + 1]) == ()
        assert called_compressed(description[: place + 2]) == (place,)


@given(data=st.data(), noise=st.binary(max_size=6))
def test_damaged_headers_are_no_harm(data: st.DataObject, noise: bytes) -> None:
    whole = described(1, box(b"wave", ENDA))
    place = data.draw(st.integers(0, len(whole)))
    damaged = whole[:place] + noise + whole[place + data.draw(st.integers(0, 6)) :]
    found = low_byte_first(damaged) | mirrored_upward(damaged)
    assert all(0 <= number < 1 << 32 for number in found)
    assert all(place < len(damaged) for place in called_compressed(damaged))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("matrix", list(product((-1, 0, 1), repeat=4)))
def test_only_the_mirror_image_that_gstreamer_overlooks_is_found(
    version: int, matrix: tuple[int, ...]
) -> None:
    a, b, c, d = (value << 16 for value in matrix)
    times = bytes(8) + b"\0\0\0\7" + bytes(8) if version == 0 else bytes(16) + b"\0\0\0\7" + bytes(12)
    turned = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    header = box(b"tkhd", bytes((version, 0, 0, 0)) + times + bytes(16) + turned + bytes(8))
    film = box(b"moov", box(b"trak", header))
    assert mirrored_upward(film) == ({7} if matrix == (0, -1, -1, 0) else set())
