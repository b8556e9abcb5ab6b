"""View factors between curved surfaces: closed forms, quadrature, and how they converge with the mesh."""

import functools

import numpy as np

from caloris.geometry.assembly import Body, Surface, assemble
from caloris.geometry.curved_shapes import Cylinder, Disc, Sphere
from caloris.geometry.shape_base import Shape
from caloris.geometry.view_factors import compute_view_factors
from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase


def _views(*parts: tuple[Shape, int | None, int | None]) -> np.ndarray:
    """View factors [surface, surface] between shapes with the active sides that have a number (front, back)."""
    surfaces = tuple(Surface(str(k), shape, 0, front, back) for k, (shape, front, back) in enumerate(parts))
    geometry = assemble((Body("bus"),), surfaces)
    topology = geometry.topology()
    mesh = (np.asarray(geometry.vertices()), topology.triangles, topology.facet_triangle, topology.facet_side)
    factors = compute_view_factors(*mesh)
    member = np.eye(len(parts))[topology.facet_surface]
    return member.T @ factors.exchange_area @ member / (member.T @ factors.area)[:, None]


@functools.cache
def _sphere_to_disc(around: int) -> float:
    """From a sphere of radius 0.2 m to a coaxial disc of radius 1 m, 0.5 m below its center."""
    sphere = Sphere(center=(0, 0, 0.5), radius=0.2, divide=(around, around // 2))
    disc = Disc(center=(0, 0, 0), axis=(0, 0, 1), radius=1.0, divide=(around // 4, around))
    return float(_views((sphere, 0, None), (disc, 0, None))[0, 1])


@functools.cache
def _two_spheres(around: int) -> float:
    """From a sphere of radius 0.1 m to one of 0.2 m, centers 0.5 m apart."""
    divide = (around, around // 2)
    first = Sphere(center=(0, 0, 0), radius=0.1, divide=divide)
    second = Sphere(center=(0, 0, 0.5), radius=0.2, divide=divide)
    return float(_views((first, 0, None), (second, 0, None))[0, 1])


@functools.cache
def _cylinders(around: int) -> np.ndarray:
    """Views [inner, outer] of two coaxial cylinders of radii 1 and 2 m, 2 m long, ends open."""
    divide = (around, around // 6)
    inner = Cylinder(center=(0, 0, 0), axis=(0, 0, 2), radius=1.0, divide=divide)
    outer = Cylinder(center=(0, 0, 0), axis=(0, 0, 2), radius=2.0, divide=divide)
    return _views((inner, 0, None), (outer, None, 0))


def _curved(
    name: str, what: str, exact: float, bound: float, source: str, measure, order=None, slow: bool = False
) -> ReferenceCase:
    """A case whose error is that of flat facets in place of curved surfaces."""
    return ReferenceCase(
        name=f"view-factor-{name}",
        quantity=f"view factor {what}",
        unit="1",
        exact=exact,
        bound=bound,
        reason="flat facets, 24 around, in place of the curved surface: twice what is measured"
        + ("" if order is None else ", which falls at the second order of the cell (a first-order defect gives 1)"),
        source=source,
        measure=measure,
        observed_order=order,
        expected_order=None if order is None else 1.7,
        slow=slow,
    )


_F21, _F22, _DISC = 0.3371060275, 0.2284810190, 0.2763932023
_QUADRATURE = "; double Gauss quadrature of cos cos / (pi r^2), 400 points"

CASES: tuple[ReferenceCase, ...] = (
    _curved(
        "sphere-disc",
        "from a sphere to a coaxial disc of radius 1 m, 0.5 m from its center",
        _DISC,
        1e-3,
        "(1/2)(1 - 1/sqrt(1 + (r/h)^2)), solid angle of the disc",
        lambda: _sphere_to_disc(24),
        lambda: scenes.order(_sphere_to_disc(12), _sphere_to_disc(24), _DISC),
        slow=True,
    ),
    _curved(
        "two-spheres",
        "from a sphere of radius 0.1 m to one of 0.2 m, centers 0.5 m apart",
        0.0422779980,
        4.5e-3,
        "mean over the first sphere of plate elements' view of the second (Cunningham, NASA TN D-710), 400-point Gauss "
        "between its branches",
        lambda: _two_spheres(24),
    ),
    _curved(
        "cylinders-outer-inner",
        "from the outer to the inner of coaxial cylinders of radii 1 and 2 m, 2 m long",
        _F21,
        1.2e-3,
        "Howell, C-91" + _QUADRATURE,
        lambda: float(_cylinders(24)[1, 0]),
        lambda: scenes.order(_cylinders(12)[1, 0], _cylinders(24)[1, 0], _F21),
    ),
    _curved(
        "cylinders-outer-itself",
        "of the inside of the outer of these cylinders to itself",
        _F22,
        2e-2,
        "Howell, C-92" + _QUADRATURE,
        lambda: float(_cylinders(24)[1, 1]),
        lambda: scenes.order(_cylinders(12)[1, 1], _cylinders(24)[1, 1], _F22),
    ),
)
