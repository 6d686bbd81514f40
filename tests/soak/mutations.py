"""Damages files as disks, networks and cut recordings do, each damage repeatable by its seed. Pure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

EXTREMES = (
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\x00\x00\x00",
    b"\x00\x00\x00\x01",
)
HEAD_BYTES = 2000
"""Where most containers have their header."""


def truncated(content: bytes, chance: Random) -> bytes:
    """Cut at any place."""
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: Random) -> bytes:
    """From one bit of a million to one of a hundred is wrong."""
    damaged = bytearray(content)
    for _ in range(max(1, round(len(content) * 10 ** chance.uniform(-6, -2)))):
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def altered_head(content: bytes, chance: Random) -> bytes:
    """Some numbers of the header, or of the index at the end, are extreme."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(min(HEAD_BYTES, len(content)))
        at = at if chance.random() < 0.7 else len(content) - 1 - at
        value = chance.choice((*EXTREMES, chance.randbytes(4)))[: chance.choice((1, 2, 4))]
        damaged[at : at + len(value)] = value
    return bytes(damaged)


def shuffled(content: bytes, chance: Random) -> bytes:
    """Blocks in another order, as a broken file system leaves them."""
    size = chance.choice((188, 512, 4096, 16384))
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    first = chance.randrange(len(blocks))
    some = blocks[first : first + chance.randint(2, 20)]
    chance.shuffle(some)
    return b"".join((*blocks[:first], *some, *blocks[first + len(some) :]))


def missing_block(content: bytes, chance: Random) -> bytes:
    """A block is gone, zeroed, doubled or noise."""
    begin = chance.randrange(len(content))
    end = begin + chance.choice((1, 100, 4096, len(content) // 10))
    block = content[begin:end]
    replaced = chance.choice((b"", bytes(len(block)), block * 2, chance.randbytes(len(block))))
    return content[:begin] + replaced + content[end:]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    truncated,
    flipped,
    altered_head,
    shuffled,
    missing_block,
)


def mutated(content: bytes, seed: int) -> bytes:
    """The content with one or two kinds of damage; the same for the same seed."""
    chance = Random(seed)
    for _ in range(chance.choice((1, 1, 2))):
        if content:
            content = MUTATIONS[(seed + chance.randrange(2) * chance.randrange(5)) % len(MUTATIONS)](
                content, chance
            )
    return content
