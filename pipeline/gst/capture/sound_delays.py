"""SoundDelays: by how much the sound of each camera is delayed, which is as much as the rig delays its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.gst.core.connections import Connections
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.runtime import Gst
from pipeline.optics.camera_delays import camera_delays_ns
from pipeline.optics.rig import Rig


class SoundDelays:
    """The rig tells them in frames. If it tells no frame rate, the first caps of the camera's video do.

    Any thread; nothing blocks.
    """

    def __init__(self, rig: Rig | None, entries: Sequence[Gst.Pad], connections: Connections) -> None:
        """`rig`: of several cameras, None for one; `entries`: the sink pads where each camera's video enters."""
        self._delays_ns: list[int | None] = [0] * len(entries)
        self._on_known: Callable[[], object] = lambda: None
        if rig is None or len(entries) < 2:
            return
        self._offsets = [camera.frame_offset for camera in rig.cameras]
        delays_ns = camera_delays_ns(self._offsets, [camera.frame_rate for camera in rig.cameras])
        if delays_ns is not None:
            self._delays_ns = [*delays_ns]
            return
        for index, entry in enumerate(entries):
            self._delays_ns[index] = None
            connections.probe(entry, Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event, index)

    def of(self, camera: int) -> int | None:
        """The delay of that camera's sound, in nanoseconds; None while its frame rate is not known."""
        return self._delays_ns[camera]

    def on_known(self, callback: Callable[[], object]) -> None:
        """Call `callback()` when another delay has become known, on a streaming thread of its video."""
        self._on_known = callback

    def _on_event(self, _pad: Gst.Pad, info: Gst.PadProbeInfo, index: int) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is None or event.type != Gst.EventType.CAPS:
            return Gst.PadProbeReturn.OK
        fps = caps_fps(event.parse_caps())
        delays_ns = camera_delays_ns(self._offsets, [fps] * len(self._offsets))
        self._delays_ns[index] = 0 if delays_ns is None else delays_ns[index]
        self._on_known()
        return Gst.PadProbeReturn.REMOVE
