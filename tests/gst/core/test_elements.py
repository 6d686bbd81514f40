"""Making and linking elements, and what an error message means to a user."""

from __future__ import annotations

import pytest

from pipeline.errors import MissingDependencyError, OutputError, PipelineError, SourceError
from pipeline.gst.core.elements import (
    chain,
    is_raw,
    make,
    make_appsink,
    media_type,
    parse_fragment,
    set_property,
    static_pad,
)
from pipeline.gst.core.explain import explain
from pipeline.gst.runtime import GLib, Gst, missing_elements, require


def test_a_missing_element_is_named() -> None:
    with pytest.raises(MissingDependencyError, match="no element 'nosuchelement'"):
        make("nosuchelement")


def test_enums_are_set_by_nick_and_paths_are_not_parsed() -> None:
    assert make("queue", leaky="downstream").get_property("leaky").value_nick == "downstream"
    location = '/tmp/a "b" $c\\d!.mp4'
    assert make("filesink", location=location).get_property("location") == location


def test_an_unknown_property_is_named() -> None:
    with pytest.raises(PipelineError, match="no property 'colour'"):
        set_property(make("queue", "q"), "colour", "red")


def test_elements_that_cannot_be_linked_are_named() -> None:
    with pytest.raises(PipelineError, match="cannot link sound to picture"):
        chain(Gst.Pipeline.new(None), make("audiotestsrc", "sound"), make("x264enc", "picture"))


@pytest.mark.parametrize(
    ("fragment", "reason"), [("videotestsrc ! nosuch", 'no element "nosuch"'), ("videotestsrc foo=1", "foo")]
)
def test_a_typo_in_a_fragment_is_a_source_error_with_the_reason(fragment: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse_fragment(fragment)


def test_a_missing_pad_is_named() -> None:
    with pytest.raises(PipelineError, match="no pad 'nose'"):
        static_pad(make("queue"), "nose")


def test_an_appsink_does_not_block_a_state_change() -> None:
    pipeline = Gst.Pipeline.new(None)
    pipeline.add(make_appsink("unlinked"))
    assert pipeline.set_state(Gst.State.PAUSED) == Gst.StateChangeReturn.SUCCESS
    pipeline.set_state(Gst.State.NULL)


def test_media_types_are_told_by_the_caps() -> None:
    assert media_type(Gst.Caps.from_string("video/x-h264")) == "video"
    assert media_type(Gst.Caps.new_any()) == ""
    assert media_type(None) == ""
    assert is_raw(Gst.Caps.from_string("audio/x-raw"))
    assert not is_raw(Gst.Caps.from_string("video/x-h264"))
    assert not is_raw(None)


def test_an_available_feature_needs_no_package() -> None:
    assert missing_elements("core") == {}
    require("core", "mp4")


def _error_message(code: Gst.ResourceError, text: str) -> Gst.Message:
    error = GLib.Error.new_literal(Gst.ResourceError.quark(), text, int(code))
    return Gst.Message.new_error(make("fakesink", "thing"), error, "details")


def test_errors_say_what_to_do() -> None:
    full = explain(_error_message(Gst.ResourceError.NO_SPACE_LEFT, "x"), "output", "video.mp4")
    assert isinstance(full, OutputError)
    assert str(full) == "video.mp4: the disk is full; free some space, or record to another disk"
    gone = explain(_error_message(Gst.ResourceError.NOT_FOUND, "x"), "source", "a.mp4")
    assert isinstance(gone, SourceError)
    assert "not found" in str(gone)
    other = explain(_error_message(Gst.ResourceError.BUSY, "two\nlines here."), "pipeline", "playback")
    assert str(other) == "thing: two lines here"
