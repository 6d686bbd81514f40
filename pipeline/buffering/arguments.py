"""Checks the BufferManager's arguments: each error names the argument and what is allowed. Pure."""

from __future__ import annotations

from pipeline.errors import ConfigError

OWNERSHIPS = ("auto", "copy", "reference")


def check_positive(**arguments: float) -> None:
    """Raise ConfigError for one that is no positive, finite number."""
    for name, value in arguments.items():
        if not (isinstance(value, int | float) and 0 < value < float("inf")):
            raise ConfigError(f"{name} is {value!r}; give a positive number")


def checked_delay(delay: float | None, start_fill: float, buffer_duration: float) -> float:
    """The delay in seconds: the one given, or the share `start_fill` of the buffer's duration."""
    if not 0 < start_fill <= 1:
        raise ConfigError(f"start_fill is {start_fill}; give a share above 0 and at most 1")
    if delay is None:
        return start_fill * buffer_duration
    if not 0 < delay <= buffer_duration:
        raise ConfigError(f"delay is {delay} s; give more than 0 and at most the buffer_duration")
    return delay


def check_memory(max_bytes: int | None, ownership: str) -> None:
    """Raise ConfigError for a bound that is none, or an ownership that does not exist."""
    if max_bytes is not None and max_bytes <= 0:
        raise ConfigError(f"max_bytes is {max_bytes}; give a positive number of bytes or None")
    if ownership not in OWNERSHIPS:
        raise ConfigError(f"ownership is {ownership!r}; give one of {', '.join(OWNERSHIPS)}")
