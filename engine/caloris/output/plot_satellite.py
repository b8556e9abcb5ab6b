"""The satellite in 3-D colored by temperature at its hottest and its coldest moment, from two sides."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from caloris.output.plot_render import Camera, View, render
from caloris.output.plot_style import LEAST_SPAN, TEMPERATURE_MAP, WIDTH, at_least, panels, save
from caloris.output.read import RunFile
from caloris.output.text import ZERO_CELSIUS, duration

_CAMERAS = (
    Camera.from_direction((1.0, -0.8, 0.7), (0.0, 0.0, 1.0)),
    Camera.from_direction((-1.0, 0.8, -0.7), (0.0, 0.0, 1.0)),
)
_PIXELS = 640  # across one panel
_TRIAD_COLORS = {"x": "#D55E00", "y": "#009E73", "z": "#0072B2"}


def plot_satellite(run: RunFile, folder: Path) -> list[Path]:
    """Draw every facet in its node's color at the moments of highest and lowest area-mean temperature.

    Both moments share one color bar; bodies stand in their poses of that moment. The upper row looks from
    +x -y +z of the bus frame, the lower row from the opposite side. Gray is the unseen side of a surface
    that takes no part in radiation.
    """
    temperature = run["thermal/temperature"][:, run["mesh/facet_node"]] - ZERO_CELSIUS
    mean = temperature @ run["mesh/facet_area"] / run["mesh/facet_area"].sum()
    moments = _moments(mean)
    if not moments:
        return []
    posed = [_posed_corners(run, index) for _, index in moments]
    shown = temperature[[index for _, index in moments]]
    middle, half = 0.5 * (shown.min() + shown.max()), 0.5 * max(np.ptp(shown), LEAST_SPAN)
    norm = Normalize(middle - half, middle + half)
    colors = colormaps[TEMPERATURE_MAP]
    views = _views(posed)
    figure, grid = _panels(len(moments), views[0])
    alone = _alone(run["mesh/facets"])
    cell = np.unique(np.stack([run["mesh/facet_node"], run["mesh/facet_surface"]]), axis=1, return_inverse=True)[1]
    for column, ((word, index), corners) in enumerate(zip(moments, posed, strict=True)):
        shade = colors(norm(temperature[index]))[:, :3]
        for row, (camera, view) in enumerate(zip(_CAMERAS, views, strict=True)):
            axes = grid[row, column]
            image = render(corners, shade, cell.ravel(), alone, camera, view)
            axes.imshow((255 * image).round().astype(np.uint8), extent=view.extent)
            axes.set_axis_off()
            _triad(axes, camera, view, _directions(run, index))
        when = f" (t = {duration(float(run['thermal/time'][index]))})" if len(mean) > 1 else ""
        grid[0, column].set_title(f"{word}{when}")
        summary = f"mean {mean[index]:.0f} °C, {temperature[index].min():.0f} to {temperature[index].max():.0f} °C"
        grid[0, column].text(0.0, 1.0, summary, transform=grid[0, column].transAxes, va="top", fontsize=8)
    _scale_bar(grid[-1, 0], views[-1])
    look = {"label": "Temperature (°C)", "shrink": 0.8, "aspect": 30, "pad": 0.02}
    at_least(figure.colorbar(ScalarMappable(norm, colors), ax=grid, **look).ax.yaxis, LEAST_SPAN)
    return save(figure, folder, "satellite")


def _moments(mean: np.ndarray) -> list[tuple[str, int]]:
    """Return what to draw and its time index; a failed run's non-finite states are passed over."""
    finite = np.flatnonzero(np.isfinite(mean))
    if len(finite) == 0:
        return []
    if len(mean) < 2:
        return [("Steady", 0)]
    return [
        ("Hottest moment", int(finite[mean[finite].argmax()])),
        ("Coldest moment", int(finite[mean[finite].argmin()])),
    ]


def _panels(columns: int, view: View) -> tuple[Figure, np.ndarray]:
    left, right, bottom, top = view.extent
    width = (WIDTH - 0.9) / columns
    height = min(max(width * (top - bottom) / (right - left), 1.6), 4.5)
    return panels(len(_CAMERAS), columns, 2 * height + 0.5)


