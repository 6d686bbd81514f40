"""foresight doctor: reports what is installed, what is missing, and which encoders a run would use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Report what is installed on this machine and what is missing.

    Lists versions, features, encoders, cores and memory, and what a run and what development needs. Exit status 0
    means that a run can work here.

    \b
    foresight doctor
    foresight doctor --json
    """
    import json

    findings = examine()
    if as_json:
        typer.echo(json.dumps(findings, indent=1))
    else:
        for line in _lines(findings):
            typer.echo(line)
    if not findings["usable"]:
        raise typer.Exit(1)


NEEDED = ("core", "decode", "h264", "aac", "mp4")
"""The features without which a run cannot make a video."""


def examine() -> dict[str, Any]:
    """The findings of doctor, as plain data.

    Raises MissingDependencyError without GStreamer or a Python package that a run needs.
    """
    import os
    import platform
    from dataclasses import asdict
    from importlib.metadata import version

    from pipeline import __version__
    from pipeline.cli.installation import development_part, run_part
    from pipeline.errors import MissingDependencyError

    if missing := run_part(()).pip:
        raise MissingDependencyError(
            f"Python packages are missing; install them with: pip install {' '.join(missing)}"
        )
    import onnxruntime

    from pipeline.gst import runtime
    from pipeline.gst.encode import encoders

    features = {name: runtime.missing_elements(name) for name in runtime.FEATURES}
    needed = [package for name in NEEDED for package in features[name].values()]
    parts = {"run": run_part(needed), "development": development_part()}
    codecs = (*encoders.VIDEO_ENCODERS, *encoders.AUDIO_ENCODERS)
    return {
        "foresight": __version__,
        "python": platform.python_version(),
        "gstreamer": ".".join(map(str, runtime.VERSION[:3])),
        "opencv": version("opencv-python-headless"),
        "onnxruntime": {
            "version": version("onnxruntime"),
            "providers": onnxruntime.get_available_providers(),
        },
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "features": {name: {"missing": missing} for name, missing in features.items()},
        "encoders": {
            codec: [
                {"name": one.name, "usable": one.usable, "reason": one.reason}
                for one in encoders.candidates(codec)
            ]
            for codec in codecs
        },
        "installed": {name: asdict(part) | {"complete": part.is_complete} for name, part in parts.items()},
        "usable": not any(features[name] for name in NEEDED),
    }


def _lines(findings: dict[str, Any]) -> list[str]:
    onnx = findings["onnxruntime"]
    lines = [
        f"foresight {findings['foresight']}, Python {findings['python']}, GStreamer {findings['gstreamer']}, "
        f"OpenCV {findings['opencv']}",
        f"onnxruntime {onnx['version']}: {', '.join(onnx['providers'])}",
        f"{findings['cores']} cores, {findings['memory_gb']} GB of memory",
        "",
        "features",
    ]
    for name, feature in findings["features"].items():
        missing = feature["missing"]
        packages = " ".join(sorted(set(missing.values())))
        lines.append(
            f"  {name:8} lacks {', '.join(missing)}: sudo apt-get install {packages}"
            if missing
            else f"  {name:8} ok"
        )
    lines += ["", "encoders (the first that works is used)"]
    for codec, candidates in findings["encoders"].items():
        chosen = next((one["name"] for one in candidates if one["usable"]), "none")
        lines.append(f"  {codec}: {chosen}")
        lines += [f"    {one['name']:14} {one['reason']}" for one in candidates]
    lines += ["", "installed"]
    for name, part in findings["installed"].items():
        lines += [f"  {name:11} {what}" for what in _lacks(part)]
    lines += ["", "ready" if findings["usable"] else "not ready: install what is missing above"]
    return lines


def _lacks(part: dict[str, Any]) -> Iterator[str]:
    """What is missing of a part, and the command that installs it."""
    if part["apt"]:
        yield f"lacks {', '.join(part['apt'])}: sudo apt-get install {' '.join(part['apt'])}"
    if part["pip"]:
        yield f"lacks {', '.join(part['pip'])}: pip install {' '.join(part['pip'])}"
    if part["complete"]:
        yield "ok"
