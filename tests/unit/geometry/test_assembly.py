"""Assembly: facets, cells, bodies, joints and caps."""

import jax.numpy as jnp
import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.caps import fit_caps
from caloris.geometry.shapes import Annulus, Cone, Cylinder, Disc, GeometryError, Rectangle
from caloris_kernels.orbit.frames import rotation_matrix

PLATE = Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0])


def test_facets_are_active_sides_front_before_back():
    two = Rectangle([0, 0, 1], [1, 0, 0], [0, 1, 0], (1, 2))
    geometry = Geometry(
        (Body("bus"), Body("wing", 0)),
        (Surface("a", PLATE, 0, 3, None), Surface("b", two, 1, 1, 2), Surface("c", PLATE, 0, None, 4)),
    )
    topology = geometry.topology()
    assert topology.facet_triangle.tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7]
    assert topology.facet_side.tolist() == [0, 0] + [0, 1] * 4 + [1, 1]
    assert topology.facet_coating.tolist() == [3, 3] + [1, 2] * 4 + [4, 4]
    assert topology.facet_cell.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3]
    assert topology.facet_surface.tolist() == [0, 0] + [1] * 8 + [2, 2]
    assert topology.facet_body.tolist() == [0, 0] + [1] * 8 + [0, 0]
    assert topology.cell_name == ("a", "b[0,0]", "b[0,1]", "c")
    assert topology.cell_surface.tolist() == [0, 1, 1, 2]
    assert topology.vertex_body.tolist() == [0] * 4 + [1] * 6 + [0] * 4
    assert topology.cells("b").tolist() == [1, 2] and topology.cells("b[0,1]").tolist() == [2]
    assert topology.cells("no such").size == 0
    area, normal, _ = geometry.facet_geometry(geometry.vertices())
    np.testing.assert_allclose(normal[:, 2], 1.0 - 2.0 * topology.facet_side)
    np.testing.assert_allclose(area, [0.5] * 2 + [0.25] * 8 + [0.5] * 2)


def test_topology_depends_on_no_dimension():
    def build(edge):
        return Geometry((Body("bus"),), (Surface("a", Rectangle([0, 0, 0], [edge, 0, 0], [0, 1, 0]), front=0),))

    assert build(1.0).topology() is build(2.0).topology()


