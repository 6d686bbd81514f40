"""The run in numbers, in Prometheus's text format 0.0.4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

METRICS: tuple[tuple[str, str, str, str], ...] = (
    ("foresight_position_seconds", "gauge", "position_s", "Running time that playback shows"),
    ("foresight_delay_seconds", "gauge", "delay_s", "Delay from capture to playback"),
    ("foresight_delay_target_seconds", "gauge", "target_delay_s", "Delay of the settings"),
    ("foresight_buffer_seconds", "gauge", "buffer_s", "Picture that the window holds"),
    ("foresight_buffer_fill_ratio", "gauge", "buffer_fill", "How full the window is, 0 to 1"),
    ("foresight_fps_in", "gauge", "fps_in", "Frames a second from the sources"),
    ("foresight_fps_out", "gauge", "fps_out", "Frames a second to the outputs"),
    ("foresight_frames_in_total", "counter", "frames_in", "Frames from the sources"),
    ("foresight_frames_out_total", "counter", "frames_out", "Frames to the outputs"),
    ("foresight_frames_dropped_total", "counter", "dropped", "Frames that will never be shown"),
    ("foresight_camera_outages_total", "counter", "camera_outages", "Times that a live camera went away"),
    ("foresight_look_ahead_seconds", "gauge", "look_ahead_s", "Future that the newest plan knew"),
    ("foresight_cpu_percent", "gauge", "cpu_percent", "Processor time over wall time; 100 is a core"),
    ("foresight_memory_megabytes", "gauge", "memory_mb", "Resident memory in 10^6 bytes"),
    ("foresight_notes", "gauge", "notes", "Notes for the user so far"),
)
"""Name, type, key of the state, help."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(state: Mapping[str, Any]) -> str:
    """The document for a scrape; what the state does not hold yet is left out."""
    lines = []
    for name, kind, key, meaning in METRICS:
        if key in state:
            value = len(state[key]) if key == "notes" else state[key]
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f"{name} {value}"]
    return "\n".join([*lines, ""])
