"""Graphic: one template drawn for frames of one size and format, anew only when what it shows changes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from pipeline.graphics.picture import Bgra, Picture, VideoColours, picture_of
from pipeline.graphics.placement import box_in
from pipeline.graphics.template import Drawer, Template, Values
from pipeline.optics.frame import PixelFormat

KEPT = 4
"""So many pictures are kept: a graphic that is switched off and on is not drawn again."""


class PictureDrawer(Drawer, Protocol):
    """Draws SVG; see `pipeline.gst.graphics.svg_drawer`."""

    def draw(self, svg: bytes, width: int, height: int) -> Bgra:
        """The SVG scaled to this size in pixels."""


class Graphic:
    """Draws `template` for frames of `size`. One thread at a time; a new picture takes some milliseconds."""

    def __init__(
        self,
        template: Template,
        drawer: PictureDrawer,
        size: tuple[int, int],
        pixel_format: PixelFormat,
        colours: VideoColours,
    ) -> None:
        self.template = template
        self._drawer = drawer
        self._box = box_in(template, *size)
        self._pixel_format, self._colours = pixel_format, colours
        self._places = sorted(template.places)
        self._pictures: OrderedDict[tuple[str, ...], Picture | None] = OrderedDict()
        self.drawn = 0
        """How many pictures were drawn."""

    def picture(self, values: Values) -> Picture | None:
        """What shows `values`; None if nothing is to be seen of it."""
        key = tuple(values.get(place, "") for place in self._places)
        if key in self._pictures:
            self._pictures.move_to_end(key)
            return self._pictures[key]
        svg = self.template.fill(values, self._drawer)
        x, y, width, height = self._box
        drawn = self._drawer.draw(svg, width, height)
        picture = picture_of(drawn, x, y, self._pixel_format, self._colours)
        self.drawn += 1
        self._pictures[key] = picture
        if len(self._pictures) > KEPT:
            self._pictures.popitem(last=False)
        return picture
