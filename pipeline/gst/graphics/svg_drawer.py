"""SvgDrawer: draws SVG with librsvg: Cairo for shapes, Pango for text in any script."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.errors import PipelineError
from pipeline.graphics.picture import Bgra
from pipeline.gst.runtime import GLib, load_svg

LARGEST_SIDE = 8192


class SvgDrawer:
    """Draws SVG. Any thread, one at a time.

    The SVG is given as bytes, without an address, so librsvg reads no file and no address that it names; data URIs
    it does.
    """

    def __init__(self) -> None:
        """Raises MissingDependencyError without librsvg or pycairo."""
        self._svg, self._cairo = load_svg()

    def draw(self, svg: bytes, width: int, height: int) -> Bgra:
        """The SVG scaled to this size in pixels (1 to LARGEST_SIDE). Raises PipelineError for what is no SVG."""
        if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
            raise PipelineError(f"a graphic of {width}x{height} pixels cannot be drawn")
        pixels = np.zeros((height, width, 4), np.uint8)
        cairo = self._cairo
        surface = cairo.ImageSurface.create_for_data(
            pixels.data, cairo.FORMAT_ARGB32, width, height, width * 4
        )
        viewport = self._svg.Rectangle()
        viewport.width, viewport.height = width, height
        try:
            self._handle(svg).render_document(cairo.Context(surface), viewport)
        except GLib.Error as error:
            raise PipelineError(f"a graphic cannot be drawn: {error.message}") from error
        surface.flush()
        surface.finish()
        return pixels

    def text_width(self, svg: bytes, element_id: str) -> float:
        """How wide the element with this id is, in the units of the SVG. Raises PipelineError without it."""
        handle = self._handle(svg)
        try:
            _, ink, _logical = handle.get_geometry_for_element(f"#{element_id}")
        except GLib.Error as error:
            raise PipelineError(f"a graphic cannot be measured: {error.message}") from error
        return float(ink.width)

    def _handle(self, svg: bytes) -> Any:
        try:
            return self._svg.Handle.new_from_data(svg)
        except GLib.Error as error:
            raise PipelineError(f"a graphic is no SVG: {error.message}") from error
