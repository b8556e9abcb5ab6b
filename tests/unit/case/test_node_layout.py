"""Names and numbers of nodes: cells, layers, outer layers of blankets, nodes without a surface."""

import numpy as np
import pytest

from caloris.case.address import Address, AddressError, parse_address
from caloris.case.build_geometry import build_geometry
from caloris.case.build_structure import build_structure
from caloris.case.load import parse_case
from caloris.case.node_layout import NodeLayout
from caloris.solve.conductors import build_conductors

CASE = """
[[coating]]
name = "white"
solar_absorptance = 0.2
infrared_emittance = 0.9
[[material]]
name = "metal"
density = 1000.0
specific_heat = 500.0
conductivity = [4.0, 9.0, 25.0]
[[panel]]
name = "honeycomb"
front_skin = { material = "metal", thickness = 0.002 }
core = { thickness = 0.02, density = 100.0, specific_heat = 900.0, conductivity = [1.0, 2.0, 0.5] }
back_skin = { material = "metal", thickness = 0.001 }
[[surface]]
name = "plain"
shape = "rectangle"
corner = [0, 0, 5]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
divide = [2, 1]
front = "white"
back = "white"
heat_capacity = 60.0
[[surface]]
name = "deck"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 2, 0]
divide = [1, 2]
front = "white"
back = "white"
panel = "honeycomb"
[[surface]]
name = "unit"
shape = "box"
corner = [0, 0, 10]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
edge_w = [0, 0, 1]
front = "white"
thickness = 0.03
material = "metal"
layers = 3
start_temperature = 250.0
[[node]]
name = "battery"
heat_capacity = 5.0
[[blanket]]
over = ["plain", "deck"]
outer_coating = "white"
effective_emittance = 0.02
[[blanket]]
over = ["plain"]
side = "back"
outer_coating = "white"
effective_emittance = 0.03
conductance_per_area = 0.1
[run]
mode = "steady"
start_temperature = 280.0
"""


@pytest.fixture(scope="module")
def built():
    case = parse_case(CASE)
    geometry = build_geometry(case)
    return geometry, NodeLayout(geometry, case), build_structure(case, geometry)


def names(layout, wanted):
    return [layout.names[node] for node in layout.find(wanted)]


def test_order_and_names(built):
    _, layout, _ = built
    faces = ["u-", "u+", "v-", "v+", "w-", "w+"]
    assert list(layout.names) == [
        "plain[0,0]", "plain[1,0]", "deck[0,0].front", "deck[0,1].front", *(f"unit.{face}.front" for face in faces),
        "battery",
        "deck[0,0].back", "deck[0,1].back",
        *(f"unit.{face}.{layer}" for layer in (1, 2, "back") for face in faces),
        "plain.mli[0,0]", "plain.mli[1,0]", "plain.mli-back[0,0]", "plain.mli-back[1,0]",
        "deck.mli[0,0]", "deck.mli[0,1]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("deck", ["deck[0,0].front", "deck[0,1].front", "deck[0,0].back", "deck[0,1].back"]),
        ("deck[0, 1]", ["deck[0,1].front", "deck[0,1].back"]),
        ("deck.back", ["deck[0,0].back", "deck[0,1].back"]),
        ("deck[0,1].back", ["deck[0,1].back"]),
        ("deck/back", ["deck[0,0].back", "deck[0,1].back"]),
        ("deck[0,1]/front", ["deck[0,1].front"]),
        ("deck.mli", ["deck.mli[0,0]", "deck.mli[0,1]"]),
        ("deck.mli[0,1]", ["deck.mli[0,1]"]),
        ("plain", ["plain[0,0]", "plain[1,0]"]),
        ("plain/back", ["plain[0,0]", "plain[1,0]"]),
        ("unit.v+", ["unit.v+.front", "unit.v+.1", "unit.v+.2", "unit.v+.back"]),
        ("unit.v+.2", ["unit.v+.2"]),
        ("unit.2", [f"unit.{face}.2" for face in ("u-", "u+", "v-", "v+", "w-", "w+")]),
        ("battery", ["battery"]),
        ("dec", []),
    ],
)
def test_names_find_nodes(built, wanted, found):
    assert names(built[1], wanted) == found


def test_facets_belong_to_the_node_of_their_side(built):
    geometry, layout, structure = built
    topology = geometry.topology()
    sides = ("front", "back")
    found = {
        (geometry.surfaces[surface].name, sides[side], layout.names[node].split("[")[0] if "mli" in layout.names[node]
         else layout.names[node])
        for surface, side, node in zip(
            topology.facet_surface, topology.facet_side, np.asarray(structure.facet_node), strict=True
        )
    }  # fmt: skip
    assert found == {
        ("plain", "front", "plain.mli"), ("plain", "back", "plain.mli-back"),
        ("deck", "front", "deck.mli"), ("deck", "back", "deck[0,0].back"), ("deck", "back", "deck[0,1].back"),
        *(("unit", "front", f"unit.{face}.front") for face in ("u-", "u+", "v-", "v+", "w-", "w+")),
    }  # fmt: skip


