"""Template: an SVG file with places for values; filled in, it is an SVG that can be drawn.

Attributes say what a value does: ``data-text="clock"`` replaces an element's text, ``data-fill="home_colour"`` its
colour, ``data-image="home_logo"`` the picture of an ``image``; ``data-if="added"`` leaves the element out if the
value is empty, ``data-unless`` if it is not. ``data-width="150"`` is how wide a text may be. On the root,
``data-anchor="top left"`` and ``data-margin="48"`` say where in the frame it stands (two numbers: at the sides, and
above or below). Lengths are pixels of a frame whose shorter side has 1080.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

from pipeline.errors import ConfigError

_DATA = Path(__file__).parent / "data"

TEMPLATE_NAMES = tuple(sorted(path.stem for path in _DATA.glob("*.svg")))
"""The templates in the package."""

MOST_BYTES = 1_000_000
LARGEST_SIDE = 4000.0
MOST_FITTED = 1000
SMALLEST_TEXT = 0.75
"""Text that is too wide is drawn smaller, down to this share of its size; then it ends in an ellipsis."""

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_OURS = "foresight"
_HINTED = 0.97
"""Drawn small, letters are moved to whole pixels, and a text may be wider than measured."""
_SHARE_BEFORE = {"middle": 0.5, "end": 1.0}
_ANCHORS = ({"left": 0.0, "centre": 0.5, "right": 1.0}, {"top": 0.0, "middle": 0.5, "bottom": 1.0})

Values = Mapping[str, str]
"""What a template shows, by name: text, colours as ``#rrggbb``, pictures as data URIs. Empty: nothing."""

Element = ElementTree.Element


class Drawer(Protocol):
    """Draws SVG; see `pipeline.gst.graphics.svg_drawer`."""

    def text_width(self, svg: bytes, element_id: str) -> float:
        """How wide the element with this id is, in the units of the SVG."""


class Template:
    """An SVG file with places for values. One thread at a time.

    ``size``: its width and height; ``anchor``: 0 (left, top) to 1 (right, bottom); ``margin``: to the
    frame's edge, at the sides and above or below.
    """

    def __init__(self, svg: bytes, name: str) -> None:
        """`name` is for messages. Raises ConfigError for what is no SVG, or holds places that mean nothing."""
        if len(svg) > MOST_BYTES:
            raise ConfigError(f"the template {name} is longer than {MOST_BYTES} bytes")
        if b"<!DOCTYPE" in svg and b"<!ENTITY" in svg:
            raise ConfigError(f"the template {name} defines entities; save it as plain SVG")
        try:
            self._root = ElementTree.fromstring(svg)
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise ConfigError(f"the template {name} is no SVG: {error}") from error
        if self._root.tag != f"{{{_SVG}}}svg":
            raise ConfigError(f"the template {name} is no SVG: its root is {self._root.tag}")
        self.name = name
        self.size = (self._length(self._root, "width"), self._length(self._root, "height"))
        self.anchor = self._anchor(self._root.get("data-anchor", "top left"))
        self.margin = self._margins(self._root.get("data-margin", "48"))
        for element in self._root.iter():
            if "data-width" in element.attrib:
                self._length(element, "data-width")
        self._fitted: dict[tuple[tuple[tuple[str, str], ...], str], tuple[str, float]] = {}

    @classmethod
    def load(cls, name: str) -> Template:
        """A template of the package by name (see TEMPLATE_NAMES), or a user's own file, a path that ends in .svg.

        Blocks on the disk. Raises ConfigError, one line.
        """
        if name not in TEMPLATE_NAMES and not name.endswith(".svg"):
            raise ConfigError(
                f"there is no template {name!r}; give {', '.join(TEMPLATE_NAMES)}, or a file of your own (.svg)"
            )
        path = _DATA / f"{name}.svg" if name in TEMPLATE_NAMES else Path(name)
        try:
            with path.open("rb") as file:
                return cls(file.read(MOST_BYTES + 1), str(path))
        except OSError as error:
            raise ConfigError(f"cannot read the template {path}: {error.strerror}") from error

    @property
    def places(self) -> frozenset[str]:
        """The names of the values that it shows."""
        keys = ("data-text", "data-fill", "data-image", "data-if", "data-unless")
        return frozenset(
            element.attrib[key] for element in self._root.iter() for key in keys if key in element.attrib
        )

    def fill(self, values: Values, drawer: Drawer) -> bytes:
        """The SVG that shows `values`; what is missing among them is empty. Whatever they hold stays text.

        `drawer` tells how wide texts are.
        """
        root = deepcopy(self._root)
        _leave_out(root, values)
        for element in root.iter():
            if (name := element.get("data-fill")) is not None and values.get(name):
                _set_fill(element, values[name])
            if (name := element.get("data-image")) is not None:
                element.set("href", values.get(name, ""))
                element.attrib.pop(f"{{{_XLINK}}}href", None)
            if (name := element.get("data-text")) is not None:
                _set_text(element, values.get(name, ""))
        parents = {child: parent for parent in root.iter() for child in parent}
        for number, element in enumerate(list(root.iter())):
            if "data-text" in element.attrib and "data-width" in element.attrib:
                _clip(parents, element, f"{_OURS}-{number}")
                self._fit(root, element, drawer)
        return _bytes(root)

    def _fit(self, root: Element, element: Element, drawer: Drawer) -> None:
        """Make a text smaller, or shorten it, that is wider than it may be."""
        text, most = "".join(element.itertext()), float(element.attrib["data-width"])

        def width(shown: str) -> float:
            _set_text(element, shown)
            element.set("id", _OURS)
            return drawer.text_width(_bytes(root), _OURS)

        key = (tuple(element.attrib.items()), text)
        own_id = element.attrib.pop("id", None)
        if key not in self._fitted:
            if len(self._fitted) > MOST_FITTED:
                self._fitted.clear()
            self._fitted[key] = fitted(text, most * _HINTED, width)
        shown, scale = self._fitted[key]
        _set_text(element, shown)
        element.attrib.pop("id", None)
        if own_id is not None:
            element.set("id", own_id)
        if scale < 1.0:  # not condensed: librsvg 2.54 places such text wrongly
            x, y = element.get("x", "0"), element.get("y", "0")
            element.set(
                "transform", f"translate({x} {y}) scale({scale:.4f}) translate({_minus(x)} {_minus(y)})"
            )

    def _length(self, element: Element, key: str) -> float:
        return self._pixels(key, element.get(key, ""), least=1.0)

    def _pixels(self, key: str, text: str, least: float) -> float:
        try:
            value = float(text.removesuffix("px"))
        except ValueError:
            value = math.nan
        if not least <= value <= LARGEST_SIDE:
            raise ConfigError(
                f"the template {self.name}: {key} is {text!r}; allowed: {least:g} to {LARGEST_SIDE:g} pixels"
            )
        return value

    def _margins(self, text: str) -> tuple[float, float]:
        words = text.split()
        if len(words) not in (1, 2):
            raise ConfigError(
                f"the template {self.name}: data-margin is {text!r}; allowed: one or two numbers"
            )
        across, along = (self._pixels("data-margin", word, least=0.0) for word in (words[0], words[-1]))
        return across, along

    def _anchor(self, text: str) -> tuple[float, float]:
        words = text.split()
        x = [_ANCHORS[0][word] for word in words if word in _ANCHORS[0]]
        y = [_ANCHORS[1][word] for word in words if word in _ANCHORS[1]]
        if len(words) != 2 or len(x) != 1 or len(y) != 1:
            raise ConfigError(
                f"the template {self.name}: data-anchor is {text!r}; allowed: top, middle or bottom, and left, "
                "centre or right"
            )
        return x[0], y[0]


