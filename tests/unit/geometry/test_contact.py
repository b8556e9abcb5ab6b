"""Faces that touch."""

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface
from caloris.geometry.contact import touching_faces
from caloris.geometry.shapes import Box, GeometryError, Rectangle

DECK = Surface("deck", Rectangle([0, 0, 0], [2, 0, 0], [0, 1, 0], (4, 2)))


def scene(*others):
    return Geometry((Body("bus"), Body("wing", 0, [0, 0, 1], joint_axis=[0, 0, 1])), (DECK, *others))


def by_cells(geometry, touch):
    names = geometry.topology().cell_name
    found = {}
    for (a, b), area in zip(touch.cell, touch.area, strict=True):
        found[names[a], names[b]] = found.get((names[a], names[b]), 0.0) + area
    return found


def test_cells_of_different_division_share_their_overlap():
    # A tray from x = 0.75 to 1.75 and y = 0.25 to 1.25 (beyond the deck's edge), in one cell.
    geometry = scene(Surface("tray", Rectangle([0.75, 0.25, 0], [0, 1, 0], [1, 0, 0])))
    found = by_cells(geometry, touching_faces(geometry, "deck", "tray"))
    expected = {
        (f"deck[{i},{j}]", "tray"): width * depth
        for i, width in ((1, 0.25), (2, 0.5), (3, 0.25))
        for j, depth in ((0, 0.25), (1, 0.5))
    }
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_box_stands_on_the_deck_and_on_its_own_face():
    geometry = scene(Surface("unit", Box([0.5, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0.3], (2, 1, 1))))
    whole = touching_faces(geometry, "deck", "unit")
    face = touching_faces(geometry, "unit.w-", "deck")
    assert whole.area.sum() == pytest.approx(1.0, rel=1e-12)
    assert face.area.sum() == pytest.approx(1.0, rel=1e-12)
    assert {geometry.topology().cell_name[cell] for cell in whole.cell[:, 1]} == {"unit.w-[0,0]", "unit.w-[1,0]"}
    with pytest.raises(GeometryError, match="do not touch"):
        touching_faces(geometry, "deck", "unit.u-")


def test_a_distance_must_be_stated_and_tells_the_sides():
    above = Surface("above", Rectangle([0, 0, 0.002], [1, 0, 0], [0, 1, 0]))
    below = Surface("below", Rectangle([0, 0, -0.002], [1, 0, 0], [0, 1, 0]))
    geometry = scene(above, below)
    with pytest.raises(GeometryError, match="do not touch; "):
        touching_faces(geometry, "deck", "above")
    with pytest.raises(GeometryError, match="do not touch within 0.001 m"):
        touching_faces(geometry, "deck", "above", gap=0.001)
    touch = touching_faces(geometry, "deck", "above", gap=0.003)
    assert touch.area.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.array_equal(np.unique(touch.side, axis=0), [[0, 1]])
    assert np.array_equal(np.unique(touching_faces(geometry, "deck", "below", gap=0.003).side, axis=0), [[1, 0]])
    # The deck lies between them: nothing touches the wrong one.
    with pytest.raises(GeometryError, match="do not touch"):
        touching_faces(geometry, "above", "below", gap=0.003)


def test_faces_that_coincide_do_not_tell_the_sides():
    geometry = scene(Surface("tray", Rectangle([0, 0, 0], [0, 1, 0], [1, 0, 0])))
    assert np.all(touching_faces(geometry, "deck", "tray").side == -1)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Rectangle([2, 0, 0], [1, 0, 0], [0, 1, 0]), "do not touch"),  # a common edge
        (Rectangle([0, 0, 0], [1, 0, 0], [0, 0, 1]), "do not touch"),  # at a right angle
        (Rectangle([0, 0, 0], [1, 0, 0.01], [0, 1, 0]), "do not touch"),  # askew
    ],
)
def test_no_contact(other, words):
    with pytest.raises(GeometryError, match=words):
        touching_faces(scene(Surface("other", other)), "deck", "other")


def test_a_joint_between_faces_and_unknown_names():
    geometry = scene(Surface("blade", Rectangle([0, 0, -1], [1, 0, 0], [0, 1, 0]), body=1))
    with pytest.raises(GeometryError, match="a joint turns between"):
        touching_faces(geometry, "deck", "blade")
    with pytest.raises(GeometryError, match="no surface 'dek'"):
        touching_faces(geometry, "dek", "blade")
