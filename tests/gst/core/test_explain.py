"""What an error on the bus becomes for the user: by status, details or code; our own text as it is."""

from __future__ import annotations

import pytest

from pipeline.gst.core.elements import make
from pipeline.gst.core.explain import explain, post_error
from pipeline.gst.runtime import GLib, Gst


def posted(
    text: str,
    code: int,
    debug: str = "",
    details: str | None = None,
    *,
    stream: bool = False,
    of: str = "identity",
) -> Gst.Message:
    quark = Gst.StreamError.quark() if stream else Gst.ResourceError.quark()
    error: GLib.Error = GLib.Error.new_literal(quark, text, code)
    structure = None if details is None else Gst.Structure.new_from_string(details)
    return Gst.Message.new_error_with_details(make(of), error, debug, structure)


@pytest.mark.parametrize("protocol", ["rtsp", "http"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "redirects"),
        (400, "refuses the request"),
        (401, "wrong user name or password"),
        (403, "access is forbidden"),
        (404, "nothing at this path"),
        (418, "refuses the request"),
        (454, "the session no longer"),
        (461, "no transport"),
        (500, "the server failed"),
        (503, "overloaded"),
        (599, "the server failed"),
    ],
)
def test_a_servers_status_is_told_in_words_and_with_its_number(protocol: str, status: int, said: str) -> None:
    message = posted("Unhandled error", 9, details=f"details, {protocol}-status-code=(uint){status}")
    line = str(explain(message, "source", "cam"))
    assert line.startswith("cam: ")
    assert said in line
    assert str(status) in line
    assert "Unhandled" not in line


@pytest.mark.parametrize(
    ("debug", "said"),
    [
        ("x.c(1): f ():\nCould not receive message. (Parse error)", "no RTSP server"),
        ("x.c(1): f ():\nCould not receive message. (Received end-of-file)", "closed the connection"),
        ("Missing decoder: text/html (text/html)", "a web page"),
        ("Missing decoder: Some Codec (video/x-some)", "cannot be decoded here"),
        ("Failed to resolve host 'x': Error resolving", "host is unknown"),
        ("Error (454): Session Not Found", "454"),
    ],
)
def test_details_tell_more_than_the_text(debug: str, said: str) -> None:
    line = str(explain(posted("Could not read from resource.", 9, debug), "source", "cam"))
    assert said in line
    assert "\n" not in line


def test_a_streams_failure_keeps_its_text_unless_that_says_nothing() -> None:
    failed = int(Gst.StreamError.FAILED)
    special = posted("This file is corrupt and cannot be played.", failed, stream=True)
    general = posted("Internal data stream error.", failed, stream=True)
    connection = posted("Internal data stream error.", failed, stream=True, of="souphttpsrc")
    assert "a.mp4: This file is corrupt" in str(explain(special, "source", "a.mp4"))
    assert "broke off" in str(explain(general, "source", "a.mp4"))
    assert "certificate" in str(explain(connection, "source", "https://x"))


@pytest.mark.parametrize("role", ["source", "output", "pipeline"])
def test_our_own_text_reaches_the_user(role: str) -> None:
    pipeline = Gst.Pipeline.new(None)
    element = make("identity")
    pipeline.add(element)
    post_error(element, "the rig is for 10x10 pixels; use another")
    message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    assert message is not None
    line = str(explain(message, role, "cam"))
    assert line.endswith("the rig is for 10x10 pixels; use another")
    assert "identity" not in line
