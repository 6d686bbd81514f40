"""A reference to somebody else's element: strong while it is used, weak afterwards."""

from __future__ import annotations

from typing import Any

from pipeline.gst.delay.element_kinds import is_real
from pipeline.gst.runtime import GObject


class ElementRef:
    """Strong until `release`, weak from then on.

    An element's signal handlers are methods of the object that refers to the element; while both refer to each
    other, neither Python nor GStreamer can free them. The reference to a Python object that is no element stays
    strong.
    """

    def __init__(self, element: Any) -> None:
        self._strong = element
        self._weak = element.weak_ref() if is_real(element, GObject.Object) else lambda: element

    @property
    def element(self) -> Any:
        """The element; None when it was released and its owner has dropped it."""
        strong = self._strong
        return self._weak() if strong is None else strong

    def hold(self) -> None:
        """Keep the element alive; idempotent."""
        self._strong = self.element

    def release(self) -> None:
        """Leave the element to its owner; idempotent."""
        self._strong = None