def test_heat_capacity_and_conduction(built):
    geometry, layout, structure = built
    found = build_conductors(geometry, geometry.vertices(), structure)
    capacity = dict(zip(layout.names, np.asarray(found.nodes.heat_capacity), strict=True))
    core = 0.01 * 100.0 * 900.0  # J/K/m2, half the core with either skin; cells of 1 m2
    assert capacity["deck[0,1].front"] == pytest.approx(0.002 * 1000 * 500 + core, rel=1e-12)
    assert capacity["deck[0,1].back"] == pytest.approx(0.001 * 1000 * 500 + core, rel=1e-12)
    assert [capacity[f"unit.u+.{word}"] for word in ("front", 1, 2, "back")] == pytest.approx(
        [2500.0, 5000.0, 5000.0, 2500.0], rel=1e-12
    )
    assert capacity["plain[1,0]"] == pytest.approx(30.0, rel=1e-12)
    assert capacity["plain.mli[1,0]"] == 0.0
    assert capacity["battery"] == 5.0
    inside = found.conduction
    pairs: dict = {}
    for (a, b), g in zip(np.asarray(inside.node), np.asarray(inside.conductance), strict=True):
        key = layout.names[a], layout.names[b]
        pairs[key] = pairs.get(key, 0.0) + g
    # Along v: 1 m wide, 1 m between middles; skin and half the core.
    assert pairs["deck[0,0].front", "deck[0,1].front"] == pytest.approx(0.002 * 9 + 0.01 * 2, rel=1e-12)
    assert pairs["deck[0,0].back", "deck[0,1].back"] == pytest.approx(0.001 * 9 + 0.01 * 2, rel=1e-12)
    through = 1.0 / (0.002 / 25 + 0.02 / 0.5 + 0.001 / 25)
    assert pairs["deck[0,0].front", "deck[0,0].back"] == pytest.approx(through, rel=1e-12)
    assert pairs["unit.u+.1", "unit.u+.2"] == pytest.approx(25.0 / 0.01, rel=1e-12)
    # u+ to v+ flows along the first edge of both; inner divisions have 10 mm, outer ones half.
    assert pairs["unit.u+.1", "unit.v+.1"] == pytest.approx(4 * 0.01, rel=1e-12)
    assert pairs["unit.u+.back", "unit.v+.back"] == pytest.approx(4 * 0.005, rel=1e-12)


def test_blankets_join_their_outer_layer_to_the_side_that_they_cover(built):
    geometry, layout, structure = built
    found = build_conductors(geometry, geometry.vertices(), structure)
    radiative = found.radiative_links
    area = np.asarray(radiative.area)[np.asarray(radiative.entry_link)] * np.asarray(radiative.entry_share)
    pairs = {(layout.names[a], layout.names[b]): one for (a, b), one in zip(radiative.entry_node, area, strict=True)}
    assert pairs == pytest.approx(
        {
            ("plain.mli[0,0]", "plain[0,0]"): 0.01,
            ("plain.mli[1,0]", "plain[1,0]"): 0.01,
            ("deck.mli[0,0]", "deck[0,0].front"): 0.02,
            ("deck.mli[0,1]", "deck[0,1].front"): 0.02,
            ("plain.mli-back[0,0]", "plain[0,0]"): 0.015,
            ("plain.mli-back[1,0]", "plain[1,0]"): 0.015,
        },
        rel=1e-12,
    )
    assert found.links.name == ("blanket 1",)
    assert float(found.links.conductance[0]) == pytest.approx(0.1, rel=1e-12)


def test_starts_and_boundaries(built):
    _, layout, structure = built
    start = np.asarray(structure.start_temperature)
    assert set(start[layout.find("unit")]) == {250.0}
    assert set(start[layout.find("deck.mli")]) == {280.0}
    assert np.all(np.asarray(structure.free) == 1.0)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("deck", Address("deck")),
        ("box.u+[0, 1].back", Address("box", "u+", (0, 1), "back")),
        ("box.u+.mli[0,1]", Address("box", "u+", (0, 1), "mli")),
        ("deck.12", Address("deck", None, None, "12")),
        ("deck[3]/back", Address("deck", None, (3,), None, "back")),
    ],
)
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["deck.front.back", "box.u+.v+", "deck[0,0].u+", "deck/left", "deck[]", "deck[0", ""])
def test_no_addresses(text):
    with pytest.raises(AddressError):
        parse_address(text)
