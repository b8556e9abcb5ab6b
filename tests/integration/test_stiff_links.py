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


def chain(conductance: str):
    """A plate that radiates 200 W from both sides, heated through a chain of 30 nodes."""
    names = ["plate", *(f"n{k}" for k in range(LENGTH))]
    links = "".join(
        f'[[link]]\nbetween = ["{a}", "{b}"]\nconductance = "{conductance}"\n\n'
        for a, b in zip(names[:-1], names[1:], strict=True)
    )
    text = f"""
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
heat_capacity = "900 J/K"

{_NODES}{links}
[[load]]
on = "n{LENGTH - 1}"
power = "{POWER} W"

[run]
mode = "steady"
"""
    model = caloris.build(caloris.parse_case(text))
    assert model.thermal is not None
    return model.thermal


def exact(conductance: float) -> np.ndarray:
    """Plate and chain: sigma 2 A T^4 = P + sigma 2 A T_space^4, then P / g from node to node."""
    plate = (POWER / (2.0 * STEFAN_BOLTZMANN) + 2.725**4) ** 0.25
    return plate + POWER / conductance * np.arange(LENGTH + 1)


@pytest.mark.parametrize("conductance", [1.0, 1e3, 1e5, 1e7])
def test_temperatures_are_those_of_a_chain(conductance):
    solution = caloris.solve_steady(chain(f"{conductance} W/K"))
    # Solved to 1e-9 K; at 1e7 W/K the rounding of 300 K times the conductance is 1e-6 W of the 200 W.
    np.testing.assert_allclose(solution.temperature, exact(conductance), atol=1e-6)


def test_gradient_through_stiff_links():
    thermal = chain("1e5 W/K")

    def end(value):
        moved = eqx.tree_at(lambda t: t.links.conductance, thermal, jnp.full_like(thermal.links.conductance, value))
        return caloris.solve_steady(moved).temperature[-1]

    expected = -LENGTH * POWER / 1e5**2
    assert float(jax.grad(end)(1e5)) == pytest.approx(expected, rel=1e-6)
    assert float(jax.jvp(end, (1e5,), (1.0,))[1]) == pytest.approx(expected, rel=1e-6)


def test_a_sheet_that_conducts_almost_perfectly():
    """k t of 1e5 W/K, a thousand times thick copper: the whole sheet has one temperature."""
    text = f"""
[[coating]]
name = "black"
infrared_emittance = 1.0
solar_absorptance = 1.0

[[material]]
name = "superconductor"
density = "1000 kg/m^3"
specific_heat = "1000 J/kg/K"
conductivity = "1e7 W/m/K"

[[surface]]
name = "plate"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
divide = [12, 12]
front = "black"
back = "black"
material = "superconductor"
thickness = "10 mm"

[[load]]
on = "plate[0,0]"
power = "{POWER} W"

[run]
mode = "steady"
"""
    model = caloris.build(caloris.parse_case(text))
    assert model.thermal is not None
    solution = caloris.solve_steady(model.thermal)
    # 200 W through 1e5 W/K, spread from a corner cell: a few millikelvin.
    assert float(jnp.ptp(solution.temperature)) == pytest.approx(0.006, abs=0.005)
    assert float(jnp.mean(solution.temperature)) == pytest.approx(exact(1e30)[0], abs=1e-5)
