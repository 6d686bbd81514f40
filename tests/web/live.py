"""A live run with its dashboard, and waiting for a condition in a real browser's page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from playwright.sync_api import Page

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.gst.core.elements import elements_of
from pipeline.gst.runtime import Gst
from pipeline.settings import Settings
from pipeline.web.server import Dashboard
from tests.gst.output.peers import wait_until


class Live:
    """A live run of the match, usually without outputs, with its dashboard; `web`: the dashboard's settings.

    `film_s`: how much of the film it keeps for clips; None: what is usual.
    """

    def __init__(
        self,
        *,
        size: str = "320x180",
        streams: Sequence[str] = (),
        source: str = "match?size=640x214&fps=25",
        rig: Path | None = None,
        scoreboard: bool = False,
        delay_s: float = 1.0,
        outputs: Sequence[str | Path] = (),
        groups: Mapping[str, object] = MappingProxyType({}),
        film_s: float | None = None,
        **web: object,
    ) -> None:
        """`groups`: further groups of the settings, by name."""
        settings = Settings.parse(
            {
                "graphics": {"scoreboard": scoreboard},
                "clips": {"film_s": film_s},
                **groups,
                "sources": [source],
                "rig": rig,
                "size": size,
                "streams": list(streams),
                "outputs": [str(output) for output in outputs],
                "live": True,
                "delay_s": delay_s,
                "detector": {"kind": "none"},
                "web": {"address": "127.0.0.1:0"} | web,
            }
        )
        self.run = PanoramaWithVirtualCamera(settings)
        self.dashboard = Dashboard(self.run, settings.web, "0")
        self.address = self.dashboard.start()
        self._thread = threading.Thread(target=self.run.run, args=[self.dashboard.publish], daemon=True)
        self._thread.start()
        wait_until(lambda: self.run.progress().position_s > 0.5, "the video")

    def encoders(self) -> int:
        """The number of video encoders in the playback pipeline."""
        playback = self.run.playback
        assert playback is not None
        return len(list(_encoders(playback.pipeline)))

    def play_out(self) -> None:
        """End the capture, and wait until the window has been played."""
        self.run.stop()
        self._thread.join(60)

    def end(self) -> None:
        self.run.abort()
        self._thread.join(20)
        self.dashboard.stop()
        assert not self._thread.is_alive()


def _encoders(container: Gst.Bin) -> Iterator[Gst.Element]:
    for element in elements_of(container):
        factory = element.get_factory()
        if isinstance(element, Gst.Bin):
            yield from _encoders(element)
        elif factory is not None and "Encoder/Video" in (factory.get_metadata("klass") or ""):
            yield element


def until(page: Page, condition: str) -> None:
    """Wait until `condition` holds for the run's state `s` from the API; a minute and a half at most."""
    wait_in(page, f"((s) => {condition})(await (await fetch('/api/state')).json())")


def wait_in(page: Page, condition: str) -> None:
    """Wait until `condition` holds in the page, whose content security policy forbids Playwright's own waiting."""
    held = page.evaluate(
        f"""async () => {{
          for (let look = 0; look < 900; look++) {{
            if ({condition}) return true;
            await new Promise((go) => setTimeout(go, 100));
          }}
          return false;
        }}"""
    )
    assert held, condition
