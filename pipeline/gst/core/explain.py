"""Errors on the bus: `explain` turns any of them into a user's error, `post_error` posts one of our own."""

from __future__ import annotations

import re

from pipeline.errors import ForesightError, OutputError, PipelineError, SourceError
from pipeline.gst.runtime import GLib, Gst

_OWN = "foresight-error"
"""The domain of our own errors, whose text is already meant for the user."""


def post_error(element: Gst.Element, what: str) -> None:
    """Post `what`, one line for the user, as an error of `element`; `explain` passes it on as it is. Any thread."""
    error: GLib.Error = GLib.Error.new_literal(GLib.quark_from_string(_OWN), what, 0)
    element.post_message(Gst.Message.new_error(element, error, ""))


def explain(message: Gst.Message, role: str, description: str) -> ForesightError:
    """Turn an ERROR message into an error that a user can act on.

    `role` is ``source``, ``output`` or ``pipeline``; `description` is what the user calls it, without
    secrets.
    """
    what = _reason(message)
    if role == "source":
        return SourceError(f"{description}: {what}")
    if role == "output":
        return OutputError(f"{description}: {what}")
    if message.parse_error()[0].domain == _OWN:
        return PipelineError(what)
    name = message.src.get_name() if message.src else "a pipeline"
    return PipelineError(f"{name}: {what}")


def tells_damage(message: Gst.Message) -> bool:
    """Whether a WARNING message says that a stream is damaged; that nothing decodes it, is no damage."""
    warning: GLib.Error = message.parse_warning()[0]
    quark = Gst.StreamError.quark()
    is_of_stream = bool(warning.domain == GLib.quark_to_string(quark))
    return is_of_stream and not warning.matches(quark, Gst.StreamError.CODEC_NOT_FOUND)


def _reason(message: Gst.Message) -> str:
    error, debug = message.parse_error()
    text = " ".join(error.message.split()).rstrip(".")
    if error.domain == _OWN:
        return text
    factory = message.src.get_factory() if isinstance(message.src, Gst.Element) else None
    of_element = _BY_ELEMENT.get((factory.get_name() or "" if factory else "", error.domain, error.code))
    return (
        _of_status(message)
        or _of_debug(f"{text} {debug or ''}")
        or of_element
        or _of_code(error.domain, error.code, text)
    )


def _of_status(message: Gst.Message) -> str | None:
    """What a server's status says; None without one."""
    details = message.parse_error_details()
    if details is None:
        return None
    for name in ("rtsp-status-code", "http-status-code"):
        known, status = details.get_uint(name)
        if known:
            return _status_text(status)
    return None


def _status_text(status: int) -> str:
    if status in _STATUSES:
        return f"{_STATUSES[status]} (status {status})"
    if 300 <= status < 400:
        return f"the server redirects to another address (status {status}); give that address instead"
    if status < 500:
        return f"the server refuses the request (status {status}); check the address"
    return f"the server failed (status {status}); check the server, or try again later"


def _of_debug(debug: str) -> str | None:
    """What the details of a message say that neither its code nor its text does."""
    return next((text for pattern, text in _DEBUG if re.search(pattern, debug)), None)


def _of_code(domain: str, code: int, text: str) -> str:
    if (domain, code) == _FAILED and text not in _GENERAL:
        return f"{text}; check that it is complete and reachable"
    return _REASONS.get((domain, code)) or text


def _domain(quark: int) -> str:
    return str(GLib.quark_to_string(quark))


_RESOURCE, _STREAM = _domain(Gst.ResourceError.quark()), _domain(Gst.StreamError.quark())
_FAILED = (_STREAM, int(Gst.StreamError.FAILED))
_GENERAL = ("Internal data stream error", "GStreamer encountered a general stream error")
"""Texts of GStreamer's that say nothing."""

_LOGIN = (
    "wrong user name or password; write both in the address, and special characters of the password as %XX "
    "(@ as %40, # as %23, / as %2F)"
)
_NO_PATH = "there is nothing at this path; check the part of the address behind the host"

_STATUSES = {
    401: _LOGIN,
    403: "access is forbidden; check the user's rights, and the number of connections that the server allows",
    404: _NO_PATH,
    410: _NO_PATH,
    407: "a proxy asks for a password",
    453: "the server has no bandwidth left; close other connections to it",
    454: "the server knows the session no longer; check that it is not restarting, or has too many viewers",
    461: "the server offers no transport that works here; check the network between, and the camera's settings",
    503: "the server is overloaded or not ready; try again later, or close other connections to it",
}
"""What the status of an RTSP or HTTP server means for the user."""

_WEB_PAGE = "a web page and no video; check the address, and whether it asks for a login"
_DEBUG = (
    (r"text/html|application/xhtml", f"it is {_WEB_PAGE}"),
    (r"Server does not support SDP", "what answers there describes no video; check the address"),
    (
        r"Could not receive message\. \(Parse error\)",
        "what answers there is no RTSP server; check the port",
    ),
    (
        r"Could not receive message\. \(Received end-of-file\)",
        "the server closed the connection without an answer; check that it is an RTSP server, and the port",
    ),
    (r"Error \(454\)", _STATUSES[454] + " (status 454)"),
    (r"Error \(401\)", _LOGIN + " (status 401)"),
    (
        r"gst_rtspsrc_setup_streams_start",
        "the server offers no stream that can be received here; check its transport and its codec",
    ),
    (
        r"(?i)certificate|tls handshake",
        "its certificate is not trusted, or it speaks no TLS",
    ),
    (r"(?i)resolv", "the host is unknown; check the name, and the network"),
    (
        r"(?i)connection refused",
        "no server answers there; check the port, and that the server is running",
    ),
    (
        "Missing decoder: ",
        "its codec cannot be decoded here; install gstreamer1.0-libav or convert the video to H.264",
    ),
)
"""Patterns of a message's details, most telling first, with what to tell the user."""

_BY_ELEMENT = {
    ("souphttpsrc", *_FAILED): (
        "no connection; check the address, that the server is running and, for https, that its certificate is valid"
    ),
}

_REASONS = {
    (_RESOURCE, int(code)): text
    for code, text in {
        Gst.ResourceError.NOT_FOUND: "not found; check the name or the address, and that the server is running",
        Gst.ResourceError.OPEN_READ: "cannot be opened; check the name, the permissions and the network",
        Gst.ResourceError.OPEN_WRITE: "cannot be written; check the folder, the permissions and the network",
        Gst.ResourceError.OPEN_READ_WRITE: "no answer; check the address and that the server is running",
        Gst.ResourceError.WRITE: "cannot be written any further; check the disk, the permissions and the network",
        Gst.ResourceError.NO_SPACE_LEFT: "the disk is full; free some space, or record to another disk",
        Gst.ResourceError.NOT_AUTHORIZED: "access was refused; check the user name, password or key",
    }.items()
} | {
    (_STREAM, int(code)): text
    for code, text in {
        Gst.StreamError.FAILED: "the stream broke off or never started; check that it is complete and reachable",
        Gst.StreamError.TYPE_NOT_FOUND: "not a video that GStreamer can read; check the file",
        Gst.StreamError.WRONG_TYPE: "holds no video or sound; check the file",
        Gst.StreamError.CODEC_NOT_FOUND: (
            "its codec cannot be decoded here; install gstreamer1.0-libav or convert the video to H.264"
        ),
    }.items()
}
