"""The program map of a transport stream, from packets made here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.program_map import PACKET, mapped_streams

MAP_PID, NOTHING = 0x1000, 0x1FFF
VIDEO, SOUND = 0x100, 0x101
KLV, LANGUAGE, TELETEXT = (5, b"KLVA"), (10, b"eng\0"), (0x56, b"eng\x08\0")


def packets(pid: int, payload: bytes) -> bytes:
    """Packets of `pid` that begin and hold `payload`, the last one stuffed."""
    made = b""
    for at in range(0, len(payload), PACKET - 4):
        part = payload[at : at + PACKET - 4]
        missing = PACKET - 4 - len(part)
        field = (
            b"" if not missing else bytes([missing - 1]) + (b"\0" + b"\xff" * (missing - 2))[: missing - 1]
        )
        flags = 0x30 if missing else 0x10
        made += bytes([0x47, (0x40 if at == 0 else 0) | pid >> 8, pid & 0xFF, flags]) + field + part
    return made


def section(pid: int, table: int, content: bytes) -> bytes:
    length = 5 + len(content) + 4
    return packets(
        pid, b"\0" + bytes([table, 0xB0 | length >> 8, length & 0xFF, 0, 1, 0xC1, 0, 0]) + content + b"csum"
    )


def film(*listed: tuple[int, int, int, tuple[tuple[int, bytes], ...]]) -> bytes:
    """A transport stream whose map lists streams of (PID, type, stream_id of their packets, descriptors)."""
    streams = b""
    for pid, kind, _, tags in listed:
        described = b"".join(bytes([tag, len(data)]) + data for tag, data in tags)
        streams += bytes([kind, 0xE0 | pid >> 8, pid & 0xFF, 0xF0, len(described)]) + described
    table = section(0, 0, b"\0\1" + bytes([0xE0 | MAP_PID >> 8, MAP_PID & 0xFF]))
    table += section(MAP_PID, 2, bytes([0xE1, 0, 0xF0, 0]) + streams)
    sent = b"".join(packets(pid, b"\0\0\1" + bytes([pes]) + bytes(300)) for pid, _, pes, _ in listed)
    return table + sent + packets(NOTHING, b"\xff" * 5 * (PACKET - 4))


def test_what_the_map_lists_and_the_packets_hold() -> None:
    found = mapped_streams(film((VIDEO, 0x1B, 0xE0, ()), (SOUND, 0x9F, 0xC0, (LANGUAGE,))))
    assert [(one.pid, one.type, one.pes_id) for one in found] == [(VIDEO, 0x1B, 0xE0), (SOUND, 0x9F, 0xC0)]
    assert [one.is_sound for one in found] == [False, True]
    assert str(found[1]) == "stream 0x101 of type 0x9f"


def test_packets_with_a_time_before_each_and_a_stream_that_begins_anywhere() -> None:
    plain = film((VIDEO, 0x1B, 0xE0, ()), (SOUND, 6, 0xC0, ()))
    timed = b"".join(b"time" + plain[at : at + PACKET] for at in range(0, len(plain), PACKET))
    for data in (plain, timed, b"G" * 77 + plain, timed[100:] + timed):
        assert [one.is_sound for one in mapped_streams(data)] == [False, True]


def test_private_data_may_be_sound_unless_it_says_what_it_is() -> None:
    listed = [
        (6, 0xBD, (), True),
        (6, 0xBD, (LANGUAGE,), True),
        (0x83, 0xBD, (), True),
        (6, 0xBD, (KLV,), False),
        (6, 0xBD, (TELETEXT, LANGUAGE), False),
        (0x15, 0xFC, (), False),
        (6, 0xE0, (), False),
    ]
    for kind, pes, tags, expected in listed:
        _, one = mapped_streams(film((VIDEO, 0x1B, 0xE0, ()), (SOUND, kind, pes, tags)))
        assert one.may_be_sound is expected, (kind, pes, tags)
    assert (
        str(mapped_streams(film((SOUND, 0x86, 0xBD, ((5, b"CUEI"),))))[0])
        == "stream 0x101 of type 0x86 (CUEI)"
    )


def test_a_stream_that_is_listed_and_never_comes_is_no_sound() -> None:
    data = film((VIDEO, 0x1B, 0xE0, ()), (SOUND, 0x9F, 0xC0, ()))
    _, sound = mapped_streams(data.replace(packets(SOUND, b"\0\0\1\xc0" + bytes(300)), b""))
    assert (sound.pes_id, sound.is_sound, sound.may_be_sound) == (None, False, False)


def test_a_map_longer_than_a_packet() -> None:
    listed = [(SOUND + number, 0x9F, 0xC0, (LANGUAGE,)) for number in range(30)]
    assert len(mapped_streams(film(*listed))) == 30


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=60), st.integers(0, 400))
def test_whatever_is_damaged_is_read_without_an_error(damage: list[tuple[int, int]], begin: int) -> None:
    data = bytearray(film((VIDEO, 0x1B, 0xE0, ()), (SOUND, 6, 0xC0, (KLV,))) * 3)
    for place, value in damage:
        data[place % len(data)] = value
    for one in mapped_streams(bytes(data[begin:])):
        assert str(one)
    assert mapped_streams(b"") == []
