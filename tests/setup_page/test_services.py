"""Streaming services by name: the address that a key makes, and what of it may be shown."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.media.output_spec import StreamSpec
from pipeline.setup_page.services import OWN, SERVICES, service_of, stream_address, title_of

KEY = "live_0123-SECRET?backup=1"


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_key_makes_the_services_address(service: object) -> None:
    name, title = service.name, service.title  # type: ignore[attr-defined]
    address = stream_address(name, f"  {KEY}\n")
    assert address.endswith(KEY)
    assert StreamSpec.parse(address).scheme.name == "rtmps"
    assert service_of(address) == name
    assert title_of(address) == title
    assert KEY not in StreamSpec.parse(address).name


def test_an_address_of_ones_own_shows_no_key() -> None:
    address = stream_address(OWN, "rtmp://server.example/app/SECRET")
    assert service_of(address) == OWN
    assert "SECRET" not in title_of(address)
    assert "server.example" in title_of(address)


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("youtube", "two words", "no stream key of YouTube"),
        ("youtube", "rtmp://a/b/c", "no stream key of YouTube"),
        ("youtube", "  ", "no stream key of YouTube"),
        ("vimeo", "SECRET", "no streaming service"),
        (OWN, "server/app/SECRET", "rtmp"),
        (OWN, "http://server/SECRET", "rtmp"),
        (OWN, "rtmp://server", "key"),
    ],
)
def test_what_is_no_key_is_refused_without_quoting_it(name: str, key: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        stream_address(name, key)
    assert "SECRET" not in str(refused.value)
