"""Cases for `foresight bench calibrate`: cameras drawn at random from a seed, and footage that must be refused."""

from __future__ import annotations

import math
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.calibration_scenes import Optics, Picture, Scene, match_scene, real_scene
from pipeline.optics.calibration import Footage

MODELS = ("rectilinear", "fisheye", "cylindrical", "equirectangular")
MOTION_WIDTH = 768
MOMENTS = 5


@dataclass(frozen=True)
class Case:
    """Footage, and the cameras and scene that it was made from; `scene` is None for what must be refused."""

    name: str
    footage: tuple[Footage, ...]
    cameras: tuple[Optics, ...] = ()
    scene: Scene | None = None


def draw(seed: int, data: Path, cache: Path) -> Case:
    """The case of a seed: a single camera, or every third time a pair."""
    for attempt in range(60):
        rng = np.random.default_rng((seed, attempt))
        real = seed % 2 == 0
        pair = seed % 3 == 2
        height_m = (6.0, 9.0, 14.0)[int(rng.integers(3))]
        scene = real_scene(data, cache) if real else match_scene(int(rng.integers(2)) + 3, height_m, cache)
        cameras = _pair(rng, scene) if pair else (_single(rng, scene),)
        shots = [i if pair and real else None for i in range(len(cameras))]
        if all(_fills(scene, camera, shot) for camera, shot in zip(cameras, shots, strict=True)):
            break
    noise = float(rng.uniform(0, 6))
    kbit = int(rng.choice([0, 0, 1500, 4000]))
    footage = tuple(
        _footage(scene, camera, shot, f"camera {i + 1}", noise, kbit, np.random.default_rng((seed, i)))
        for i, (camera, shot) in enumerate(zip(cameras, shots, strict=True))
    )
    kinds = "+".join(dict.fromkeys(camera.model[:4] for camera in cameras))
    size = "x".join(map(str, cameras[0].size))
    name = f"{seed}: {scene.name} {'pair' if pair else 'one'} {kinds} {_width_deg(cameras[0]):.0f} deg {size}"
    return Case(f"{name} noise {noise:.0f}{f' {kbit} kbit/s' if kbit else ''}", footage, cameras, scene)


def _width_deg(camera: Optics) -> float:
    """The angle between the ends of the middle row."""
    row = camera.size[1] / 2
    ends = camera.rays(np.array([[0.0, row], [camera.size[0] - 1.0, row]]))
    forward = camera.turn[:, 2]
    return float(sum(math.degrees(math.acos(float(np.clip(end @ forward, -1, 1)))) for end in ends))


def _lens(rng: np.random.Generator, model: str, wide_deg: float, aspect: float, width: int) -> Optics:
    half = math.radians(wide_deg) / 2
    k: tuple[float, ...] = ()
    if model == "rectilinear":
        reach = math.tan(half)
        k = (float(rng.uniform(-0.02, 0.005)),) if wide_deg < 100 else (float(rng.uniform(-0.004, 0.001)),)
    else:
        reach = half
        if model == "fisheye":
            k = (float(rng.uniform(-0.08, 0.03)), float(rng.uniform(-0.01, 0.01)))
            reach = half + k[0] * half**3 + k[1] * half**5
    height = int(width / aspect / 2) * 2
    focal = width / 2 / reach
    off = rng.normal(0, 0.008, 2) * width
    return Optics(model, (width, height), focal, ((width - 1) / 2 + off[0], (height - 1) / 2 + off[1]), k)


def _single(rng: np.random.Generator, scene: Scene) -> Optics:
    model = str(rng.choice(MODELS))
    widest = 145.0 if scene.name == "real" else 190.0
    if model == "rectilinear":
        widest = min(widest, 140.0)
    wide = float(rng.uniform(60, widest))
    if rng.random() < 0.1:  # a phone held upright
        camera = _lens(rng, "rectilinear", float(rng.uniform(45, 60)), 9 / 16, 720)
        camera = replace(camera, yaw=float(rng.uniform(-40, 40)), tilt=float(rng.uniform(-14, -6)))
    else:
        high = float(rng.uniform(24, 40)) if wide > 100 else float(rng.uniform(28, 45))
        if model == "rectilinear":
            aspect = math.tan(math.radians(wide / 2)) / math.tan(math.radians(high / 2))
        else:
            aspect = wide / high
        aspect = min(max(aspect, 16 / 9), 7.0)
        width = int(rng.choice([1600, 1920, 2304])) if wide > 100 else int(rng.choice([1280, 1600]))
        camera = _lens(rng, model, wide, aspect, width)
        spare = max(0.0, widest / 2 - wide / 2)
        camera = replace(
            camera, yaw=float(rng.uniform(-spare, spare) * 0.8), tilt=float(rng.uniform(-14, -3))
        )
        if model in ("cylindrical", "equirectangular"):
            # The stitcher's own crop: the horizon is not in the middle of the picture.
            tilt = float(rng.uniform(-4, 4))
            horizon = camera.size[1] * float(rng.uniform(0.18, 0.38)) + camera.focal * math.radians(tilt)
            camera = replace(camera, tilt=tilt, centre=(camera.centre[0], horizon))
    return replace(camera, roll=float(rng.uniform(-4, 4)))


