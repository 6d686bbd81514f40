"""Raw sound in a QuickTime film is read in the byte order that the film says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from tests import films, videos
from tests.faults.record import Area, fault

TONE_HZ = 1000


@fault(
    Area.CAMERAS,
    "QuickTime film whose raw sound has the lowest byte first",
    seen="nothing; it is read in the film's byte order",
)
@pytest.mark.parametrize("form", ["s32le", "f32le", "f64le", "f32be"])
def test_the_sound_of_a_film_is_the_same_in_either_order(tmp_path: Path, form: str) -> None:
    film, video = tmp_path / "film.mov", tmp_path / "video.mkv"
    picture = ("-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=0.6")
    sound = ("-f", "lavfi", "-i", f"sine=frequency={TONE_HZ}:sample_rate=48000:duration=0.6")
    films.make_film(film, *picture, *sound, "-c:v", "mpeg4", "-c:a", f"pcm_{form}")
    given = {"sources": [str(film)], "outputs": [str(video)], "size": "160x90", "live": False, "delay_s": 0.4}
    PanoramaWithVirtualCamera(Settings.parse(given | {"detector": {"kind": "none"}})).run()
    heard = videos.sound(video)[videos.RATE_HZ // 10 : videos.RATE_HZ // 2]
    assert np.abs(heard).max() == pytest.approx(1 / 8, rel=0.2)  # what ffmpeg's sine has
    strength = np.abs(np.fft.rfft(heard))
    assert strength.argmax() * videos.RATE_HZ / len(heard) == pytest.approx(TONE_HZ, abs=20)
