"""Stacker: stacks the frames of several cameras into one rig frame, paired by running time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.analysis.frame_pairing import FramePairing
from pipeline.errors import PipelineError, RigError
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import add, ghost, link, make, static_pad
from pipeline.gst.core.frame_rate import caps_rate, structure_rate
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst
from pipeline.optics.camera_delays import camera_delays_ns
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S, Nanoseconds


class Stacker:
    """A bin with the sink pads ``camera_0`` ... and the source pad ``src``, on GStreamer's compositor.

    `sizes` are the cameras' (width, height) in pixels; `frame_offsets` the rig's: frame i + offset of a camera
    shows what frame i of a camera with offset 0 shows. Cameras of different frame rates need their `rates` in
    frames per second; the rig frame then has the highest. Rig frames start once every camera has a frame; the last
    frame of a camera that is late or lost is repeated, and the others continue. Each frame is copied once.

    With `clocks`, each frame is placed in the nearest rig frame by its corrected time; the compositor alone may be
    a frame off where a camera's times lie between those of the rig frames.
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        frame_offsets: Sequence[int],
        *,
        live: bool,
        connections: Connections,
        on_error: Callable[[RigError], object] = lambda _error: None,
        rates: Sequence[float] = (),
        clocks: CameraClocks | None = None,
        captured_ns: Callable[[int], int] | None = None,
    ) -> None:
        """`connections`: those of its pipeline. `on_error` is called from a streaming thread if a camera's frame
        size is not the rig's. `captured_ns`: the capture's running time of one of this pipeline, if it is another;
        then this stacker only follows `clocks`, and another one tells them what it shows."""
        self.element = Gst.Bin.new("stacker")
        self._live = live
        self._on_error = on_error
        self._frame_offsets = frame_offsets
        self._delays_ns = camera_delays_ns(frame_offsets, rates or [0.0] * len(sizes))
        """How much later each camera is shown; None if its frame rate tells."""
        self._lock = threading.Lock()
        self._playing = len(sizes)
        self._clocks, self._captured_ns = clocks, captured_ns
        self._pairings = [FramePairing() for _ in sizes]
        self._grid: tuple[int, float] | None = None
        """The running time of the first rig frame, and how long each lasts, in nanoseconds."""
        self._compositor = make("compositor", "compositor", background="black", start_time_selection="first")
        shape = make("capsfilter", "rig-frame")
        width, height = max(size[0] for size in sizes), sum(size[1] for size in sizes)
        shape.set_property("caps", Gst.Caps.from_string(f"video/x-raw,width={width},height={height}"))
        add(self.element, self._compositor, shape)
        link(self._compositor, shape)
        top = 0
        for index, (camera_width, camera_height) in enumerate(sizes):
            pad = self._compositor.request_pad_simple("sink_%u")
            if pad is None:
                raise PipelineError(f"the compositor accepts no camera {index}")
            pad.set_property("ypos", top)
            pad.set_property("width", camera_width)
            pad.set_property("height", camera_height)
            pad.set_property("repeat-after-eos", True)
            size = camera_width, camera_height
            connections.probe(pad, Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event, index)
            connections.probe(pad, Gst.PadProbeType.BUFFER, self._on_first_frame, index, size)
            if clocks is not None:
                connections.probe(pad, Gst.PadProbeType.BUFFER, self._on_frame, index)
            ghost(self.element, pad, f"camera_{index}")
            top += camera_height
        if clocks is not None:
            connections.probe(static_pad(shape, "src"), Gst.PadProbeType.BUFFER, self._on_first_rig_frame)
        ghost(self.element, static_pad(shape, "src"), "src")

    @classmethod
    def of_rig(
        cls,
        rig: Rig,
        *,
        live: bool,
        connections: Connections,
        on_error: Callable[[RigError], object] = lambda _error: None,
        clocks: CameraClocks | None = None,
        captured_ns: Callable[[int], int] | None = None,
    ) -> Stacker:
        """A stacker for the rig frame of `rig`."""
        sizes = [camera.size_px for camera in rig.cameras]
        offsets = [camera.frame_offset for camera in rig.cameras]
        rates = [camera.frame_rate for camera in rig.cameras]
        return cls(
            sizes,
            offsets,
            live=live,
            connections=connections,
            on_error=on_error,
            rates=rates,
            clocks=clocks,
            captured_ns=captured_ns,
        )

    def _on_event(self, pad: Gst.Pad, info: Gst.PadProbeInfo, index: int) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is not None and event.type == Gst.EventType.CAPS:
            self._pair(pad, event.parse_caps().get_structure(0), index)
        elif event is not None and event.type == Gst.EventType.EOS:
            self._end_of_camera(pad)
        return Gst.PadProbeReturn.OK

    def _on_first_frame(
        self, pad: Gst.Pad, _info: Gst.PadProbeInfo, index: int, size: tuple[int, int]
    ) -> Gst.PadProbeReturn:
        """Check the size of a camera's frames: it is known when the first comes, and stays."""
        caps = pad.get_current_caps()
        structure = None if caps is None else caps.get_structure(0)
        if structure is None:
            return Gst.PadProbeReturn.OK
        width, height = structure.get_value("width"), structure.get_value("height")
        if (width, height) != size:
            self._on_error(
                RigError(
                    f"camera {index} sends {width}x{height}, but the rig is made for {size[0]}x{size[1]}; "
                    "use the rig of these cameras, or calibrate again"
                )
            )
        return Gst.PadProbeReturn.REMOVE

    def _on_first_rig_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Learn the grid of the rig frames."""
        buffer, rate = info.get_buffer(), caps_rate(pad.get_current_caps())
        time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if time_ns is None or self._clocks is None:
            return Gst.PadProbeReturn.OK
        if rate is not None:
            self._grid = time_ns, NS_PER_S * rate[1] / rate[0]
        if self._captured_ns is None:
            self._clocks.begin(Nanoseconds(time_ns))
        return Gst.PadProbeReturn.REMOVE

    def _on_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo, index: int) -> Gst.PadProbeReturn:
        """Place a camera's frame where the correction of its clock puts it, or leave it out.

        Its timestamp changes rather than the pad's offset, which would send a new segment with each frame.
        """
        buffer, clocks, captured_ns = info.get_buffer(), self._clocks, self._captured_ns
        time_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if buffer is None or clocks is None or time_ns is None:
            return Gst.PadProbeReturn.OK
        shown_ns: int | None = time_ns
        if self._grid is not None:
            correction_ns = clocks.correction_ns(
                index, time_ns if captured_ns is None else captured_ns(time_ns)
            )
            shown_ns = self._pairings[index].place(time_ns, correction_ns, *self._grid)
        if shown_ns is None:
            return Gst.PadProbeReturn.DROP
        if captured_ns is None:
            clocks.shown(index, shown_ns, time_ns)
        if shown_ns != time_ns:
            buffer.pts = max(buffer.pts + shown_ns - time_ns, 0)
        return Gst.PadProbeReturn.OK

    def _pair(self, pad: Gst.Pad, structure: Gst.Structure, index: int) -> None:
        delays_ns = self._delays_ns
        if delays_ns is None:
            rate = structure_rate(structure)
            fps = 0.0 if rate is None else rate[0] / rate[1]
            delays_ns = camera_delays_ns(self._frame_offsets, [fps] * len(self._frame_offsets))
        if delays_ns is None:
            return
        pad.set_offset(delays_ns[index])
        if not self._live:
            self._compositor.set_property("start-time", max(delays_ns))
            Gst.util_set_object_arg(self._compositor, "start-time-selection", "set")

    def _end_of_camera(self, pad: Gst.Pad) -> None:
        """Stop repeating the camera that ends last; otherwise the compositor never reaches EOS."""
        with self._lock:
            self._playing -= 1
            last = self._playing == 0
        if last:
            pad.set_property("repeat-after-eos", False)