def _pair(rng: np.random.Generator, scene: Scene) -> tuple[Optics, Optics]:
    model = str(rng.choice(("fisheye", "fisheye", "rectilinear")))
    cameras = []
    if scene.name == "real":
        for shot in scene.shots:
            own = shot.optics
            lens = _lens(rng, model, float(rng.uniform(66, 80)), 16 / 9, int(rng.choice([1280, 1600])))
            cameras.append(
                replace(
                    lens, yaw=own.yaw + float(rng.uniform(-3, 3)), tilt=own.tilt + float(rng.uniform(-1, 1)),
                    roll=own.roll + float(rng.uniform(-2, 2)), place=own.place,
                )
            )  # fmt: skip
    else:
        wide = float(rng.uniform(70, 100))
        lens = _lens(rng, model, wide, 16 / 9, int(rng.choice([1280, 1600])))
        apart = wide * float(rng.uniform(0.6, 0.75)) / 2
        for side in (-1, 1):
            cameras.append(
                replace(
                    lens, yaw=side * apart, tilt=float(rng.uniform(-12, -6)), roll=float(rng.uniform(-5, 5))
                )
            )
    if rng.random() < 0.5:
        cameras[1] = replace(cameras[1], **_same_lens(cameras[0]))
    return cameras[0], cameras[1]


def _same_lens(camera: Optics) -> dict[str, object]:
    return {
        "model": camera.model,
        "size": camera.size,
        "focal": camera.focal,
        "centre": camera.centre,
        "k": camera.k,
    }


def _fills(scene: Scene, camera: Optics, shot: int | None) -> bool:
    """Whether most of the picture shows the scene, and enough of the pitch is in it."""
    small = camera.grid(32)
    points = scene.points(camera.rays(small))
    yaw = np.degrees(np.arctan2(points[..., 0], points[..., 2]))
    seen = np.zeros(yaw.shape, bool)
    for i, source in enumerate(scene.shots):
        if shot is not None and i != shot:
            continue
        at = source.optics.to_pixels(points - np.asarray(source.optics.place))
        wide, high = source.optics.size
        seen |= (at[..., 0] > 0) & (at[..., 0] < wide) & (at[..., 1] > 0) & (at[..., 1] < high)
    length, width, x, z = scene.pitch
    u, v = points[..., 0] - x, points[..., 2] - z
    on_pitch = (np.abs(u) < length / 2) & (np.abs(v) < width / 2) & (points[..., 1] > 0.9 * scene.height)
    return bool(seen.mean() > 0.8 and on_pitch.mean() > 0.2 and np.isfinite(yaw).mean() > 0.8)


def _footage(
    scene: Scene,
    camera: Optics,
    shot: int | None,
    name: str,
    noise: float,
    kbit: int,
    rng: np.random.Generator,
) -> Footage:
    """A background as a median of some noisy, perhaps compressed frames gives it, and small frames of motion."""
    maps = scene.maps(camera, shot)
    background = scene.render(maps, None)
    shrink = max(1, round(camera.size[0] / MOTION_WIDTH))
    coarse = [(i, far * shrink, ((at[::shrink, ::shrink] + 0.5) / shrink - 0.5)) for i, far, at in maps]
    moments = [scene.render(coarse, i) for i in range(MOMENTS)]
    if kbit:
        stills = [_noisy(background, noise, rng) for _ in range(5)]
        stills = _compressed(stills, kbit)
        background = np.median(stills, axis=0).astype(np.uint8)
    else:
        background = _noisy(background, 0.42 * noise, rng)
    columns, rows = camera.size[0] // shrink, camera.size[1] // shrink
    motion = np.stack([cv2.cvtColor(one, cv2.COLOR_BGR2GRAY)[:rows, :columns] for one in moments])
    return Footage(name, background, motion, 25.0)


def _noisy(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    grain = rng.normal(0, sigma, picture.shape[:2]).astype(np.float32)
    return np.clip(picture.astype(np.float32) + grain[..., None] + 0.5, 0, 255).astype(np.uint8)


def _compressed(pictures: list[Picture], kbit: int) -> list[Picture]:
    """The pictures through H.264 at a bitrate for 1080p, scaled by their size."""
    high, wide = pictures[0].shape[:2]
    rate = max(200, int(kbit * wide * high / (1920 * 1080)))
    raw = f"rawvideo -pix_fmt bgr24 -s {wide}x{high} -r 25".split()
    coded = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", *raw, "-i", "-", "-c:v", "libx264", "-preset", "veryfast", "-threads", "1",
         "-pix_fmt", "yuv420p", "-b:v", f"{rate}k", "-f", "h264", "-"],
        input=b"".join(one.tobytes() for one in pictures), capture_output=True, check=True,
    ).stdout  # fmt: skip
    plain = subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"],
        input=coded, capture_output=True, check=True,
    ).stdout  # fmt: skip
    return list(np.frombuffer(plain, np.uint8).reshape(-1, high, wide, 3))


