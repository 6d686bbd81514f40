"""What stands at a path of this machine: a file, a camera that Video4Linux gives pictures from, or neither."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path


class Found(Enum):
    """What there is at a path, symbolic links followed."""

    NOTHING = auto()
    FILE = auto()
    FOLDER = auto()
    CAMERA = auto()
    LOCKED_CAMERA = auto()
    """A device of Video4Linux that this user may not open."""
    OTHER_DEVICE = auto()
    """A device that gives no pictures."""
    OTHER = auto()
    """A pipe, a socket, a disk, or what cannot be looked at."""


LookUp = Callable[[Path], Found]
"""What says what there is at a path; `look_up` asks this machine."""

VIDEO4LINUX_MAJOR = 81
"""The device number of Video4Linux (the kernel's admin-guide/devices.txt)."""

_QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP: _IOR('V', 0, struct v4l2_capability), 104 bytes (linux/videodev2.h)."""
_CAPABILITY = struct.Struct("16s32s32sIII12x")
_CAPTURES = 0x00000001 | 0x00001000
"""V4L2_CAP_VIDEO_CAPTURE, or its kind with several planes: what v4l2src takes."""
_HAS_DEVICE_CAPS = 0x80000000


def look_up(path: Path) -> Found:
    """What there is at `path`. Asks the kernel; opens nothing but devices of Video4Linux. Any thread."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Found.NOTHING
    except (OSError, ValueError):
        return Found.OTHER
    if stat.S_ISREG(found.st_mode):
        return Found.FILE
    if stat.S_ISDIR(found.st_mode):
        return Found.FOLDER
    if not stat.S_ISCHR(found.st_mode):
        return Found.OTHER
    if os.major(found.st_rdev) != VIDEO4LINUX_MAJOR:
        return Found.OTHER_DEVICE
    return _look_at_camera(path)


def _look_at_camera(path: Path) -> Found:
    """A camera has further devices, for its metadata, say: which one gives pictures the device itself says."""
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return Found.CAMERA
        return Found.LOCKED_CAMERA if error.errno in (errno.EACCES, errno.EPERM) else Found.OTHER_DEVICE
    try:
        answer = fcntl.ioctl(device, _QUERYCAP, bytes(_CAPABILITY.size))
    except OSError:
        return Found.OTHER_DEVICE
    finally:
        os.close(device)
    return Found.CAMERA if captures(answer) else Found.OTHER_DEVICE


def captures(capability: bytes) -> bool:
    """Whether a device that answered VIDIOC_QUERYCAP with `capability` gives pictures."""
    _driver, _card, _bus, _version, of_all, of_this = _CAPABILITY.unpack(capability)
    return bool((of_this if of_all & _HAS_DEVICE_CAPS else of_all) & _CAPTURES)


def cameras(folder: Path = Path("/dev"), looked_up: LookUp = look_up) -> tuple[Path, ...]:
    """The cameras of this machine, by their shortest names."""
    wanted = (Found.CAMERA, Found.LOCKED_CAMERA)
    return tuple(path for path in sorted(folder.glob("video*")) if looked_up(path) in wanted)
