"""Tests of inference files, ours and nvinfer's: written, checked by line, kept if valid, never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import ConfigBuilder
from pipeline.config_builder import check_file, read_toml
from pipeline.errors import ConfigError, OutputError
from pipeline.settings import Settings, Size
from pipeline.settings.nvinfer import Nvinfer, check_nvinfer


@pytest.fixture
def wanted(tmp_path: Path) -> Nvinfer:
    """A detector of two classes whose files exist."""
    (tmp_path / "ball.onnx").touch()
    (tmp_path / "labels.txt").write_text("ball\nplayer\n", encoding="utf-8")
    return Nvinfer(tmp_path / "ball.onnx", tmp_path / "labels.txt", Size(640, 384))


def nvinfer_file(folder: Path, properties: str, attributes: str = "") -> Path:
    """A file whose ``[property]`` begins on line 1 with a model, its labels and its classes."""
    (folder / "ball.onnx").touch()
    (folder / "labels.txt").write_text("ball\nplayer\n", encoding="utf-8")
    path = folder / "nvinfer.txt"
    path.write_text(
        f"[property]\nonnx-file=ball.onnx\nlabelfile-path=labels.txt\n{properties}{attributes}",
        encoding="utf-8",
    )
    return path


def test_a_written_nvinfer_file_is_valid_and_has_the_given_values(wanted: Nvinfer, tmp_path: Path) -> None:
    path = tmp_path / "nvinfer.txt"
    assert ConfigBuilder().write_nvinfer(path, wanted) is True
    assert check_file(path) == []
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "[property]"
    assert {"num-detected-classes=2", "infer-dims=3;384;640", "network-mode=2"} <= set(lines)
    assert "[class-attrs-all]" in lines


def test_a_valid_file_is_kept(wanted: Nvinfer, tmp_path: Path) -> None:
    path = nvinfer_file(tmp_path, "num-detected-classes=2\n# mine\n")
    before = path.read_bytes()
    assert ConfigBuilder().write_nvinfer(path, wanted) is False
    assert path.read_bytes() == before


def test_an_invalid_file_is_reported_and_not_overwritten(wanted: Nvinfer, tmp_path: Path) -> None:
    path = nvinfer_file(tmp_path, "num-detected-classes=many\n")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"not overwritten.*nvinfer\.txt:4: property\.num-detected-classes"):
        ConfigBuilder().write_nvinfer(path, wanted)
    assert path.read_bytes() == before


def test_a_missing_folder_is_an_output_error(wanted: Nvinfer, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        ConfigBuilder().write_nvinfer(tmp_path / "no" / "nvinfer.txt", wanted)


@pytest.mark.parametrize(
    ("properties", "line", "said"),
    [
        ("num-detected-classes=0\n", 4, "0 is not allowed, allowed: a whole number at least 1"),
        ("num-detected-classes=3\n", 4, "is 3, but labels.txt names 2 classes"),
        ("network-mode=fp16\n", 4, "a whole number from 0 to 2"),
        ("network-mode=1\n", 4, "also needs int8-calib-file"),
        ("batchsize=1\n", 4, "is not a key of nvinfer (did you mean batch-size?)"),
        ("net-scale-factor=tiny\n", 4, "allowed: a number"),
        ("infer-dims=3;x;640\n", 4, "numbers separated by semicolons"),
        ("maintain-aspect-ratio=yes\n", 4, "allowed: 0 or 1"),
        ("int8-calib-file=none.bin\n", 4, "there is no file"),
        ("parse-bbox-func-name=Yolo\n", 4, "also needs custom-lib-path"),
        ("onnx-file=other.onnx\n", 4, "is already set, on line 2"),
        ("what is this\n", 4, "is neither [group], key=value nor # comment"),
        ("[class-attrs-all]\npre-cluster-threshold=2\n", 5, "a number from 0 to 1"),
        ("[class-attrs-ball]\ntopk=3\n", 5, "class-attrs- and a class's number"),
    ],
)
def test_a_check_names_line_key_and_what_is_allowed(
    properties: str, line: int, said: str, tmp_path: Path
) -> None:
    missing = "num-detected-classes" not in properties
    if properties.startswith("["):
        path = nvinfer_file(tmp_path, "num-detected-classes=2\n", properties)
        line += 1
    else:
        path = nvinfer_file(tmp_path, properties, "num-detected-classes=2\n" if missing else "")
    problems = check_nvinfer(path)
    assert any(problem.startswith(f"{path}:{line}: ") and said in problem for problem in problems), problems


def test_a_file_without_property_or_model_says_what_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "nvinfer.txt"
    path.write_text("[property]\nnum-detected-classes=1\n", encoding="utf-8")
    assert "names no model" in check_nvinfer(path)[0]
    path.write_text("# nothing\n", encoding="utf-8")
    assert "[property] is missing" in check_nvinfer(path)[0]
    with pytest.raises(ConfigError, match="no such file"):
        check_nvinfer(tmp_path / "none.txt")


def test_our_own_inference_file_holds_only_the_detector(tmp_path: Path) -> None:
    path, model = tmp_path / "detector.toml", tmp_path / "ball.onnx"
    model.touch()
    flags = {
        "detector__kind": "onnx",
        "detector__model": model,
        "detector__class_map": {"sports ball": "ball"},
    }
    builder = ConfigBuilder().flags(delay_s=3.0, **flags)
    assert builder.write_inference(path) is True
    assert set(read_toml(path)) == {"detector"}
    again = ConfigBuilder().file(path).build()
    assert again == Settings(detector=builder.build().detector)
    assert builder.write_inference(path) is False
    path.write_text("[detector]\nkind = 'yolo'\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not overwritten"):
        builder.write_inference(path)
