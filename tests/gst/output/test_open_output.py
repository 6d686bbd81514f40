"""Every scheme that an output address may have can be opened."""

from __future__ import annotations

import pytest

from pipeline.gst.output.open_output import open_stream
from pipeline.media.formats import STREAM_SCHEMES
from pipeline.media.output_spec import StreamSpec
from tests.gst.output.peers import free_port


@pytest.mark.parametrize("name", STREAM_SCHEMES)
def test_each_scheme_is_opened_in_lower_and_upper_case(name: str) -> None:
    spec = StreamSpec.parse(f"{name.upper()}://127.0.0.1:{free_port()}/app/KEY")
    output = open_stream(spec, video_codec="h264", audio_codec="aac")
    try:
        assert output.name.startswith(f"{name}://127.0.0.1")
        assert {pad.get_name() for pad in output.element.sinkpads} == {"video", "audio"}
    finally:
        output.close()
