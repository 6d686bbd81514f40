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
    ("foresight_paused", "gauge", "transport", "1 while the picture is held"),
)
"""Name, type, key of the state, help."""

OUTPUT_METRICS: tuple[tuple[str, str, str, str], ...] = (
    ("foresight_output_up", "gauge", "state", "1 while an output is on, 0 while it is away or has failed"),
    ("foresight_push_gaps_total", "counter", "gaps", "Times that a push lost its server"),
    ("foresight_push_lost_seconds_total", "counter", "lost_s", "Film that a push's server has not had"),
)
"""The same, of each output that has not been stopped; a push's only of streams, from 0 when it is started again."""

_UP = {"waiting": 1, "on": 1, "finishing": 1, "away": 0, "failed": 0}

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(state: Mapping[str, Any]) -> str:
    """The document for a scrape; what the state does not hold yet is left out."""
    lines = []
    for name, kind, key, meaning in METRICS:
        if key in state:
            value = state[key]
            if key == "notes":
                value = len(value)
            elif key == "transport":
                value = int(value == "paused")
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f"{name} {value}"]
    outputs = [output for output in state.get("outputs", ()) if output["state"] in _UP]
    for name, kind, key, meaning in OUTPUT_METRICS if outputs else ():
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        for output in outputs:
            if key == "state" or output["kind"] == "stream":
                value = _UP[output["state"]] if key == "state" else output[key]
                lines.append(f'{name}{{number="{output["number"]}",kind="{output["kind"]}"}} {value}')
    return "\n".join([*lines, ""])
