"""Plotting: figures without a display, their files, and the colours that all plots share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORANGE, BLUE, GREEN, RED = "#d9480f", "#1c5d99", "#2b8a3e", "#c92a2a"
DOTS_PER_INCH = 110


def check_plot_name(path: Path) -> None:
    """Raise ConfigError unless a plot can be written to `path`, so that a mistake is found before the work."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if path.suffix[1:].lower() not in FigureCanvasAgg.get_supported_filetypes():
        raise ConfigError(f"--plot {path}: not an image file; use the extension .png or .svg")
    if not path.parent.is_dir():
        raise ConfigError(f"there is no folder {path.parent}; make it with: mkdir -p {path.parent}")


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of this size in inches that needs no display and lays out its parts automatically."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the file's extension; a PNG of the same figure always has the same bytes.

    Any thread; blocks on the disk. Raises OutputError if the file cannot be written or the extension is unknown.
    """
    try:
        figure.savefig(path, dpi=DOTS_PER_INCH)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: the plot cannot be written ({error}); give a .png path") from error