def fitted(text: str, most: float, width: Callable[[str], float]) -> tuple[str, float]:
    """The text, or its beginning and an ellipsis, and the scale (1 or less) at which it is at most `most` wide."""
    whole = width(text)
    if whole <= most:
        return text, 1.0
    if whole * SMALLEST_TEXT <= most:
        return text, most / whole
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if width(_shortened(text, middle)) * SMALLEST_TEXT <= most:
            fits = middle
        else:
            too_long = middle
    shown = _shortened(text, fits)
    return shown, min(1.0, most / max(width(shown), 1e-6))


def _shortened(text: str, length: int) -> str:
    return f"{text[:length].rstrip()}…"


def _leave_out(parent: Element, values: Values) -> None:
    for child in list(parent):
        needed, unwanted = child.get("data-if"), child.get("data-unless")
        if (needed is not None and not values.get(needed)) or values.get(unwanted or ""):
            parent.remove(child)
        else:
            _leave_out(child, values)


def _set_text(element: Element, text: str) -> None:
    """Replace the text; that of the innermost first tspan, as Inkscape writes them, which keeps its style."""
    inner = element
    while len(inner):
        for other in list(inner)[1:]:
            inner.remove(other)
        inner.text = None
        inner = inner[0]
        inner.tail = None
    inner.text = text


def _set_fill(element: Element, colour: str) -> None:
    """Set the colour; in a style attribute too, where Inkscape has it and where it would hold."""
    element.set("fill", colour)
    style = [part for part in element.get("style", "").split(";") if part.split(":")[0].strip() != "fill"]
    if "style" in element.attrib:
        element.set("style", ";".join(style))


def _clip(parents: Mapping[Element, Element], text: Element, name: str) -> None:
    """Hide what a text draws beside its place: a glyph may be wider than it says, and nothing else would help."""
    width, parent = float(text.attrib["data-width"]), parents[text]
    x = next((float(one.attrib["x"]) for one in text.iter() if _is_number(one.get("x"))), 0.0)
    left = x - _SHARE_BEFORE.get(_style_of(text, parents, "text-anchor"), 0.0) * width
    group = ElementTree.Element(f"{{{_SVG}}}g", {"clip-path": f"url(#{name})"})
    if "transform" in text.attrib:
        group.set("transform", text.attrib.pop("transform"))
    clip = ElementTree.SubElement(group, f"{{{_SVG}}}clipPath", {"id": name})
    box = {
        "x": f"{left:g}",
        "y": f"{-LARGEST_SIDE:g}",
        "width": f"{width:g}",
        "height": f"{2 * LARGEST_SIDE:g}",
    }
    ElementTree.SubElement(clip, f"{{{_SVG}}}rect", box)
    place = list(parent).index(text)
    parent.remove(text)
    parent.insert(place, group)
    group.append(text)
    group.tail, text.tail = text.tail, None


def _style_of(element: Element | None, parents: Mapping[Element, Element], name: str) -> str:
    """What a property is, by style or attribute of the element or of those around it; "" if none says it."""
    while element is not None:
        for part in element.get("style", "").split(";"):
            key, _, value = part.partition(":")
            if key.strip() == name:
                return value.strip()
        if name in element.attrib:
            return element.attrib[name].strip()
        element = parents.get(element)
    return ""


def _is_number(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def _minus(length: str) -> str:
    return length[1:] if length.startswith("-") else f"-{length}"


def _bytes(root: Element) -> bytes:
    data: bytes = ElementTree.tostring(root, encoding="utf-8")
    return data
