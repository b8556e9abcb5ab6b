"""Draw a mesh as an image with exact hidden-surface removal: orthographic camera, depth buffer, outlines.

Sorting whole polygons by depth, as plotting libraries do, goes wrong where a large plate passes behind a
small box; a depth buffer decides pixel by pixel.
"""

from dataclasses import dataclass

import numpy as np

_INACTIVE = np.array([0.72, 0.72, 0.72])
_SAMPLES = 2  # per pixel and direction: smooths edges
_NOTHING = -1


@dataclass(frozen=True)
class Camera:
    """Orthographic camera: unit vectors right and up on the image and `toward` from the scene to the eye."""

    right: np.ndarray
    up: np.ndarray
    toward: np.ndarray

    @classmethod
    def from_direction(cls, direction: tuple[float, float, float], vertical: tuple[float, float, float]) -> "Camera":
        """Return a camera that looks from `direction`, with `vertical` as nearly up as it can be."""
        toward = np.asarray(direction, float) / np.linalg.norm(direction)
        right = np.cross(vertical, toward)
        right /= np.linalg.norm(right)
        return cls(right, np.cross(toward, right), toward)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return image x, image y and nearness of points [..., 3]."""
        return points @ np.stack([self.right, self.up, self.toward], axis=1)


@dataclass(frozen=True)
class View:
    """The rectangle of the image plane that is drawn (left, right, bottom, top; m) and its width in pixels."""

    extent: tuple[float, float, float, float]
    pixels: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the image."""
        left, right, bottom, top = self.extent
        return max(1, round(self.pixels * (top - bottom) / (right - left))), self.pixels


def render(
    corners: np.ndarray, color: np.ndarray, cell: np.ndarray, alone: np.ndarray, camera: Camera, view: View
) -> np.ndarray:
    """Return an RGB image [row, column, 3] (0 to 1, white background, first row on top) of facets.

    corners [facet, 3, 3] (m, counterclockwise seen from the facet's side), color [facet, 3], cell [facet]
    (outlines are drawn where it changes), alone [facet]: whether the other side of the triangle is no facet,
    so that it is drawn gray where it faces the camera.
    """
    projected = camera.project(corners)
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) @ camera.toward > 0
    drawn = np.flatnonzero(facing | alone)
    rows, columns = (_SAMPLES * n for n in view.shape)
    hit, nearness = _depth_buffer(projected, drawn, view, rows, columns)
    shown = np.where(facing[:, None], color, _INACTIVE).astype(np.float32)
    image = np.where((hit == _NOTHING)[..., None], np.float32(1.0), shown[hit])
    image *= _outline(hit, cell, nearness, projected)[..., None]
    offsets = [(i, j) for i in range(_SAMPLES) for j in range(_SAMPLES)]
    averaged = np.add.reduce([image[i::_SAMPLES, j::_SAMPLES] for i, j in offsets]) / len(offsets)
    return averaged[::-1]


def _depth_buffer(
    projected: np.ndarray, drawn: np.ndarray, view: View, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the facet seen by every sample (row 0 at the bottom) and its nearness."""
    left, right, bottom, top = view.extent
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    hit = np.full((rows, columns), _NOTHING)
    nearness = np.full((rows, columns), -np.inf)
    low = projected[:, :, :2].min(axis=1)
    high = projected[:, :, :2].max(axis=1)
    first_column, last_column = np.searchsorted(x, low[:, 0]), np.searchsorted(x, high[:, 0], "right")
    first_row, last_row = np.searchsorted(y, low[:, 1]), np.searchsorted(y, high[:, 1], "right")
    for facet in drawn:
        window = slice(first_row[facet], last_row[facet]), slice(first_column[facet], last_column[facet])
        a, b, c = projected[facet]
        twice_area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if twice_area == 0:
            continue  # seen edge-on
        dx, dy = x[window[1]][None, :] - a[0], y[window[0]][:, None] - a[1]
        toward_b = (dx * (c[1] - a[1]) - dy * (c[0] - a[0])) / twice_area
        toward_c = (dy * (b[0] - a[0]) - dx * (b[1] - a[1])) / twice_area
        # The small overlap closes hairline gaps between neighbors.
        inside = (toward_b >= -1e-9) & (toward_c >= -1e-9) & (toward_b + toward_c <= 1 + 1e-9)
        near = a[2] + toward_b * (b[2] - a[2]) + toward_c * (c[2] - a[2])
        closer = inside & (near > nearness[window])
        nearness[window][closer] = near[closer]
        hit[window][closer] = facet
    return hit, nearness


def _outline(hit: np.ndarray, cell: np.ndarray, nearness: np.ndarray, projected: np.ndarray) -> np.ndarray:
    """Return the darkening of every sample: faint between cells, strong at silhouettes."""
    seen = np.where(hit == _NOTHING, _NOTHING, cell[hit])
    depth = np.where(hit == _NOTHING, -1e30, nearness)
    step = 0.02 * float(np.ptp(projected, axis=(0, 1)).max())
    shade = np.ones(hit.shape, np.float32)
    for axis in (0, 1):
        here = tuple(slice(None, -1) if k == axis else slice(None) for k in (0, 1))
        there = tuple(slice(1, None) if k == axis else slice(None) for k in (0, 1))
        shade[here] = np.where(seen[here] != seen[there], np.minimum(shade[here], np.float32(0.72)), shade[here])
        jump = np.abs(depth[here] - depth[there]) > step
        for side in (here, there):
            shade[side] = np.where(jump, np.float32(0.15), shade[side])
    return shade
