"""The only module that imports gi: checks GStreamer's version and says what to install."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pipeline.errors import MissingDependencyError

MINIMUM_VERSION = (1, 20)
"""The oldest GStreamer whose appsink, appsrc and mp4mux do what Foresight needs."""

_INSTALL = (
    "install it with: sudo apt-get install python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 "
    "gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "(and create the environment with: /usr/bin/python3 -m venv --system-site-packages .venv)"
)

with suppress(OSError):
    # GStreamer loads libunwind, which aborts on the C++ exceptions that libsrt throws while closing, unless the
    # compiler's own unwinder is loaded first
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstAudio", "1.0")
    gi.require_version("GstBase", "1.0")
    gi.require_version("GstPbutils", "1.0")
    gi.require_version("GstVideo", "1.0")
    from gi.repository import Gio, GLib, GObject, Gst, GstApp, GstAudio, GstBase, GstPbutils, GstVideo
except (ImportError, ValueError) as error:
    raise MissingDependencyError(f"GStreamer for Python is not usable ({error}); {_INSTALL}") from error

if TYPE_CHECKING:
    from gi.repository import GstRtspServer

if not Gst.is_initialized():
    Gst.init(None)

VERSION: tuple[int, ...] = tuple(Gst.version())
if VERSION[:2] < MINIMUM_VERSION:
    raise MissingDependencyError(
        f"GStreamer {'.'.join(map(str, VERSION[:3]))} is too old, "
        f"{'.'.join(map(str, MINIMUM_VERSION))} or newer is needed; upgrade the system's GStreamer packages"
    )
if not hasattr(Gst.Fraction(1, 1), "num"):  # the overrides come with python3-gst-1.0, not with gi
    raise MissingDependencyError("the Python overrides of GStreamer are missing; install python3-gst-1.0")

# autovideosink tries every installed sink, and DirectFB's ends the process when there is no screen
_directfb = Gst.Registry.get().lookup_feature("dfbvideosink")
if _directfb is not None:
    _directfb.set_rank(Gst.Rank.NONE)

__all__ = [
    "FEATURES",
    "VERSION",
    "Feature",
    "GLib",
    "GObject",
    "Gio",
    "Gst",
    "GstApp",
    "GstAudio",
    "GstBase",
    "GstPbutils",
    "GstRtspServer",
    "GstVideo",
    "load_rtsp_server",
    "load_svg",
    "missing_elements",
    "require",
]

_BASE, _GOOD, _BAD, _UGLY, _LIBAV = (
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-libav",
)
_RTSP_SERVER = "GstRtspServer"
_SVG = "Rsvg"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a user can ask for: the elements, typelibs and Python modules that it needs, with their Debian
    packages."""

    name: str
    elements: dict[str, str]
    typelibs: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature(
            "core",
            {
                "appsink": _BASE,
                "appsrc": _BASE,
                "uridecodebin3": _BASE,
                "videoconvert": _BASE,
                "videoscale": _BASE,
                "deinterlace": _GOOD,
                "videocrop": _GOOD,
                "videoflip": _GOOD,
                "audioconvert": _BASE,
                "audioresample": _BASE,
                "errorignore": _BAD,
            },
        ),
        Feature(
            "decode", {"decodebin3": _BASE, "avdec_h264": _LIBAV, "avdec_h265": _LIBAV, "avdec_aac": _LIBAV}
        ),
        Feature("h264", {"x264enc": _UGLY, "h264parse": _BAD}),
        Feature("h265", {"x265enc": _BAD, "h265parse": _BAD}),
        Feature("aac", {"avenc_aac": _LIBAV, "aacparse": _GOOD}),
        Feature("opus", {"opusenc": _BASE, "opusparse": _BAD}),
        Feature("mp4", {"mp4mux": _GOOD}),
        Feature("mkv", {"matroskamux": _GOOD}),
        Feature("flv", {"flvmux": _GOOD}),
        Feature("ts", {"mpegtsmux": _BAD}),
        Feature("hls", {"hlssink2": _BAD, "mpegtsmux": _BAD}),
        Feature("rtmp", {"rtmp2sink": _BAD, "rtmp2src": _BAD, "flvmux": _GOOD}),
        Feature("rtsp", {"rtspsrc": _GOOD}),
        Feature(
            "rtsp-out",
            {"rtph264pay": _GOOD, "rtph265pay": _GOOD, "rtpmp4gpay": _GOOD, "rtpopuspay": _GOOD},
            {_RTSP_SERVER: "gir1.2-gst-rtsp-server-1.0"},
        ),
        Feature("srt", {"srtsink": _BAD, "srtsrc": _BAD, "capssetter": _GOOD}),
        Feature("graphics", {}, {_SVG: "gir1.2-rsvg-2.0"}, {"gi._gi_cairo": "python3-gi-cairo"}),
        Feature("window", {"autovideosink": _GOOD, "autoaudiosink": _GOOD}),
        Feature("camera", {"v4l2src": _GOOD}),
    )
}


def missing_elements(feature: str) -> dict[str, str]:
    """What `feature` (a key of FEATURES) needs and this machine lacks, each with its package."""
    wanted = FEATURES[feature]
    elements = {
        name: package for name, package in wanted.elements.items() if Gst.ElementFactory.find(name) is None
    }
    known = gi.Repository.get_default()
    typelibs = {
        name: package for name, package in wanted.typelibs.items() if not known.enumerate_versions(name)
    }
    modules = {name: package for name, package in wanted.modules.items() if find_spec(name) is None}
    return elements | typelibs | modules


def require(*features: str) -> None:
    """Raise MissingDependencyError, naming the Debian packages, unless every feature's elements are installed."""
    missing: dict[str, str] = {}
    for feature in features:
        missing.update(missing_elements(feature))
    if missing:
        packages = " ".join(sorted(set(missing.values())))
        raise MissingDependencyError(
            f"GStreamer lacks {', '.join(sorted(missing))}; install with: sudo apt-get install {packages}"
        )


def load_rtsp_server() -> Any:
    """Import GstRtspServer, which only an RTSP output needs. Raises MissingDependencyError."""
    require("rtsp-out")
    gi.require_version(_RTSP_SERVER, "1.0")
    from gi.repository import GstRtspServer

    return GstRtspServer


def load_svg() -> tuple[Any, Any]:
    """Import librsvg and pycairo, which only graphics need. Raises MissingDependencyError."""
    require("graphics")
    gi.require_version(_SVG, "2.0")
    gi.require_foreign("cairo")
    import cairo
    from gi.repository import Rsvg

    return Rsvg, cairo
