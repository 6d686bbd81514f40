"""How long the outputs of a run are waited for before they are given up."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.core.reconnector import ReconnectPolicy


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """The limits of the board and of each kind of output, in seconds."""

    finish_s: float = 10.0
    """An output that is switched off has its end by then, unless what takes it stands still."""
    close_s: float = 30.0
    """After the end all outputs are closed by then; each keeps to limits of its own, well below."""
    hurried_close_s: float = 1.0
    """The same for a run that is to end at once."""
    null_s: float = 1.0
    """An element that nothing holds has changed its state by then."""
    slow_disk_s: float = 10.0
    """A live run goes on for this long while the disk of a file stands still; then the file is given up."""
    recording_disk_s: float = 60.0
    """A recording, which has a pipeline of its own, is given up when its disk stands still for this long."""
    recording_finish_s: float = 20.0
    """At the end of a recording, this long for the disk to take what waits for it."""
    recording_leave_s: float = 1.0
    """Then this long for it to let go of the file."""
    unsent_s: float = 5.0
    """A server that has let this much video wait takes nothing, or too slowly: the connection is given up."""
    farewell_s: float = 3.0
    """At the end, this long for a server to take the last of the video."""
    reconnect: ReconnectPolicy = ReconnectPolicy(first_pause_s=0.5, longest_pause_s=3.0)
    """A server that is back is found within the longest pause, and has the video again within 5 s."""
    client_unsent_s: float = 2.0
    """This much waiting for an RTSP client, and it is left out up to a keyframe: it is too slow, or pauses."""
    client_farewell_s: float = 2.0
    """At the end, this long for RTSP clients to take the last of the video and to leave."""