def refusals(data: Path, cache: Path) -> list[Case]:
    """Footage of which nothing can be known; each must be refused with its reason."""
    match = match_scene(3, 9.0, cache)
    lens = Optics("fisheye", (1600, 900), 1250.0, (799.5, 449.5), (-0.05, 0.0))
    rng = np.random.default_rng(7)
    left, right = (
        _footage(match, replace(lens, yaw=yaw, tilt=-9.0), None, name, 2.0, 0, rng)
        for yaw, name in ((-30.0, "left"), (30.0, "right"))
    )
    apart = _footage(match, replace(lens, yaw=48.0, tilt=-9.0), None, "right", 2.0, 0, rng)
    apart_left = _footage(match, replace(lens, yaw=-48.0, tilt=-9.0), None, "left", 2.0, 0, rng)
    real = real_scene(data, cache) if (data / "left.mp4").exists() else None

    def still(name: str, picture: Picture) -> Footage:
        small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (800, 450))
        return Footage(name, picture, np.stack([small] * 4), 25.0)

    noise = rng.integers(0, 255, (900, 1600, 3)).astype(np.uint8)
    wall = np.full((900, 1600, 3), (120, 130, 150), np.uint8)
    for y in range(0, 900, 30):
        cv2.line(wall, (0, y), (1600, y), (70, 75, 80), 2)
        for x in range(0, 1600, 60):
            cv2.line(wall, (x + 30 * (y // 30 % 2), y), (x + 30 * (y // 30 % 2), y + 30), (70, 75, 80), 2)
    green_wall = np.clip(wall.astype(int) - (60, 0, 70), 0, 255).astype(np.uint8)
    sky = np.empty((900, 1600, 3), np.uint8)
    sky[:] = np.linspace((230, 190, 150), (250, 230, 210), 900)[:, None]
    slides = np.full((900, 1600, 3), 250, np.uint8)
    for i in range(14):
        text = f"Quarterly figures, part {i}: {'lorem ipsum dolor ' * 3}"
        cv2.putText(
            slides, text, (60, 70 + 58 * i), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 30, 30), 2, cv2.LINE_AA
        )
    green_slides = slides.copy()
    green_slides[..., 0], green_slides[..., 2] = slides[..., 0] // 3, slides[..., 2] // 3
    grid = np.full((900, 1600, 3), (60, 125, 95), np.uint8)
    for x in range(0, 1600, 100):
        cv2.line(grid, (x, 0), (x, 900), (235, 235, 235), 4)
    for y in range(0, 900, 100):
        cv2.line(grid, (0, y), (1600, y), (235, 235, 235), 4)
    black = np.zeros((900, 1600, 3), np.uint8)
    mirror = Footage("right", np.ascontiguousarray(left.background[:, ::-1]), left.motion[..., ::-1], 25.0)
    upside = Footage(
        "left", np.ascontiguousarray(left.background[::-1, ::-1]), left.motion[:, ::-1, ::-1], 25.0
    )
    cases = [
        Case("no overlap", (apart_left, apart)),
        Case("noise, one", (still("noise", noise),)),
        Case("noise, two", (still("a", noise), still("b", np.ascontiguousarray(noise[::-1])))),
        Case("a wall, one", (still("wall", wall),)),
        Case("a wall, two", (still("a", wall), still("b", np.roll(wall, 333, axis=1)))),
        Case("a green wall, one", (still("wall", green_wall),)),
        Case("a green wall, two", (still("a", green_wall), still("b", np.roll(green_wall, 433, axis=1)))),
        Case("a film and its mirror image", (left, mirror)),
        Case("a film upside down and the other", (upside, right)),
        Case("black, one", (still("black", black),)),
        Case("black, two", (still("a", black), still("b", black.copy()))),
        Case("a blank sky", (still("sky", sky),)),
        Case("text slides, one", (still("slides", slides),)),
        Case("text slides, two", (still("a", slides), still("b", np.roll(slides, 400, axis=1)))),
        Case("green text slides", (still("slides", green_slides),)),
        Case("a flat grid of lines", (still("grid", grid),)),
        Case("a film and noise", (left, still("right", noise))),
        Case("the same film twice", (left, replace(left, name="right"))),
    ]
    if real is not None:
        other = _footage(real, replace(lens, yaw=20.0, tilt=-9.0), None, "other", 2.0, 0, rng)
        cases.append(Case("another field for the second camera", (left, other)))
        film = _footage(real, replace(lens, yaw=-20.0, tilt=-9.0), None, "film", 2.0, 0, rng)
        cases.append(
            Case(
                "a real film and its mirror image",
                (
                    film,
                    Footage(
                        "mirror", np.ascontiguousarray(film.background[:, ::-1]), film.motion[..., ::-1], 25.0
                    ),
                ),
            )
        )
    return cases
