"""Rendering a 1080p NV12 view, with a new map for each frame, against the usual ways."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import cv2
import numpy as np

from benchmarks.harness import Row, main, wall_ms
from pipeline.analysis.sway_history import mount_of
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.lens import CylindricalLens, FisheyeLens
from pipeline.optics.limits import panorama_view
from pipeline.optics.maps import Block, MapMaker
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Blend, Camera, Rig
from pipeline.optics.stabilisation.pose import Pose, matrix_of
from pipeline.optics.stabilisation.sway_meter import SwayMeter
from pipeline.optics.surface import Surface
from pipeline.optics.view import View

WIDTH, HEIGHT = 1920, 1080
PANORAMA = 5700, 1900
ONE, SEAM = View(-32, -10, 40), View(0, -12, 50)
V360_FRAMES = 20


def pair() -> Rig:
    """A rig of two 3072x1728 fisheyes, as in the shared videos."""
    lens = FisheyeLens((3072, 1728), 2124.0, (1575.0, 894.0), (-0.0654, -0.0047))
    left = Camera("left", lens, -32.3, -7.3, 5.67, (-0.222, -0.024, 0.01), (0.936, 1.005, 1.063))
    right = Camera("right", lens, 33.48, -7.75, -5.17, (0.222, 0.024, -0.01), (1.068, 0.995, 0.94))
    return Rig((left, right), Surface("ground-capped", 7.57, 88.0), Blend((0.0,), 1.0))


def stitched_panorama() -> Rig:
    """A rig for a stitched 5700x1900 cylindrical panorama, as wide as the pair's."""
    width, height = PANORAMA
    view = panorama_view(pair(), width / height)
    lens = view.lens(width, height)
    return Rig((Camera("panorama", CylindricalLens(lens.size_px, lens.focal_px, lens.centre_px)),))


