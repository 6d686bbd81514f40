"""HandedSocket: a listening socket that a process hands to the run that it starts.

The page of `foresight start` and the dashboard of the run that it starts are then served at one address, without a
moment in which nobody listens; and the dashboard goes on if the process that handed the socket is gone.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, MutableMapping

VARIABLE = "_FORESIGHT_LISTENER"
"""The environment variable that names the descriptor."""


def handed_variables(listener: socket.socket) -> Mapping[str, str]:
    """The environment for a process that gets `listener`, whose descriptor it must inherit."""
    return {VARIABLE: str(listener.fileno())}


def handed_descriptor(environment: Mapping[str, str] | None = None) -> int | None:
    """The descriptor that this process was handed, to pass it on; None without one."""
    variables = os.environ if environment is None else environment
    text = variables.get(VARIABLE, "")
    return int(text) if text.isdecimal() else None


def take_handed_socket(environment: MutableMapping[str, str] | None = None) -> socket.socket | None:
    """The socket that this process was handed, None without one. The variable is removed: it is taken once."""
    variables = os.environ if environment is None else environment
    descriptor = handed_descriptor(variables)
    variables.pop(VARIABLE, None)
    if descriptor is None:
        return None
    listener = socket.socket(fileno=descriptor)
    listener.set_inheritable(False)
    return listener
