"""Steady states behind pipes that are shut over most of all temperatures, searched from 3 K, 290 K and 1000 K.

Their laws are S-shaped: no slope where they are shut, a steep one over a band of some kelvin, a mild one beyond.
Numbers come from the laws written down here, solved by bisection.
"""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import caloris
from caloris_kernels.fluid.library import saturated_named
from caloris_kernels.fluid.liquid import vapor_pressure

PARTS = Path(__file__).parents[2] / "examples" / "parts"
STARTS = (3.0, 290.0, 1000.0)
_GAS = 8.314462618


def found_from(text: str, start: float) -> dict[str, float]:
    model = caloris.build(caloris.parse_case(text)).thermal
    assert model is not None
    begin = jnp.where(model.nodes.free > 0, start, model.nodes.start_temperature)
    solution = caloris.solve_steady(eqx.tree_at(lambda m: m.nodes.start_temperature, model, begin))
    return dict(zip(model.nodes.name, np.asarray(solution.temperature), strict=True))


@pytest.mark.parametrize("start", STARTS)
def test_loop_heat_pipe(start):
    """G s (T_e - T_c) + G_shut (T_e - T_c) = Q with the open share s linear over the band, away from its corners."""
    found = found_from((PARTS / "loop_heat_pipe.toml").read_text(), start)["electronics"]
    shut = 0.05

    def balance(t):
        return (10.0 * np.clip((t - 288.15) / 2.0, 0.0, 1.0) + shut) * (t - 253.15) - 150.0

    open_share = (found - 288.15) / 2.0
    assert 0.1 < open_share < 0.9
    assert found == pytest.approx(brentq(balance, 280.0, 300.0), abs=0.05)


@pytest.mark.parametrize("start", STARTS)
def test_gas_loaded_pipe(start):
    """G open (T_v - T_c) = Q with the flat front of gas; shut it carries nothing at all."""
    found = found_from((PARTS / "heat_pipe.toml").read_text(), start)
    fluid = saturated_named("ammonia").liquid

    def pressure(t):
        return float(vapor_pressure(fluid, jnp.asarray(t)))

    condenser, reservoir = 233.15, 243.15
    at_condenser, at_reservoir = pressure(condenser), pressure(reservoir)

    def balance(t):
        p = pressure(t)
        blocked = (20e-3 * _GAS - (p - at_reservoir) * 80e-6 / reservoir) * condenser / ((p - at_condenser) * 20e-6)
        return 4.0 * np.clip(1.0 - blocked, 0.0, 1.0) * (t - condenser) - 40.0

    assert found["cold box"] == pytest.approx(brentq(balance, 250.0, 300.0), abs=0.02)
    assert found["box"] == pytest.approx(263.15 + 60.0 / 4.0, abs=1e-6)
