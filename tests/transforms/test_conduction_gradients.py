"""Conductances, capacities and areas of contact differentiate in geometry and properties, forward and reverse."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.case.build_geometry import build_geometry
from caloris.case.build_structure import build_structure
from caloris.case.load import parse_case
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
name = "deck"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 2, 0]
divide = [3, 2]
front = "white"
back = "white"
panel = "honeycomb"
[[surface]]
name = "tray"
shape = "rectangle"
corner = [0.21, 0.33, 0.001]
edge_u = [0.5, 0.1, 0]
edge_v = [-0.1, 0.7, 0]
divide = [2, 2]
front = "white"
thickness = 0.01
material = "metal"
layers = 2
[[solid]]
name = "block"
shape = "box"
corner = [0.35, 1.3, 0]
edge_u = [0.3, 0.05, 0]
edge_v = [-0.02, 0.4, 0]
edge_w = [0, 0.01, 0.2]
divide = [2, 2, 1]
material = "metal"
[[contact]]
between = ["deck", "tray"]
conductance_per_area = 300.0
gap = 0.002
[[contact]]
between = ["block.w-", "deck.front"]
bolts = 3
conductance_per_bolt = 0.4
[[blanket]]
over = ["deck"]
side = "back"
outer_coating = "white"
effective_emittance = 0.02
conductance_per_area = 0.1
[run]
mode = "steady"
"""


@pytest.fixture(scope="module")
def built():
    case = parse_case(CASE)
    geometry = build_geometry(case)
    return geometry, build_structure(case, geometry)


@eqx.filter_jit
def mixture(geometry, structure):
    """All results in one number, with weights that let none cancel another."""
    found = build_conductors(geometry, geometry.vertices(), structure)
    links, radiative = found.links, found.radiative_links
    parts = [
        found.nodes.heat_capacity,
        found.conduction.conductance,
        links.conductance[links.entry_link] * links.entry_share,
        radiative.area[radiative.entry_link] * radiative.entry_share,
    ]
    return sum(jnp.sum(part * jnp.cos(1.0 + jnp.arange(part.shape[0]))) for part in parts)


MOVES = {
    "deck edge": lambda g, s: g.surfaces[0].shape.edge_u,
    "tray corner": lambda g, s: g.surfaces[1].shape.corner,
    "tray edge": lambda g, s: g.surfaces[1].shape.edge_v,
    "block edge": lambda g, s: g.solids[0].shape.edge_u,
    "block corner": lambda g, s: g.solids[0].shape.corner,
    "sheets": lambda g, s: s.sheets.conductance,
    "gaps": lambda g, s: s.sheets.gap_conductance,
    "heat of sheets": lambda g, s: s.sheets.heat_capacity,
    "block's conductivity": lambda g, s: s.solids.conductivity,
    "block's heat": lambda g, s: s.solids.volumetric_heat,
    "contacts": lambda g, s: s.contacts.conductance,
    "blanket": lambda g, s: s.blankets.effective_emittance,
}


@pytest.fixture(scope="module")
def gradient(built):
    return eqx.filter_jit(eqx.filter_grad(lambda pair: mixture(*pair)))(built)


# One program for every leaf: the others have a tangent of zero.
@eqx.filter_jit
def along(pair, tangent):
    return eqx.filter_jvp(lambda pair: mixture(*pair), (pair,), (tangent,))[1]


@pytest.mark.parametrize("name", MOVES)
def test_derivatives_equal_differences(built, gradient, name):
    leaf = MOVES[name](*built)
    direction = jnp.asarray(np.random.default_rng(5).uniform(0.5, 1.0, leaf.shape))
    if name.startswith(("deck", "tray")):
        direction = direction.at[2].set(0.0)  # in the plane: the contact allows a distance of 2 mm, not a tilt

    def moved(pair, value):
        return eqx.tree_at(lambda pair: MOVES[name](*pair), pair, value)

    def at(step):
        return float(mixture(*moved(built, leaf + step * direction)))

    still = jax.tree.map(jnp.zeros_like, eqx.filter(built, eqx.is_inexact_array))
    forward = float(along(built, moved(still, direction)))
    reverse = float(jnp.sum(MOVES[name](*gradient) * direction))
    step = 1e-5 * float(jnp.max(jnp.abs(leaf)) + 1e-3)
    difference = (at(step) - at(-step)) / (2 * step)
    assert abs(difference) > 1e-9 * abs(at(0.0))
    # Second-order differences of smooth parts, and rounding of a sum of about 1e4 over a step of 1e-5.
    assert forward == pytest.approx(difference, rel=1e-5, abs=1e-6)
    assert reverse == pytest.approx(forward, rel=1e-11, abs=1e-12)
