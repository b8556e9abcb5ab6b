"""Dose by the thickness and density of one wall of a geometry, through public names, against differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris

CASE = """
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[material]]
name = "Al"
density = "2700 kg/m^3"
specific_heat = "900 J/kg/K"
conductivity = "160 W/m/K"
composition = { Al = 1.0 }
[[material]]
name = "Ta"
density = "16600 kg/m^3"
specific_heat = "140 J/kg/K"
conductivity = "57 W/m/K"
composition = { Ta = 1.0 }
[[coating]]
name = "black"
solar_absorptance = 0.9
infrared_emittance = 0.9
[[surface]]
name = "hull"
shape = "box"
corner = ["-0.5 m", "-0.5 m", "-0.5 m"]
edge_u = ["1 m", 0, 0]
edge_v = [0, "1 m", 0]
edge_w = [0, 0, "1 m"]
front = "black"
back = "black"
material = "Al"
thickness = "4 mm"
[[surface]]
name = "plate"
shape = "rectangle"
corner = ["-0.2 m", "-0.2 m", "0.1 m"]
edge_u = ["0.4 m", 0, 0]
edge_v = [0, "0.4 m", 0]
front = "black"
back = "black"
material = "Ta"
thickness = "2 mm"
[[dose_point]]
name = "die"
at = [0.0, 0.0, 0.0]
shield = "geometry"
rays = 2048
[run]
mode = "steady"
"""


@pytest.fixture(scope="module")
def model():
    return caloris.build(caloris.parse_case(CASE))


def dose_of(model, walls):
    point = model.dose_points[0]
    shield = caloris.sector_shield(model.geometry, point.place, walls, rays=2048)
    return caloris.dose(eqx.tree_at(lambda p: p.shield, point, shield), model.particles).total


def test_the_model_knows_its_walls(model):
    walls = model.walls
    assert (walls.name, walls.materials) == (("hull", "plate"), ("Al", "Ta"))
    np.testing.assert_allclose(walls.thickness, [0.004, 0.002], rtol=1e-15)
    np.testing.assert_allclose(walls.density, [2700.0, 16600.0], rtol=1e-15)
    again = caloris.sector_shield(model.geometry, model.dose_points[0].place, walls, rays=2048)
    np.testing.assert_allclose(again.areal_density, model.dose_points[0].shield.areal_density, rtol=1e-13)


def test_dose_by_the_thickness_of_one_wall(model):
    def dose(thickness):
        return dose_of(model, eqx.tree_at(lambda w: w.thickness, model.walls, thickness))

    at = model.walls.thickness
    gradient = jax.grad(dose)(at)
    forward = jax.jvp(dose, (at,), (jnp.asarray([0.0, 1.0]),))[1]
    np.testing.assert_allclose(forward, gradient[1], rtol=1e-9)
    h = 1e-7  # m; small enough that no ray changes its bin but for a few
    for k in range(2):
        step = jnp.zeros(2).at[k].set(h)
        difference = (dose(at + step) - dose(at - step)) / (2 * h)
        # Which ray is in which bin is frozen in the derivative and not in the difference: what bins leave out.
        np.testing.assert_allclose(gradient[k], difference, rtol=0.02)


def test_density_counts_like_thickness_and_jit_like_eager(model):
    def shielding(walls):
        shield = caloris.sector_shield(model.geometry, model.dose_points[0].place, walls, rays=2048)
        return jnp.sum(shield.share @ shield.areal_density)

    slope = eqx.filter_grad(shielding)(model.walls)
    walls = model.walls
    np.testing.assert_allclose(slope.density * walls.density, slope.thickness * walls.thickness, rtol=1e-12)
    # Linear: the whole is the sum of what each wall adds.
    np.testing.assert_allclose(jnp.sum(slope.thickness * walls.thickness), shielding(walls), rtol=1e-12)
    np.testing.assert_allclose(eqx.filter_jit(shielding)(walls), shielding(walls), rtol=1e-12)


def test_shapes_and_places_have_no_derivative(model):
    place = jnp.asarray(model.dose_points[0].place)
    with pytest.raises(TypeError, match="what rays cross is frozen"):
        jax.grad(lambda p: caloris.sector_shield(model.geometry, p, model.walls).mean)(place)
