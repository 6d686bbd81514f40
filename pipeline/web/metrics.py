"""RunMetrics: the metrics of a run, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

METRICS: tuple[tuple[str, str, str], ...] = (
    ("foresight_position_seconds", "position_s", "Running time that playback shows"),
    ("foresight_delay_seconds", "delay_s", "Delay from capture to playback"),
    ("foresight_delay_target_seconds", "target_delay_s", "Delay of the settings"),
    ("foresight_buffer_seconds", "buffer_s", "Video that the window holds, in seconds"),
    ("foresight_buffer_fill_ratio", "buffer_fill", "How full the window is, 0 to 1"),
    ("foresight_fps_in", "fps_in", "Frames per second from the sources"),
    ("foresight_fps_out", "fps_out", "Frames per second to the outputs"),
    ("foresight_frames_in_total", "frames_in", "Frames from the sources"),
    ("foresight_frames_out_total", "frames_out", "Frames to the outputs"),
    ("foresight_frames_dropped_total", "dropped", "Frames that will never be shown"),
    ("foresight_camera_outages_total", "camera_outages", "Times that a live camera dropped out"),
    (
        "foresight_clock_drift_ppm",
        "clock_drift_ppm",
        "Millionths by which a source's clock is fast; corrected",
    ),
    (
        "foresight_camera_sway_degrees",
        "sway_deg",
        "The largest turn of a camera from its place in the last 5 s",
    ),
    ("foresight_look_ahead_seconds", "look_ahead_s", "Look-ahead that the newest plan had"),
    ("foresight_cpu_percent", "cpu_percent", "Processor time over wall time; 100 is one core"),
    ("foresight_memory_megabytes", "memory_mb", "Resident memory in 10^6 bytes"),
    ("foresight_notes", "notes", "Notes for the user so far"),
    ("foresight_stages_standing", "standing", "Stages of the run that stand still"),
    ("foresight_paused", "transport", "1 while the video is frozen"),
)
"""Name, key of the state, help text; a metric whose name ends in _total is a counter, any other a gauge."""

OUTPUT_METRICS: tuple[tuple[str, str, str], ...] = (
    ("foresight_output_up", "state", "1 while an output is running, 0 while it is offline or has failed"),
    ("foresight_push_gaps_total", "gaps", "Times that a push lost its server"),
    ("foresight_push_lost_seconds_total", "lost_s", "Seconds of video that were not sent to a push's server"),
    (
        "foresight_push_bitrate_kbps",
        "bitrate_kbps",
        "Video bit rate that a push sends, if it follows its uplink",
    ),
    ("foresight_push_arrives_kbps", "arrives_kbps", "Video bit rate that arrives at a push's server"),
    ("foresight_push_backlog_seconds", "backlog_s", "Seconds of video that wait for a push's server"),
)
"""The same for each running output; those of pushes only for streams, from 0 after a restart."""

CAMERA_METRICS: tuple[tuple[str, str, str], ...] = (
    ("foresight_camera_seen", "status", "1 while the camera shows its backdrop, 0 while it does not"),
    ("foresight_camera_off_degrees", "off_deg", "How far the camera stands from its place; corrected"),
    ("foresight_camera_bumps_total", "bumps", "Times that the camera was bumped"),
    ("foresight_camera_sway_worst_degrees", "worst_deg", "The largest turn of the camera so far"),
    (
        "foresight_camera_clock_offset_milliseconds",
        "clock_offset_ms",
        "How much later than its times say the camera is shown, by the first camera's clock",
    ),
    (
        "foresight_camera_clock_drift_ppm",
        "clock_drift_ppm",
        "Millionths by which the camera's clock is fast compared with the first camera's; corrected",
    ),
    ("foresight_camera_gain_ratio", "gain_bgr", "Mean gain of the camera's colours besides the rig's"),
    (
        "foresight_camera_seam_error_pixels",
        "seam_error_px",
        "How far the camera's ground is off at its seams",
    ),
)
"""The same for each camera, if its sway is measured."""

Reader = Callable[[Any], float | None]

FURTHER_METRICS: tuple[tuple[str, str, Reader, str], ...] = (
    (
        "foresight_health",
        "health",
        lambda value: float(("good", "warning", "bad").index(value["level"])),
        "0 while all is well, 1 for a warning, 2 while viewers miss something or soon will",
    ),
    ("foresight_frames_dropping_fps", "dropping_fps", float, "Dropped frames per second, over ten seconds"),
    ("foresight_cameras_offline", "offline", lambda value: float(len(value)), "Cameras that send no video"),
    (
        "foresight_disk_left_hours",
        "disks",
        lambda value: value[0]["hours_left"] if value else None,
        "Hours until the first disk is full, at the present bit rates",
    ),
    (
        "foresight_sound_peak_dbfs",
        "sound",
        lambda value: None if value is None else max(value["peak_dbfs"]),
        "Loudest sample of what is played, in dB below full scale",
    ),
    (
        "foresight_sound_rms_dbfs",
        "sound",
        lambda value: None if value is None else max(value["rms_dbfs"]),
        "Root mean square of the loudest channel, in dB below full scale",
    ),
    (
        "foresight_sound_silent_seconds",
        "sound",
        lambda value: None if value is None else value["silent_s"],
        "Seconds for which the sound has been below -60 dBFS",
    ),
    (
        "foresight_sound_clips",
        "sound",
        lambda value: None if value is None else float(value["clips"]),
        "1 while the sound is cut off at full scale",
    ),
)
"""Name, key of the state, what reads the value there, help text; not there while that is None."""

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_UP = {"waiting": 1, "on": 1, "finishing": 1, "away": 0, "failed": 0}
_SEEN = {"ok": 1, "sways": 1}
_LABELS = ("number", "kind")


class RunMetrics(Collector):
    """The metrics of one run, in its own registry, separate from other runs in the process.

    Any thread.
    """

    def __init__(self, state: Callable[[], Mapping[str, Any]]) -> None:
        """`state` returns the run's newest state; each scrape asks for it."""
        self._state = state
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def exposition(self) -> bytes:
        """The document for a scrape, in Prometheus's text format 0.0.4."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Every metric for which the state has a value; an output's only while it is not stopped."""
        state = self._state()
        for name, key, meaning in METRICS:
            if key in state:
                family = _family(name, meaning)
                family.add_metric((), _value(key, state[key]))
                yield family
        for name, key, read, meaning in FURTHER_METRICS:
            value = read(state[key]) if key in state else None
            if value is not None:
                family = _family(name, meaning)
                family.add_metric((), value)
                yield family
        cameras = state.get("cameras", ())
        for name, key, meaning in CAMERA_METRICS if cameras else ():
            family = _family(name, meaning, ("camera",))
            for camera in (each for each in cameras if each[key] is not None):
                family.add_metric([camera["camera"]], _camera_value(key, camera[key]))
            yield family
        outputs = [output for output in state.get("outputs", ()) if output["state"] in _UP]
        for name, key, meaning in OUTPUT_METRICS if outputs else ():
            family = _family(name, meaning, _LABELS)
            for output in outputs:
                if key == "state" or (output["kind"] == "stream" and output[key] is not None):
                    value = _UP[output["state"]] if key == "state" else output[key]
                    family.add_metric([str(output[label]) for label in _LABELS], value)
            yield family


def _family(name: str, meaning: str, labels: tuple[str, ...] = ()) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    return kind(name, meaning, labels=labels)


def _camera_value(key: str, value: Any) -> float:
    if key == "status":
        return _SEEN.get(value, 0)
    return float(sum(value) / len(value) if key == "gain_bgr" else value)


def _value(key: str, value: Any) -> float:
    if key in ("notes", "standing"):
        return len(value)
    return float(value == "paused" if key == "transport" else value)
