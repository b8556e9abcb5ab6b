"""Steady states of networks whose couplings differ by many orders, as of thick copper beside a sky."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris_kernels.constants import STEFAN_BOLTZMANN

LENGTH, POWER = 30, 200.0
_NODES = "".join(f'[[node]]\nname = "n{k}"\nheat_capacity = "10 J/K"\n\n' for k in range(LENGTH))
# A black plate of 1 m2, both sides to space; a case adds the rest of the surface and what heats it.
_PLATE = """
[run]
mode = "steady"

[[coating]]
name = "black"
infrared_emittance = 1.0
solar_absorptance = 1.0

[[surface]]
name = "plate"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "black"
back = "black"
"""


def heated_plate(more: str, heated: str):
    """Thermal model of the plate with more keys and tables, 200 W into `heated`."""
    text = f'{_PLATE}{more}\n[[load]]\non = "{heated}"\npower = "{POWER} W"\n'
    model = caloris.build(caloris.parse_case(text))
    assert model.thermal is not None
    return model.thermal


def chain(conductance: str):
    """The plate heated through a chain of 30 nodes."""
    names = ["plate", *(f"n{k}" for k in range(LENGTH))]
    links = "".join(
        f'[[link]]\nbetween = ["{a}", "{b}"]\nconductance = "{conductance}"\n\n'
        for a, b in zip(names[:-1], names[1:], strict=True)
    )
    return heated_plate(f'heat_capacity = "900 J/K"\n\n{_NODES}{links}', names[-1])


def exact(conductance: float) -> np.ndarray:
    """Plate and chain: sigma 2 A T^4 = P + sigma 2 A T_space^4, then P / g from node to node."""
    plate = (POWER / (2.0 * STEFAN_BOLTZMANN) + 2.725**4) ** 0.25
    return plate + POWER / conductance * np.arange(LENGTH + 1)


@pytest.mark.parametrize("conductance", [1.0, 1e3, 1e5, 1e7])
def test_temperatures_are_those_of_a_chain(conductance):
    solution = caloris.solve_steady(chain(f"{conductance} W/K"))
    # Solved to 1e-9 K; at 1e7 W/K the rounding of 300 K times the conductance is 1e-6 W of the 200 W.
    np.testing.assert_allclose(solution.temperature, exact(conductance), atol=1e-6)


@pytest.mark.slow
def test_gradient_through_stiff_links():
    thermal = chain("1e5 W/K")

    def end(value):
        moved = eqx.tree_at(lambda t: t.links.conductance, thermal, jnp.full_like(thermal.links.conductance, value))
        return caloris.solve_steady(moved).temperature[-1]

    expected = -LENGTH * POWER / 1e5**2
    assert float(jax.grad(end)(1e5)) == pytest.approx(expected, rel=1e-6)
    assert float(jax.jvp(end, (1e5,), (1.0,))[1]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_a_sheet_that_conducts_almost_perfectly():
    """k t of 1e5 W/K, a thousand times thick copper: the whole sheet has one temperature."""
    more = """
divide = [12, 12]
material = "superconductor"
thickness = "10 mm"

[[material]]
name = "superconductor"
density = "1000 kg/m^3"
specific_heat = "1000 J/kg/K"
conductivity = "1e7 W/m/K"
"""
    solution = caloris.solve_steady(heated_plate(more, "plate[0,0]"))
    # 200 W through 1e5 W/K, spread from a corner cell: a few millikelvin.
    assert float(jnp.ptp(solution.temperature)) == pytest.approx(0.006, abs=0.005)
    assert float(jnp.mean(solution.temperature)) == pytest.approx(exact(1e30)[0], abs=1e-5)
