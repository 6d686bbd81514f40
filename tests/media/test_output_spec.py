"""FileSpec and StreamSpec: what an output is and holds, how it is refused, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.media.output_spec import FileSpec, OutputSpec, StreamSpec, part_prefix
from pipeline.redaction import redact

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("name", "container", "is_playlist"),
    [
        ("a.mp4", "mp4", False),
        ("a video! 100%.MKV", "mkv", False),
        ("live/a.m3u8", "ts", True),
        ("live/a.M3U8", "ts", True),
        ("a.b.flv", "flv", False),
        ("a.ts", "ts", False),
    ],
)
def test_the_extension_names_the_format_of_a_file(name: str, container: str, is_playlist: bool) -> None:
    spec = FileSpec.parse(Path(name))
    assert (spec.name, spec.container.name, spec.is_playlist) == (name, container, is_playlist)


@pytest.mark.parametrize("name", ["a", "a.avi", ".mp4", "mp4", "a.mp4.", f"http:/joe:{SECRET}@host/a"])
def test_an_unknown_extension_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"no known extension; allowed: \.mp4, \.mkv, \.flv, \.ts or \.m3u8"
    ) as caught:
        FileSpec.parse(Path(name))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "path", "graphics"),
    [
        ("a.mp4", "a.mp4", True),
        ("a.mp4?graphics=on", "a.mp4", True),
        ("live/a.mkv?graphics=off", "live/a.mkv", False),
        ("a.m3u8?graphics=off", "a.m3u8", False),
        ("what?.mp4?graphics=off", "what?.mp4", False),
        ("a.mp4?graphics=off.mp4", "a.mp4?graphics=off.mp4", True),  # a name as any other
    ],
)
def test_a_file_is_written_with_or_without_graphics(text: str, path: str, graphics: bool) -> None:
    spec = FileSpec.parse(Path(text))
    assert (spec.path, spec.name, spec.graphics) == (Path(path), path, graphics)
    assert FileSpec.parse(spec.named(Path("b.ts"))).graphics is graphics


@pytest.mark.parametrize(
    "options", ["graphics", "graphics=", "graphics=yes", "grafics=off", "a=b&graphics=off", ""]
)
def test_an_unknown_option_of_a_file_is_refused_in_one_line(options: str) -> None:
    with pytest.raises(ConfigError, match=r"allowed behind the name: \?graphics=off or \?graphics=on$"):
        FileSpec.parse(Path(f"a.mp4?{options}"))


@pytest.mark.parametrize(
    ("text", "sent", "graphics"),
    [
        ("srt://h:9000?graphics=off", "srt://h:9000", False),
        ("srt://h:9000?graphics=off&passphrase=x", "srt://h:9000?passphrase=x", False),
        ("rtmp://h/app/KEY?token=x&graphics=on", "rtmp://h/app/KEY?token=x", True),
        ("rtsp://127.0.0.1:8554/live?graphics=off", "rtsp://127.0.0.1:8554/live", False),
        ("rtmp://h/app/KEY?biographics=off", "rtmp://h/app/KEY?biographics=off", True),
    ],
)
def test_a_stream_is_sent_with_or_without_graphics(text: str, sent: str, graphics: bool) -> None:
    spec = StreamSpec.parse(text)
    assert (spec.address.text, spec.graphics) == (sent, graphics)


@pytest.mark.parametrize("query", ["graphics=maybe", "graphics=on&graphics=off", f"x={SECRET}&graphics="])
def test_an_unknown_choice_of_a_stream_is_refused_without_the_address(query: str) -> None:
    with pytest.raises(ConfigError, match="graphics=on or graphics=off, once") as caught:
        StreamSpec.parse(f"srt://{SECRET}@h:9000?{query}")
    assert SECRET not in str(caught.value)


def test_a_playlist_is_not_one_file() -> None:
    assert FileSpec.parse_one(Path("a.flv")).container.name == "flv"
    with pytest.raises(ConfigError, match=r"allowed: \.mp4, \.mkv, \.flv or \.ts$"):
        FileSpec.parse_one(Path("a.m3u8"))


@pytest.mark.parametrize(
    ("text", "scheme", "container"),
    [
        ("rtmp://server/app/KEY", "rtmp", "flv"),
        ("RTMPS://user:pw@server:443/app/instance/KEY?token=x", "rtmps", "flv"),
        ("rtmp://[::1]:1935/app/KEY", "rtmp", "flv"),
        ("srt://server:9000?passphrase=x", "srt", "ts"),
        ("srt://:9000?mode=listener", "srt", "ts"),
        ("rtsp://127.0.0.1:8554/live", "rtsp", None),
        ("rtsp://[::]", "rtsp", None),
    ],
)
def test_an_address_determines_scheme_and_container(text: str, scheme: str, container: str | None) -> None:
    spec = StreamSpec.parse(text)
    assert (spec.scheme.name, spec.scheme.container) == (scheme, container)
    assert spec.address.text.startswith(f"{scheme}://")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"http://joe:{SECRET}@server/live",
            "allowed: an address that begins with rtmp://, rtmps://, srt:// or rtsp://",
        ),
        (f"server/{SECRET}", "(not shown) is not allowed"),
        ("", "(not shown) is not allowed"),
        ("rtsps://127.0.0.1/live", "is not allowed"),
        (f"rtmp:/server/app/{SECRET}", "is not allowed"),
        (
            f"rtmp://server/{SECRET}",
            "the application or the key is missing; write rtmp://server/app/ and the key",
        ),
        (f"rtmps://server/{SECRET}/", "the key is missing; write rtmps://server/app/ and the key"),
        ("rtmp://server/app/", "the key is missing"),
        ("rtmp://server//KEY", "the key is missing"),
        ("rtmp://server/app/KEY/", "the key is missing"),
        ("rtmp://server/app?key=x", "the key is missing"),
        ("rtmp://server/", "the key is missing"),
        ("rtmp://server", "the key is missing"),
        ("RTMP://server/app", "the key is missing"),
        (f"rtmp:///app/{SECRET}", "names no server; write rtmp://server/app/ and the key"),
        ("rtmp://", "names no server"),
        (f"rtmp://server:port/app/{SECRET}", "the rtmp address cannot be read"),
        (f"rtmp://joe:{SECRET}/x@server/app/KEY", "has a plain /; write it as %2F"),
        ("srt://", "names no server; write srt://server:9000, or srt://:9000?mode=listener"),
        ("srt://:9000", "names no server"),
        ("srt://?mode=listener", "names no server"),
        ("srt://server:99999", "cannot be read"),
        ("rtsp://", "names no address of this machine; write rtsp://127.0.0.1:8554/live"),
        ("rtsp:///live", "names no address of this machine"),
        (f"rtsp://joe:{SECRET}@:8554/live", "names no address of this machine"),
        ("rtsp://127.0.0.1:port/live", "write rtsp://127.0.0.1:8554/live"),
        ("rtsp://[::1/live", "write rtsp://127.0.0.1:8554/live"),
    ],
)
def test_an_unusable_stream_address_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StreamSpec.parse(text)
    assert said in redact(str(caught.value))  # as the command shows it
    assert str(caught.value).isprintable()
    assert SECRET not in str(caught.value)


def test_a_servers_user_and_password_are_read_and_never_shown() -> None:
    spec = StreamSpec.parse("rtsp://coach:hunt%40er2@0.0.0.0/live")
    assert (spec.address.user, spec.address.password) == ("coach", "hunt@er2")
    assert spec.name == "rtsp://***@0.0.0.0/live"
    assert "er2" not in repr(spec) + str(spec)


@pytest.mark.parametrize(
    "text",
    [f"rtmp://server/app/{SECRET}", f"srt://h:1?passphrase={SECRET}", f"rtmp://{SECRET}:x@h/a/{SECRET}"],
)
def test_secrets_are_in_neither_name_nor_repr(text: str) -> None:
    spec = StreamSpec.parse(text)
    assert SECRET not in repr(spec) + str(spec) + spec.name
    assert spec.address.text == text


@pytest.mark.parametrize(
    ("spec", "video", "audio", "said"),
    [
        (FileSpec.parse(Path("o.flv")), "h265", "aac", ["o.flv can hold h264 only, not h265"]),
        (
            FileSpec.parse(Path("o.flv")),
            "h265",
            "opus",
            ["o.flv can hold h264 only, not h265", "o.flv can hold aac only, not opus"],
        ),
        (FileSpec.parse(Path("o.flv")), "h264", None, []),
        (FileSpec.parse(Path("o.ts")), "vp8", "opus", ["o.ts can hold h264 or h265 only, not vp8"]),
        (
            FileSpec.parse(Path("o.m3u8")),
            "h265",
            "aac",
            ['o.m3u8 can hold h264 only, not h265 (hls_segments = "fmp4" holds it)'],
        ),
        (FileSpec.parse(Path("o.m3u8"), "fmp4"), "h265", "opus", []),
        (StreamSpec.parse("rtmp://h/a/K"), "h264", "opus", ["rtmp://h/a/*** can hold aac only, not opus"]),
        (StreamSpec.parse("srt://h:1"), "h265", "opus", []),
        (StreamSpec.parse("rtsp://127.0.0.1"), "h265", "opus", []),
    ],
)
def test_a_codec_that_an_output_cannot_hold_is_named(
    spec: OutputSpec, video: str, audio: str | None, said: list[str]
) -> None:
    assert [line for _kind, line in spec.refusals(video, audio)] == said
    if said:
        with pytest.raises(ConfigError, match="can hold"):
            spec.check_codecs(video, audio)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.flv", "a.flv cannot be split; name it .mp4, .mkv or .ts"),
        ("a.FLV", "a.FLV cannot be split; name it .mp4, .mkv or .ts"),
        ("a.mp4", None),
        ("a.m3u8", None),
    ],
)
def test_a_format_that_cannot_be_split_is_refused(name: str, said: str | None) -> None:
    assert FileSpec.parse(Path(name)).split_refusal() == said


def test_parts_and_segments_have_their_names() -> None:
    assert part_prefix(Path("x/a.b.mp4")) == "a.b-"
    assert FileSpec.parse(Path("a.MP4")).part_suffix(is_split=True) == ".MP4"
    assert FileSpec.parse(Path("a.mp4")).part_suffix(is_split=False) is None
    assert FileSpec.parse(Path("a.m3u8")).part_suffix(is_split=False) == ".ts"
    assert FileSpec.parse(Path("a.m3u8"), "fmp4").part_suffix(is_split=False) == ".m4s"


@given(st.text(max_size=40), st.sampled_from(["", "rtmp://", "srt://", "rtsp://", "rtmp://h/a/"]))
def test_every_text_is_an_address_or_an_error_in_one_printable_line(text: str, before: str) -> None:
    spec = line = None
    try:
        spec = StreamSpec.parse(before + text)
    except ConfigError as error:
        line = str(error)
    if spec is None:
        assert line
        assert line.isprintable()
    else:
        assert spec.address.host is not None or "mode=listener" in text
