"""Edges that two surfaces share."""

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.edge_joint import edge_joint
from caloris.geometry.shapes import Box, Cone, Cylinder, Disc, GeometryError, Rectangle

FLOOR = Surface("floor", Rectangle([0, 0, 0], [2, 0, 0], [0, 1, 0], (2, 1)))


def with_floor(*others):
    return Geometry((Body("bus"), Body("wing", 0, [0, 1, 0])), (FLOOR, *others))


def test_edges_of_different_division_share_their_overlap():
    # A wall on the floor's far edge y = 1, from x = 0.5 to 2.5, in three cells of 2/3 m.
    wall = Surface("wall", Rectangle([2.5, 1, 0], [-2, 0, 0], [0, 0, 1], (3, 1)))
    geometry = with_floor(wall)
    joint = edge_joint(geometry, "floor", "wall")
    names = geometry.topology().cell_name
    found = {(names[a], names[b]): length for (a, b), length in zip(joint.cell, joint.length, strict=True)}
    expected = {
        ("floor[0,0]", "wall[2,0]"): 0.5,  # x 0.5 to 1
        ("floor[1,0]", "wall[2,0]"): 2 / 3 - 0.5,  # 1 to 1.1667
        ("floor[1,0]", "wall[1,0]"): 2 / 3,
        ("floor[1,0]", "wall[0,0]"): 2 - 11 / 6,
    }
    assert found == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(joint.shared_length(geometry.vertices()), joint.length, rtol=1e-14)


def test_edges_on_different_bodies_meet():
    wing = Surface("wing", Rectangle([0, 0, 0], [2, 0, 0], [0, 3, 0]), body=1)
    assert edge_joint(with_floor(wing), "wing", "floor").length.sum() == pytest.approx(2.0, rel=1e-12)


def test_one_cell_can_be_named():
    wing = Surface("wing", Rectangle([0, 0, 0], [2, 0, 0], [0, 3, 0]), body=1)
    joint = edge_joint(with_floor(wing), "floor[1,0]", "wing")
    assert joint.cell.tolist() == [[1, 2]] and joint.length.tolist() == pytest.approx([1.0])


def test_a_box_joins_by_its_face():
    box = Surface("box", Box([0, 1, 0], [2, 0, 0], [0, 1, 0], [0, 0, 1], (2, 1, 1)))
    geometry = with_floor(box)
    joint = edge_joint(geometry, "floor", "box.w-")
    assert joint.length.tolist() == pytest.approx([1.0, 1.0])
    assert [geometry.topology().cell_name[k] for k in joint.cell[:, 1]] == ["box.w-[0,0]", "box.w-[1,0]"]
    with pytest.raises(GeometryError, match=r"closed.*box\.u-"):
        edge_joint(geometry, "floor", "box")


@pytest.mark.parametrize("around", [5, 12])
def test_a_cap_and_a_cone_meet_a_cylinder(around):
    geometry = assemble(
        (Body("bus"),),
        (
            Surface("wall", Cylinder([0, 0, 0], [0, 0, 2], 0.5, [1, 0, 0], (around, 2))),
            Surface("cap", Disc([0, 0, 0], [0, 0, -1], 0.5, [1, 0, 0], (2, around))),
            Surface("nose", Cone([0, 0, 2], [0, 0, 0.5], 0.5, 0.1, [1, 0, 0], (around, 1))),
        ),
    )
    cap = edge_joint(geometry, "wall", "cap")
    assert len(cap.length) == around
    # The cylinder's polygon has the circle's length, because its area is exact.
    assert cap.length.sum() == pytest.approx(np.pi, rel=1e-12)
    # The cone's polygon is another one; the shared length is the smaller of the two, which is the cylinder's.
    nose = edge_joint(geometry, "nose", "wall")
    assert len(nose.length) == around and nose.length.sum() == pytest.approx(np.pi, rel=1e-12)


def test_surfaces_without_a_common_edge_are_refused():
    apart = Surface("apart", Rectangle([0, 1.001, 0], [2, 0, 0], [0, 1, 0]))
    corner = Surface("corner", Rectangle([2, 1, 0], [1, 0, 0], [0, 1, 0]))
    geometry = with_floor(apart, corner)
    for name in ("apart", "corner"):
        with pytest.raises(GeometryError, match="no edge in common"):
            edge_joint(geometry, "floor", name)
    with pytest.raises(GeometryError, match="'apart', 'corner'"):
        edge_joint(geometry, "floor", "ceiling")