def noise(rig: Rig) -> Frame:
    """A seeded, cloudy rig frame; the rendering time does not depend on the content."""
    width, height = rig.frame_size
    frame = Frame.empty("NV12", width, height)
    random = np.random.default_rng(1)
    for plane in frame.planes:
        small = random.integers(
            16, 235, (plane.shape[0] // 8, plane.shape[1] // 8, *plane.shape[2:]), np.uint8
        )
        plane[...] = cv2.resize(small, plane.shape[1::-1])
    return frame


def turning(view: View) -> Iterator[View]:
    """The view, turned a little with every frame, so that no map can be used twice."""
    step = 0
    while True:
        yield replace(view, yaw_deg=view.yaw_deg + 0.01 * (step % 50))
        step += 1


def measuring_sway(rig: Rig) -> Callable[[], object]:
    """Measure the turn of one camera in frames of a backdrop that moves by a pixel or two."""
    width, height = rig.cameras[0].size_px
    rng = np.random.default_rng(1)
    patches = rng.integers(30, 220, (height // 24 + 2, width // 24 + 2)).astype(np.uint8)
    backdrop = cv2.resize(patches, (width + 8, height + 8), interpolation=cv2.INTER_CUBIC)
    frames = [
        np.ascontiguousarray(backdrop[dy : dy + height, dx : dx + width])
        for dx, dy in ((4, 4), (5, 3), (3, 5))
    ]
    meter = SwayMeter(mount_of(rig, 0))
    following = cycle(frames)
    return lambda: meter.measure(next(following))


def measuring_a_covered_camera(rig: Rig) -> Callable[[], object]:
    """Measure twelve frames of a camera whose backdrop is not seen any more: in some of them it is looked for."""
    width, height = rig.cameras[0].size_px
    rng = np.random.default_rng(1)
    seen, hidden = (
        cv2.resize(
            rng.integers(30, 220, (height // 24, width // 24)).astype(np.uint8),
            (width, height),
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    )
    meter = SwayMeter(mount_of(rig, 0))
    meter.measure(np.asarray(seen, np.uint8))
    covered = np.asarray(hidden, np.uint8)
    return lambda: [meter.measure(covered) for _ in range(12)]


def rendering(
    rig: Rig, view: View, pool: ThreadPoolExecutor | None = None, *, turned: bool = False
) -> Callable[[], Frame]:
    """The measured work: render one frame of a turning view into the same memory; `turned`: of turned cameras."""
    renderer = Renderer(rig, WIDTH, HEIGHT, spread=pool.map if pool else map)
    frame, out, views = noise(rig), Frame.empty("NV12", WIDTH, HEIGHT), turning(view)
    pose = Pose(matrix_of(np.radians([0.3, 0.4, 0.2])))
    poses = tuple(pose for _ in rig.cameras) if turned else None
    return lambda: renderer.render(next(views), frame, out, poses)


def panorama_then_crop(rig: Rig, view: View, pool: ThreadPoolExecutor) -> Callable[[], Frame]:
    """Stitch the whole panorama, with gains and feather, then render the view from it."""
    frame, stitched, whole = (
        noise(rig),
        noise(stitched_panorama()),
        panorama_view(rig, PANORAMA[0] / PANORAMA[1]),
    )
    stitch = Renderer(rig, *PANORAMA, spread=pool.map)
    crop = Renderer(stitched_panorama(), WIDTH, HEIGHT, spread=pool.map)
    out, views = Frame.empty("NV12", WIDTH, HEIGHT), turning(view)
    return lambda: crop.render(next(views), stitch.render(whole, frame, stitched), out)


def fixed_panorama_then_crop(rig: Rig, view: View, pool: ThreadPoolExecutor) -> Callable[[], Frame]:
    """The same with maps made once, without gains and feather: the lowest cost of a panorama."""
    frame, stitched, (width, height) = noise(rig), noise(stitched_panorama()), PANORAMA
    maps = []
    for part in (maker := MapMaker(rig, width, height)).parts(panorama_view(rig, width / height)):
        columns = np.flatnonzero(part.needed.any(axis=0))
        block = Block(0, maker.rows, int(columns[0]), int(columns[-1]) + 1)
        x, y = (plane.copy() for plane in maker.maps(panorama_view(rig, width / height), part, block))
        maps.append((part.camera, maker.pixel_slices(block)[1], x, y, x[::2, ::2] / 2, y[::2, ::2] / 2))
    crop = Renderer(stitched_panorama(), WIDTH, HEIGHT, spread=pool.map)
    out, views = Frame.empty("NV12", WIDTH, HEIGHT), turning(view)

    def band(rows: slice) -> None:
        half_rows = slice(rows.start // 2, rows.stop // 2)
        for camera, columns, x, y, half_x, half_y in maps:
            top, high = camera * 1728, 1728
            half_columns = slice(columns.start // 2, columns.stop // 2)
            for source, target, map_x, map_y, black in (
                (frame.luma[top : top + high], stitched.luma[rows, columns], x[rows], y[rows], 16),
                (
                    frame.planes[1][top // 2 : (top + high) // 2],
                    stitched.planes[1][half_rows, half_columns],
                    half_x[half_rows],
                    half_y[half_rows],
                    128,
                ),
            ):
                cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, dst=target, borderValue=(black, black))

    bands = [slice(start, start + height // 4) for start in range(0, height, height // 4)]

    def frame_of_it() -> Frame:
        list(pool.map(band, bands))
        return crop.render(next(views), stitched, out)

    return frame_of_it


def exact_remap(rig: Rig, view: View, pool: ThreadPoolExecutor) -> Callable[[], list[Plane]]:
    """Render one camera with plain cv2.remap and the exact map of every pixel."""
    frame, views = noise(rig), turning(view)
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    rows = [slice(start, start + HEIGHT // 4) for start in range(0, HEIGHT, HEIGHT // 4)]

    def band(at: slice, view: View) -> list[Plane]:
        rays = view.lens(WIDTH, HEIGHT).unproject(np.stack([x[at], y[at]], axis=-1)) @ view.rotation.T
        pixels = rig.camera_pixels(0, rays).astype(np.float32)
        chroma = np.ascontiguousarray((pixels[::2, ::2] + pixels[1::2, 1::2]) / 4 - 0.25)
        return [
            cv2.remap(frame.luma[:1728], pixels, None, cv2.INTER_LINEAR),
            cv2.remap(frame.planes[1][:864], chroma, None, cv2.INTER_LINEAR),
        ]

    def frame_of_it() -> list[Plane]:
        now = next(views)
        return [plane for planes in pool.map(lambda at: band(at, now), rows) for plane in planes]

    return frame_of_it


def v360_ms() -> float | None:
    """Milliseconds per frame of ffmpeg's v360 on the panorama with a changing view; None without ffmpeg."""
    width, height = PANORAMA
    hfov_deg = np.degrees(width / stitched_panorama().cameras[0].lens.focal_px)
    vfov_deg = 2 * np.degrees(np.arctan(height / 2 / stitched_panorama().cameras[0].lens.focal_px))
    view = f"v360=cylindrical:flat:ih_fov={hfov_deg:.3f}:iv_fov={vfov_deg:.3f}:h_fov=50:w={WIDTH}:h={HEIGHT}"
    with tempfile.TemporaryDirectory() as folder:
        commands = Path(folder) / "commands"
        commands.write_text("".join(f"{i / 25:.3f} v360 yaw {i / 100};\n" for i in range(V360_FRAMES)))
        times = []
        for filters in (f"sendcmd=f={commands},{view}", "null"):
            source = f"color=gray:s={width}x{height}:r=25,format=yuv420p"
            command = ["ffmpeg", "-hide_banner", "-benchmark", "-f", "lavfi", "-i", source, "-vf", filters]
            command += ["-frames:v", str(V360_FRAMES), "-f", "null", "-"]
            try:
                said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
            except (OSError, subprocess.CalledProcessError):
                return None
            found = re.search(r"rtime=([\d.]+)s", said)
            times.append(float(found.group(1)) if found else 0.0)
    return (times[0] - times[1]) / V360_FRAMES * 1e3


def map_error_px(rig: Rig, view: View) -> tuple[float, float]:
    """Mean and largest distance between the coarse and the exact map over the view, in camera pixels."""
    maker = MapMaker(rig, WIDTH, HEIGHT)
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    rays = view.lens(WIDTH, HEIGHT).unproject(np.stack([x, y], axis=-1)) @ view.rotation.T
    errors = []
    for part in maker.parts(view):
        coarse = np.dstack(maker.maps(view, part, Block(0, maker.rows, 0, maker.columns)))
        needed = part.needed[np.ix_((np.arange(HEIGHT) + 8) // 16, (np.arange(WIDTH) + 8) // 16)]
        errors.append(np.linalg.norm(coarse - rig.camera_pixels(part.camera, rays), axis=-1)[needed])
    error = np.concatenate(errors)
    return float(error.mean()), float(error.max())


@contextmanager
def one_thread_in_opencv() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def run() -> Sequence[Row]:
    """Times are medians of wall time on two threads unless a case says otherwise."""
    rows = []
    with one_thread_in_opencv(), ThreadPoolExecutor(2) as pool:
        one = wall_ms(rendering(pair(), ONE, pool))
        seam = wall_ms(rendering(pair(), SEAM, pool))
        stitched = wall_ms(rendering(stitched_panorama(), SEAM, pool))
        rows.append(Row("one camera", one, "ms", goal="<= 12 ms", met=one <= 12))
        rows.append(Row("across the seam", seam, "ms", goal="<= 18 ms", met=seam <= 18))
        rows.append(Row("from a 5700x1900 panorama", stitched, "ms"))
        rows.append(Row("one camera, one thread", wall_ms(rendering(pair(), ONE)), "ms"))
        rows.append(Row("across the seam, one thread", wall_ms(rendering(pair(), SEAM)), "ms"))
        usual = wall_ms(panorama_then_crop(pair(), SEAM, pool), 8)
        measure = wall_ms(measuring_sway(pair()))
        rows.append(Row("measuring a camera's sway", measure, "ms", goal="<= 3 ms", met=measure <= 3))
        covered = wall_ms(measuring_a_covered_camera(pair())) / 12
        rows.append(Row("looking for a covered one's", covered, "ms", goal="<= 3 ms", met=covered <= 3))
        turned = wall_ms(rendering(pair(), SEAM, pool, turned=True))
        rows.append(Row("across the seam, turned", turned, "ms", "across the seam", turned / seam))
        rows.append(
            Row("panorama + crop", usual, "ms", "across the seam", usual / seam, ">= 4x", usual >= 4 * seam)
        )
        fixed = wall_ms(fixed_panorama_then_crop(pair(), SEAM, pool), 8)
        rows.append(Row("panorama by fixed maps + crop", fixed, "ms", "across the seam", fixed / seam))
        exact = wall_ms(exact_remap(pair(), ONE, pool), 4)
        rows.append(Row("cv2.remap, exact map", exact, "ms", "one camera", exact / one))
    v360 = v360_ms()
    if v360 is not None:
        rows.append(Row("ffmpeg v360", v360, "ms", "from a panorama", v360 / stitched))
    for name, view in (("one camera", ONE), ("across the seam", SEAM)):
        mean, largest = map_error_px(pair(), view)
        rows.append(Row(f"map error, {name}, mean", mean, "px", goal="<= 0.03 px", met=mean <= 0.03))
        rows.append(Row(f"map error, {name}, max", largest, "px", goal="<= 0.2 px", met=largest <= 0.2))
    return rows


if __name__ == "__main__":
    main(run)
