"""The AP-8 and AE-8 maps, prepared so that their own rule of interpolation is two searches and a straight line.

A map has, for each energy and each L, a polyline in the plane of x = B/B0 - 1 and F = log10 of the integral flux
(cm-2 s-1), scaled to integers. Between two L the polylines are joined along rays through that plane's origin (constant
F/x in integers), not at equal flux or equal x. So the curve between them has a node on the ray through every node of
either, linear in L between the two points of that ray; it ends where either curve ends, and beyond there is no flux. A
curve without points is the origin itself.
Source: Sawyer & Vette, NSSDC/WDC-A-R&S 76-06 (1976), AP-8; Vette, NSSDC/WDC-A-R&S 91-24 (1991), AE-8; and NASA's
program TRMFUN (1987) for the rule. The maps lie beside this file (tables/ap8_ae8.npz), as `tools/trapped_maps.py`
packed them from NASA's own files: work of the United States' government, in the public domain.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

MapName = Literal["AP8MIN", "AP8MAX", "AE8MIN", "AE8MAX"]
MAP_NAMES: tuple[MapName, ...] = ("AP8MIN", "AP8MAX", "AE8MIN", "AE8MAX")
# Decimal years that the maps' own headers name; their coordinates came from field models of these years.
FIELD_EPOCHS: dict[MapName, float] = {"AP8MIN": 1964.0, "AP8MAX": 1970.0, "AE8MIN": 1964.0, "AE8MAX": 1970.0}
# What fills the tables: places that no search reaches.
_BEYOND_SHELL, _BEYOND_RATIO = 1e9, 1e8
_SAME_RAY = 1e-12  # rad


class FluxMap(NamedTuple):
    """A map with its curves between L merged; x = B/B0 - 1, F = log10 of cm-2 s-1."""

    energy: Float[Array, " level"]  # MeV
    shell: Float[Array, "level shell"]  # L of the curves
    node: Float[Array, "level shell node 4"]  # x and F of each ray on the curve at this L, and on the next
    scale: Float[Array, " 2"]  # steps per unit of L and of x in the original's integers


class _Curve(NamedTuple):
    """The polyline of one L in integers; no points: no flux."""

    shell: float
    ratio: np.ndarray
    flux: np.ndarray


def trapped_map(name: MapName) -> FluxMap:
    """One of MAP_NAMES, made ready; the first call takes some tenth of a second."""
    if name not in MAP_NAMES:
        raise ValueError(f"map {name!r} is not known; known are {', '.join(MAP_NAMES)}")
    return FluxMap(*(jnp.asarray(part) for part in _prepared(name)))


def map_energies(name: MapName) -> np.ndarray:
    """Energies (MeV) at which a map is given, ascending: numbers, not to be differentiated."""
    return _prepared(name)[0]


@lru_cache
def _prepared(name: str) -> tuple[np.ndarray, ...]:
    """The parts of a FluxMap, in numpy."""
    with files("caloris_kernels.trapped").joinpath("tables", "ap8_ae8.npz").open("rb") as file:
        values = np.load(file)[name].astype(np.int64)
    header, values = values[:8], values[8:]
    step = header[6] / header[1]
    levels = [(energy / header[3], _curves(block, step)) for energy, block in _blocks(values)]
    merged = [[_merge(low, high) for low, high in zip(curves[:-1], curves[1:], strict=True)] for _, curves in levels]
    shells = max(len(curves) for _, curves in levels)
    # One node of filling behind the longest curve, so that every curve has an end.
    nodes = 1 + max(len(rays) for row in merged for rays in row)
    shell = np.full((len(levels), shells), _BEYOND_SHELL)
    node = np.empty((len(levels), shells, nodes, 4))
    node[..., 0::2] = (_BEYOND_RATIO + np.arange(nodes))[:, None]
    node[..., 1::2] = -1.0
    to_units = np.array([1.0 / header[5], 1.0 / header[6]] * 2)
    for level, (_, curves) in enumerate(levels):
        shell[level, : len(curves)] = [curve.shell / header[4] for curve in curves]
        for k, rays in enumerate(merged[level]):
            node[level, k, : len(rays)] = rays * to_units
    energies = np.array([energy for energy, _ in levels])
    return energies, shell, node, header[4:6].astype(float)


def _blocks(values: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Each energy with what belongs to it: a block is its own length, the energy, and the curves."""
    found, start = [], 0
    while start < len(values) and values[start] > 0:
        length = values[start]
        found.append((values[start + 1], values[start + 2 : start + length]))
        start += length
    return found


def _curves(block: np.ndarray, step: float) -> list[_Curve]:
    """The curves of one energy: each is its own length, L, F at the equator, and the widths in which F falls a step."""
    found, start = [], 0
    while start < len(block) and block[start] > 0:
        length = block[start]
        entry = block[start : start + length]
        widths = entry[3:]
        ratio = np.concatenate([[0], np.cumsum(widths)]) if len(widths) else np.zeros(0)
        flux = entry[2] - step * np.arange(len(ratio)) if len(widths) else np.zeros(0)
        found.append(_Curve(float(entry[1]), ratio.astype(float), flux.astype(float)))
        start += length
    return found


def _merge(low: _Curve, high: _Curve) -> np.ndarray:
    """Rays of two neighboring curves, [ray, 4]: x and F where each ray meets the one and the other."""
    angles = [np.arctan2(curve.ratio, curve.flux) for curve in (low, high) if len(curve.ratio)]
    if not angles:
        return np.zeros((0, 4))
    end = min(angle[-1] for angle in angles)
    ray = np.unique(np.concatenate(angles))
    ray = ray[ray <= end]
    ray = ray[np.concatenate([[True], np.diff(ray) > _SAME_RAY])]
    return np.concatenate([_on_rays(low, ray), _on_rays(high, ray)], axis=1)


def _on_rays(curve: _Curve, ray: np.ndarray) -> np.ndarray:
    """x and F where rays through the origin, at angles from the F axis, meet a curve: [ray, 2]."""
    if not len(curve.ratio):
        return np.zeros((len(ray), 2))
    angle = np.arctan2(curve.ratio, curve.flux)
    k = np.clip(np.searchsorted(angle, ray, side="right") - 1, 0, len(angle) - 2)
    x, flux = curve.ratio[k], curve.flux[k]
    width, fall = np.diff(curve.ratio)[k], np.diff(curve.flux)[k]
    sine, cosine = np.sin(ray), np.cos(ray)
    # A width of zero makes the segment parallel to the ray at angle zero.
    across = width * cosine - fall * sine
    parallel = across == 0.0
    part = np.where(parallel, 0.0, (flux * sine - x * cosine) / np.where(parallel, 1.0, across))
    # A curve that begins in the origin runs along its last ray as a whole: its end is meant.
    part = np.where(ray >= angle[-1] - _SAME_RAY, 1.0, part)
    points = np.stack([x + part * width, flux + part * fall], axis=1)
    points[0] = 0.0, curve.flux[0]
    return points
