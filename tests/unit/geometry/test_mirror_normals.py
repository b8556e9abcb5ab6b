"""True normals of round shapes: square to the surface's own tangents, in every pose, and as near as its facets'."""

import jax.numpy as jnp
import numpy as np
import pytest

from caloris.geometry.assembly import Body, Surface, assemble
from caloris.geometry.curved_shapes import Cone, Cylinder, Disc, Sphere
from caloris.geometry.mirror_normals import mirror_normals

SHAPES = {
    "cylinder": Cylinder((0.1, 0.2, 0.3), (0, 0, 2.0), 0.7, divide=(12, 2)),
    "cone": Cone((0.1, 0.2, 0.3), (0.3, 0, 1.5), 0.8, 0.2, divide=(12, 2)),
    "sphere": Sphere((0.1, 0.2, 0.3), 0.6, divide=(12, 6)),
    "disc": Disc((0, 0, 0), (0, 1, 1), 0.5, divide=(1, 12)),
}


@pytest.mark.parametrize("name", list(SHAPES))
def test_normals_are_square_to_the_surface(name):
    """At the true surface's own vertices (nominal), neighbors lie along tangents; one body is turned by a joint."""
    bodies = (Body("bus"), Body("wing", 0, (1.0, 0.5, 0.0), joint_axis=(0.0, 1.0, 0.0)))
    geometry = assemble(bodies, (Surface("s", SHAPES[name], body=1, front=0),))
    angle = jnp.array([0.4])
    topology = geometry.topology()
    corner = np.asarray(geometry.vertices(angle, nominal=True))[topology.triangles]
    normals = mirror_normals(geometry, angle)
    every = np.arange(len(corner))
    flat = normals.flat
    for k in range(3):
        true = normals(every, corner[:, k])
        np.testing.assert_allclose(np.linalg.norm(true, axis=1), 1, rtol=1e-12)
        # A chord of a circle leaves the tangent by half its angle: sine = chord / diameter on a sphere, and at most
        # sin 15 deg in walls of 12 corners around (along a wall the chord lies in the surface).
        for other in (corner[:, (k + 1) % 3], corner[:, (k + 2) % 3]):
            chord = other - corner[:, k]
            length = np.linalg.norm(chord, axis=1)
            sine = np.abs(np.einsum("rk,rk->r", chord, true)) / length
            bound = length / 1.2 if name == "sphere" else np.sin(np.pi / 12)
            assert np.all(sine < bound + 1e-12)
        assert np.all(np.einsum("rk,rk->r", true, flat) > np.cos(np.pi / 8))
        shape = SHAPES[name]
        if isinstance(shape, Cylinder | Cone):
            # Generators lie in the true surface: the edge along the axis is square to the normal.
            pose = np.asarray(geometry.pose(angle))[1]
            foot, axis = pose[:3, :3] @ np.asarray(shape.center) + pose[:3, 3], pose[:3, :3] @ np.asarray(shape.axis)
            off = corner[:, k] - foot
            share = np.einsum("rk,k->r", off, axis) / (axis @ axis)
            radial = off - share[:, None] * axis
            slope = 0.0 if name == "cylinder" else (0.2 - 0.8)
            generator = axis + slope * radial / np.linalg.norm(radial, axis=1, keepdims=True)
            np.testing.assert_allclose(np.einsum("rk,rk->r", generator, true), 0, atol=1e-12)
