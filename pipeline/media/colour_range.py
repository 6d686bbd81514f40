"""The range of a stream's brightness, limited (16 to 235) or full (0 to 255), where GStreamer needs help. Pure."""

from __future__ import annotations

FULL_RANGE = "1:0:0:0"
"""A colorimetry, as caps hold it, of which only the range is known: full."""

_SD_HEIGHT = 576
"""Up to this height GStreamer assumes BT.601 for video that does not say its colours, above it BT.709."""

_SYNC_CODE = 0x498342
_SRGB = 7


def whole_colour(colorimetry: str, height_px: int) -> str | None:
    """The colorimetry to use instead of one whose range is full and whose matrix is unknown; None for any other.

    GStreamer takes such a colorimetry for no colorimetry at all, and forgets the range with it.
    """
    parts = colorimetry.split(":")
    if len(parts) != 4 or parts[0] != "1" or parts[1] != "0":
        return None
    transfer, primaries = parts[2:]
    matrix, usual_transfer, usual_primaries = ("4", "16", "4") if height_px <= _SD_HEIGHT else ("3", "5", "1")
    return ":".join(
        (
            "1",
            matrix,
            usual_transfer if transfer == "0" else transfer,
            usual_primaries if primaries == "0" else primaries,
        )
    )


def vp9_is_full_range(frame: bytes) -> bool | None:
    """Whether a VP9 frame says that its range is full; None if it does not say, because it is no keyframe.

    The bits are those of the uncompressed header in the VP9 bitstream specification, section 6.2.
    """
    bits = int.from_bytes(frame[:8].ljust(8, b"\0"), "big")
    place = 64

    def read(count: int) -> int:
        nonlocal place
        place -= count
        return bits >> place & (1 << count) - 1

    if read(2) != 2:
        return None
    profile = read(1) | read(1) << 1
    if profile == 3:
        read(1)
    is_repeated, is_inter = read(1), read(1)
    if is_repeated or is_inter:
        return None
    read(2)
    if read(24) != _SYNC_CODE:
        return None
    if profile >= 2:
        read(1)
    return read(3) == _SRGB or bool(read(1))
