"""OutputLimits: how long a run waits for its outputs before it gives them up."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.core.reconnector import ReconnectPolicy


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """The limits of the board and of each kind of output, in seconds."""

    common_end_s: float = 1.0
    """How long stopping an output waits for the next of its slower stream, until that is where the other one is."""
    finish_s: float = 10.0
    """How long stopping an output waits until its element has reached EOS."""
    close_s: float = 30.0
    """How long the end of a run waits for all outputs to close; the limits of each are well below."""
    hurried_close_s: float = 1.0
    """The same for a run that must end at once."""
    null_s: float = 1.0
    """How long to wait for an element to change to NULL."""
    slow_disk_s: float = 10.0
    """A live run buffers this much video while a file's disk hangs; then that file has failed."""
    recording_disk_s: float = 60.0
    """A recording, which has its own pipeline, has failed when its disk is this far behind."""
    recording_finish_s: float = 20.0
    """How long the end of a recording waits for the disk to write what is buffered."""
    recording_leave_s: float = 1.0
    """How long it then waits for the file to close."""
    recordings: int = 8
    """At most this many recordings are on at once."""
    unsent_s: float = 5.0
    """When this much video waits for a server, the server is too slow and the connection is closed."""
    unsent_draining_s: float = 20.0
    """The same while something arrives and the bit rate follows the uplink: less is encoded, so that what waits is
    sent."""
    farewell_s: float = 3.0
    """How long the end of a push waits for the server to receive the rest of the video."""
    reconnect: ReconnectPolicy = ReconnectPolicy(first_pause_s=0.5, longest_pause_s=3.0)
    """A server that works again is found within the longest pause, and receives video within 5 s."""
    client_unsent_s: float = 2.0
    """When this much video waits for an RTSP client, it is dropped up to the next keyframe."""
    client_farewell_s: float = 2.0
    """How long the end waits for RTSP clients to receive the rest of the video and disconnect."""
