"""A network camera for the tests, as a program of its own: serves a video over RTSP in real time.

python -m tests.gst.capture.rtsp_camera PORT VIDEO [silent] (Matroska, h264 and aac; silent: no sound is sent)
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

MEDIA = (
    'filesrc location="{video}" ! matroskademux name=demux '
    "demux. ! queue ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96 "
    "demux. ! queue ! aacparse ! identity drop-probability={dropped} ! rtpmp4gpay name=pay1 pt=97"
)


def main(port: str, video: str, sound: str = "") -> None:
    """Serve until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(f"( {MEDIA.format(video=video, dropped=1.0 if sound else 0.0)} )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
