"""Scenes with mirrors and transmitting sheets, and the closed forms of their exchange by images."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.curved_shapes import Sphere
from caloris_kernels.radiative.contour import exchange_area
from caloris_kernels.radiative.paths import Paths, dense_exchange_area, specular_exchange
from caloris_kernels.radiative.radiosity import Enclosure, blackbody_emission, irradiation

contour_exchange_area = jax.jit(exchange_area)
exchange_of_paths = jax.jit(specular_exchange)
dense_exchange = jax.jit(dense_exchange_area, static_argnums=2)
_irradiation = jax.jit(irradiation)

Vector = Sequence[float]


class Sheet(NamedTuple):
    """A rectangle corner + s edge_u + t edge_v, its normal edge_u x edge_v, in divide x divide cells."""

    corner: Vector
    edge_u: Vector
    edge_v: Vector
    specular_reflectance: float = 0.0
    transmittance: float = 0.0
    sides: tuple[int, ...] = (0,)
    divide: int = 1


class MirrorScene(NamedTuple):
    """A mesh and its facets, with the sheet and the nominal properties of each of them."""

    mesh: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # vertices, triangles, facet_triangle, facet_side
    sheet: np.ndarray
    area: np.ndarray  # m2
    specular_reflectance: np.ndarray
    transmittance: np.ndarray

    @property
    def traced(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The arrays that the path tracers take."""
        return *self.mesh, self.specular_reflectance, self.transmittance


def scene_of(sheets: Sequence[Sheet]) -> MirrorScene:
    """Mesh the sheets; facets go sheet by sheet, front before back."""
    corners, triangle, side, owner = [], [], [], []
    count = 0
    for number, sheet in enumerate(sheets):
        u, v = np.array(sheet.edge_u, float) / sheet.divide, np.array(sheet.edge_v, float) / sheet.divide
        i, j = np.meshgrid(np.arange(sheet.divide), np.arange(sheet.divide), indexing="ij")
        low = np.array(sheet.corner, float) + i.reshape(-1, 1) * u + j.reshape(-1, 1) * v
        cells = np.concatenate([np.stack([low, low + u, low + u + v], 1), np.stack([low, low + u + v, low + v], 1)])
        corners.append(cells)
        for one in sheet.sides:
            triangle.append(np.arange(count, count + len(cells)))
            side.append(np.full(len(cells), one))
            owner.append(np.full(len(cells), number))
        count += len(cells)
    corner = np.concatenate(corners)
    facet, owned = np.concatenate(triangle), np.concatenate(owner)
    span = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    return MirrorScene(
        mesh=(corner.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3), facet, np.concatenate(side)),
        sheet=owned,
        area=(0.5 * np.linalg.norm(span, axis=1))[facet],
        specular_reflectance=np.array([s.specular_reflectance for s in sheets])[owned],
        transmittance=np.array([s.transmittance for s in sheets])[owned],
    )


def duct(reflectance: float, divide: int = 1, middle: Sheet | None = None) -> MirrorScene:
    """The inside of a unit cube: black ends at z = 0 and 1 (sheets 0 and 1), mirrors around (2 to 5), a sheet in it."""
    rest = {"specular_reflectance": reflectance, "divide": divide}
    sheets = [
        Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), divide=divide),
        Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), divide=divide),
        Sheet((0, 0, 0), (0, 1, 0), (0, 0, 1), **rest),
        Sheet((1, 0, 0), (0, 0, 1), (0, 1, 0), **rest),
        Sheet((0, 0, 0), (0, 0, 1), (1, 0, 0), **rest),
        Sheet((0, 1, 0), (1, 0, 0), (0, 0, 1), **rest),
    ]
    return scene_of(sheets if middle is None else [*sheets, middle])


def duct_view(reflectance: float, images: int = 12) -> tuple[float, float]:
    """View factor from end to end of the duct, and its derivative to the mirrors' reflectance.

    In the mirrors the far end is a checkerboard without gaps: F = sum over m, n of rho^(|m| + |n|) F(m, n), F(m, n)
    to a unit square shifted by m and n. 12 images on each side leave out rho^12 of a factor that falls as 12^-4.
    """
    m, n = np.meshgrid(np.arange(-images, images + 1), np.arange(-images, images + 1), indexing="ij")
    shift = np.stack([m.ravel(), n.ravel(), np.ones(m.size)], axis=1)
    square = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)
    far = (square[:, ::-1][None] + shift[:, None, None]).reshape(-1, 3, 3)
    near = np.repeat(square, len(far), axis=0)
    factor = np.asarray(contour_exchange_area(near, np.tile(far, (2, 1, 1)))).reshape(2, -1, 2).sum(axis=(0, 2))
    order = np.abs(m.ravel()) + np.abs(n.ravel())
    slope = np.where(order > 0, order * reflectance ** np.maximum(order - 1.0, 0.0), 0.0)
    return float(factor @ reflectance**order), float(factor @ slope)


def spheres(inner: tuple[int, int], outer: tuple[int, int]) -> Geometry:
    """A sphere of radius 0.5 m, active outside, in one of 1 m, active inside."""
    within = Surface("in", Sphere((0, 0, 0), 0.5, divide=inner), front=0)
    around = Surface("out", Sphere((0, 0, 0), 1.0, divide=outer), back=1)
    return assemble((Body("bus"),), (within, around))


def net_heat(
    exchange: np.ndarray,
    area: np.ndarray,
    emittance: np.ndarray,
    diffuse_reflectance: np.ndarray,
    temperature: np.ndarray,
) -> np.ndarray:
    """What each facet emits less what it absorbs (W), by the radiosity with specular exchange areas (m2)."""
    emission = emittance * np.asarray(blackbody_emission(jnp.asarray(temperature)))
    enclosure = Enclosure(jnp.asarray(exchange), jnp.asarray(area), jnp.zeros(len(area)))
    received = _irradiation(enclosure, diffuse_reflectance, emission[:, None], None).value
    return area * (emission - emittance * np.asarray(received)[:, 0])


def solved(paths: Paths, scene: MirrorScene) -> np.ndarray:
    """Dense specular exchange areas (m2) of paths that hold all that leaves the facets."""
    result = exchange_of_paths(paths, scene.specular_reflectance, scene.transmittance, scene.area)
    return np.asarray(dense_exchange(paths, result.exchange_area, len(scene.area)))