def test_shell_edges_are_the_borders_between_cells():
    geometry = Geometry((Body("bus"),), (Surface("a", Rectangle([0, 0, 0], [2, 0, 0], [0, 2, 0], (2, 2))),))
    topology = geometry.topology()
    assert topology.shell_cell.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    ends = np.asarray(geometry.vertices())[topology.shell_vertex]
    assert sorted(ends[0].tolist()) == [[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]
    around = Geometry((Body("bus"),), (Surface("c", Cylinder([0, 0, 0], [0, 0, 1], 1.0, None, (5, 1))),))
    assert [0, 4] in around.topology().shell_cell.tolist()


def test_nested_bodies_and_joints_compose():
    quarter = np.pi / 2
    turned = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # 90 degrees about x
    bodies = (
        Body("bus"),
        Body("tip", 2, [0, 3, 0], joint_axis=[0, 0, 5]),  # listed before its parent
        Body("boom", 0, [1, 0, 0], rotation=turned, joint_axis=[0, 1, 0]),
    )
    geometry = Geometry(bodies, (Surface("p", PLATE, body=1, front=0),))
    assert geometry.joint_bodies == (1, 2)
    # At zero angle: the tip's origin (0,3,0) turned about x to (0,0,3), plus the boom's origin.
    np.testing.assert_allclose(geometry.pose()[1][:3, 3], [1, 0, 3], atol=1e-14)
    # Boom turned 90 degrees about the bus's y: (0,0,3) goes to (3,0,0).
    pose = geometry.pose(jnp.array([0.0, quarter]))
    np.testing.assert_allclose(pose[1][:3, 3], [4, 0, 0], atol=1e-14)
    # The tip's own quarter turn about its parent's z takes its x to the boom's y, which is the bus's z turned
    # about y to x.
    pose = geometry.pose(jnp.array([quarter, quarter]))
    np.testing.assert_allclose(pose[1][:3, :3] @ np.array([1.0, 0, 0]), [1, 0, 0], atol=1e-14)
    vertices = geometry.vertices(jnp.array([quarter, quarter]))
    corner = pose[1] @ np.array([1.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(vertices[3], corner[:3], atol=1e-14)


def test_axis_rotation_is_right_handed_and_ignores_the_axis_length():
    np.testing.assert_allclose(rotation_matrix(jnp.array([0.0, 0, 7]), jnp.array(0.3)) @ np.array([1.0, 0, 0]),
                               [np.cos(0.3), np.sin(0.3), 0.0], atol=1e-15)  # fmt: skip


def test_wrong_bodies_are_refused():
    with pytest.raises(GeometryError, match="bus"):
        Geometry((Body("a", 0),), ())
    with pytest.raises(GeometryError, match="each other's parents"):
        Geometry((Body("bus"), Body("a", 2), Body("b", 1)), ())
    with pytest.raises(GeometryError, match="body 3 does not exist"):
        Geometry((Body("bus"),), (Surface("s", PLATE, body=3),))
    with pytest.raises(GeometryError, match="0 joints"):
        Geometry((Body("bus"),), ()).pose(jnp.array([1.0]))


def can(around=12, wall=None):
    """A cylinder (or cone) with two discs, all facing outward."""
    wall = Cylinder([0, 0, 0], [0, 0, 2], 0.5, [1, 0, 0], (around, 2)) if wall is None else wall
    top = 0.5 if isinstance(wall, Cylinder) else wall.top_radius
    return (
        Surface("wall", wall, front=0),
        Surface("top", Disc([0, 0, 2], [0, 0, 1], top, [1, 0, 0], (2, around)), front=0),
        Surface("bottom", Disc([0, 0, 0], [0, 0, -1], 0.5, [1, 0, 0], (1, around)), front=0),
    )


@pytest.mark.parametrize("wall", [None, Cone([0, 0, 0], [0, 0, 2], 0.5, 0.2, [1, 0, 0], (12, 3))])
def test_a_capped_wall_is_closed(wall):
    geometry = assemble((Body("bus"),), can(wall=wall))
    assert [s.cap_of for s in geometry.surfaces] == [None, 0, 0]
    area, normal, centroid = geometry.facet_geometry(geometry.vertices())
    # Closed: area vectors cancel and the divergence theorem's volume does not depend on the origin.
    assert float(jnp.abs((area[:, None] * normal).sum(0)).max()) < 1e-14
    volume = float((area * (normal * centroid).sum(1)).sum()) / 3
    moved = float((area * (normal * (centroid + 7.0)).sum(1)).sum()) / 3
    assert moved == pytest.approx(volume, rel=1e-12) and volume > 0
    # Left alone, the discs keep their own larger polygon and overhang the wall: not closed to rounding.
    alone = Geometry((Body("bus"),), can(wall=wall))
    rim = np.linalg.norm(np.asarray(alone.vertices())[-12:, :2], axis=1)
    assert rim.min() > np.linalg.norm(np.asarray(geometry.vertices())[-12:, :2], axis=1).max() * 1.001


def test_a_cap_is_short_by_the_stated_share():
    geometry = assemble((Body("bus"),), can(around=12))
    area, _, _ = geometry.facet_geometry(geometry.vertices())
    cap = float(area[geometry.topology().facet_surface == 2].sum())
    angle = np.pi / 12
    assert cap == pytest.approx(np.pi * 0.25 * angle / np.tan(angle), rel=1e-12)


def test_only_matching_rims_are_caps():
    wall = Cylinder([0, 0, 0], [0, 0, 2], 0.5, [1, 0, 0], (12, 1))

    def cap(shape, body=0):
        return fit_caps(((wall, 0), (shape, body)))[1]

    axis, start = [0, 0, 1], [1, 0, 0]
    assert cap(Disc([0, 0, 2], axis, 0.5, start, (1, 12))) == 0
    assert cap(Annulus([0, 0, 2], axis, 0.9, 0.5, start, (1, 12))) == 0
    assert cap(Disc([0, 0, 2], axis, 0.5, start, (1, 12)), body=1) is None
    assert cap(Disc([0, 0, 2], axis, 0.5, start, (1, 13))) is None
    assert cap(Disc([0, 0, 2], axis, 0.5001, start, (1, 12))) is None
    assert cap(Disc([0, 0, 1], axis, 0.5, start, (1, 12))) is None
    assert cap(Disc([0, 0, 2], axis, 0.5, [1, 0.1, 0], (1, 12))) is None
    assert cap(Disc([0, 0, 2], axis, 0.5, [0, 1, 0], (1, 12))) == 0  # a quarter turn: the same corners