def _posed_corners(run: RunFile, index: int) -> np.ndarray:
    """Return the facets' corners [facet, 3, 3] (m, bus frame) in the poses of one output time.

    Stored vertices stand at zero joint angles; pose(t) pose(0)^-1 carries a body's vertices along.
    """
    corners = run["mesh/vertices"][run["mesh/facets"]]
    if "orbit/body_pose" not in run or "mesh/body_pose" not in run:
        return corners
    motion = run["orbit/body_pose"][index] @ np.linalg.inv(run["mesh/body_pose"])
    of_facet = motion[run["mesh/facet_body"]]
    return np.einsum("fij,fcj->fci", of_facet[:, :3, :3], corners) + of_facet[:, None, :3, 3]


def _alone(facets: np.ndarray) -> np.ndarray:
    """Return for every facet whether the other side of its triangle is no facet."""
    _, triangle, count = np.unique(np.sort(facets, axis=1), axis=0, return_inverse=True, return_counts=True)
    return count[triangle.ravel()] == 1


def _views(posed: list[np.ndarray]) -> list[View]:
    """Return an extent for each camera, around what it sees, all of one size: they share their scale.

    Labels have room above and below.
    """
    projected = [
        np.concatenate([camera.project(corners)[..., :2].reshape(-1, 2) for corners in posed]) for camera in _CAMERAS
    ]
    ends = np.array([(points.min(axis=0), points.max(axis=0)) for points in projected])  # [camera, end, xy]
    center, half = ends.mean(axis=1), np.ptp(ends, axis=1).max(axis=0) / 2 * 1.06
    # Flat and narrow pictures would have no room for arrows and their names.
    half = np.maximum(half, 0.5 * half.max())
    half[1] += 0.12 * half.max()
    return [View((x - half[0], x + half[0], y - half[1], y + half[1]), _PIXELS) for x, y in center]


def _directions(run: RunFile, index: int) -> dict[str, np.ndarray]:
    """Return unit vectors in the bus frame: its axes and, where the run has them, the Sun and the planet."""
    directions = dict(zip("xyz", np.eye(3), strict=True))
    if "orbit/attitude" in run and "orbit/sun_direction" in run and "orbit/position" in run:
        to_bus = run["orbit/attitude"][index].T
        position = run["orbit/position"][index]
        lit = "orbit/lit_fraction" not in run or run["orbit/lit_fraction"][index] > 0
        if lit:
            directions["Sun"] = to_bus @ run["orbit/sun_direction"][index]
        directions["planet"] = to_bus @ (-position / np.linalg.norm(position))
    return directions


def _triad(axes: Axes, camera: Camera, view: View, directions: dict[str, np.ndarray]) -> None:
    """Draw the directions as arrows in the lower right corner."""
    left, right, bottom, top = view.extent
    wide, tall = max((right - left) / (top - bottom), 1.0), max((top - bottom) / (right - left), 1.0)
    inset = axes.inset_axes((1.0 - 0.26 * tall, 0.0, 0.26 * tall, 0.26 * wide))  # a square
    inset.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), aspect="equal")
    inset.set_axis_off()
    for name, direction in directions.items():
        x, y, _ = camera.project(direction)
        body_axis = name in _TRIAD_COLORS
        length = 1.0 if body_axis else 1.55
        color = _TRIAD_COLORS.get(name, "#444444")
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 1.0, "linestyle": "-" if body_axis else ":"}
        arrow["mutation_scale"] = 7.0
        inset.annotate("", (length * x, length * y), (0, 0), arrowprops=arrow | {"shrinkA": 0, "shrinkB": 0})
        # A name stands on white: where the Sun is along an axis, its arrow runs through the axis's name.
        inset.text(
            1.25 * length * x, 1.25 * length * y, name, color=color, fontsize=6.5, ha="center", va="center",
            bbox={"color": "white", "pad": 0.4, "linewidth": 0.0}, zorder=4,
        )  # fmt: skip


def _scale_bar(axes: Axes, view: View) -> None:
    """Draw a length of 1, 2 or 5 times a power of ten, about a fifth of the panel, in its lower left."""
    left, right, bottom, top = view.extent
    wanted = (right - left) / 5
    power = 10.0 ** np.floor(np.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    start, level = left + 0.02 * (right - left), bottom + 0.03 * (top - bottom)
    axes.plot([start, start + length], [level, level], color="#444444", linewidth=2, solid_capstyle="butt")
    axes.text(start + length / 2, level + 0.015 * (top - bottom), f"{length:g} m", ha="center", va="bottom", fontsize=7)
