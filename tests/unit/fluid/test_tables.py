"""Property tables against published values, and against CoolProp where it is installed.

Published values come from other sources than the tables, so that a wrong column, unit or fluid shows.
"""

import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.fluid.library import FLUIDS, liquid_named, propylene_glycol, saturated_named
from caloris_kernels.fluid.liquid import boiling_temperature, enthalpy, liquid_properties, vapor_pressure
from caloris_kernels.fluid.saturation import latent_heat, surface_tension, vapor_properties

TOOL = Path(__file__).parents[3] / "tools" / "fluid_tables.py"


@jax.jit
def _liquid(fluid, temperature):
    at = jax.vmap(lambda t: (*liquid_properties(fluid, t), vapor_pressure(fluid, t)))(temperature)
    return jnp.stack(at, axis=1)


@jax.jit
def _saturated(fluid, temperature):
    rest = jax.vmap(lambda t: (latent_heat(fluid, t), surface_tension(fluid, t), *vapor_properties(fluid, t)))
    return jnp.concatenate([_liquid(fluid.liquid, temperature), jnp.stack(rest(temperature), axis=1)], axis=1)


# Temperature (K): vapor pressure (Pa), liquid and vapor density (kg/m3), latent heat (J/kg).
PUBLISHED = {
    # IAPWS R6-95(2018), table 8.
    "water": {
        275.0: (698.451167, 999.887406, 0.00550664919, 2504289.95 - 7759.722),
        450.0: (932203.564, 890.341250, 4.81200360, 2774410.78 - 749161.585),
    },
    # IIR, table of saturated values for R717: -40, -30 and -20 degC.
    "ammonia": {
        233.15: (71.71e3, 1e3 / 1.4491, 1.0 / 1.55117, 1387.00e3),
        243.15: (119.46e3, 1e3 / 1.4755, 1.0 / 0.96249, 1357.81e3),
        253.15: (190.11e3, 1e3 / 1.5036, 1.0 / 0.62274, 1327.11e3),
    },
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_saturation_against_published_tables(name):
    """Water by the same equation: what is left is interpolation, 1e-6 (table error at 275 K, beside the first knot).

    Ammonia's printed table rests on Tillner-Roth et al. (1993), ours on Gao et al. (2020): they agree within 0.2 %.
    """
    expected = np.array(list(PUBLISHED[name].values()))
    temperature = jnp.asarray(list(PUBLISHED[name]))
    got = np.asarray(_saturated(saturated_named(name), temperature))[:, [4, 0, 7, 5]]
    np.testing.assert_allclose(got, expected, rtol=2e-6 if name == "water" else 2e-3)


@pytest.mark.parametrize("name", ["ammonia", "water", "HFE-7100"])
def test_normal_boiling_point(name):
    """61 degC is what 3M prints for HFE-7100, to a degree."""
    got = float(boiling_temperature(liquid_named(name), jnp.asarray(101325.0)))
    assert got == pytest.approx(FLUIDS[name].boiling, abs=0.5 if name == "HFE-7100" else 0.01)


def test_hfe_7100_against_the_makers_table():
    """3M's properties of Novec 7100 at 25 degC.

    1183 J/kg/K, 27 kPa, 0.069 W/m/K; and 1.51 g/cm3 and 0.58 cP, which its own equations (1481.6 kg/m3) and kinematic
    viscosity (0.38 cSt) meet within 2 and 5 %.
    """
    got = np.asarray(_liquid(liquid_named("HFE-7100"), jnp.array([298.15])))[0]
    error = np.abs(got / [1510.0, 1183.0, 0.069, 0.58e-3, 27e3] - 1.0)
    assert np.all(error < [0.02, 1e-3, 5e-3, 0.052, 5e-3]), error


def test_glycol_against_ashrae():
    """ASHRAE Handbook, 40 % by volume at 35 degC: 2.6 mPa s. Volume to mass with 1036 and 998 kg/m3 at 20 degC.

    Two sources of one mixture: the printed digit is 2 %, the sources differ by as much again.
    """
    mass_fraction = 0.4 * 1036.0 / (0.4 * 1036.0 + 0.6 * 998.0)
    viscosity = _liquid(propylene_glycol(jnp.asarray(mass_fraction)), jnp.array([308.15]))[0, 3]
    assert float(viscosity) == pytest.approx(2.6e-3, rel=0.04)


@pytest.mark.parametrize(("volume", "freezing"), [(0.1, -2.2), (0.3, -12.8), (0.5, -33.3)])
def test_glycol_freezes_as_printed(volume, freezing):
    """Lange's Handbook of Chemistry (15th ed.), table 5.13: parts by volume, to about a kelvin among handbooks."""
    mass_fraction = volume * 1036.0 / (volume * 1036.0 + (1.0 - volume) * 998.0)
    fluid = propylene_glycol(jnp.asarray(mass_fraction))
    assert float(fluid.freezing) - 273.15 == pytest.approx(freezing, abs=1.0)
    assert float(fluid.start) == float(fluid.freezing)


def test_wrong_names():
    with pytest.raises(ValueError, match="'amonia' is not known; known are ammonia, water, propylene glycol, HFE-7100"):
        liquid_named("amonia")
    with pytest.raises(ValueError, match="0.1 to 0.6, not None"):
        liquid_named("propylene glycol")
    with pytest.raises(ValueError, match="0.1 to 0.6, not 0.9"):
        liquid_named("propylene glycol", 0.9)
    with pytest.raises(ValueError, match="water is no mixture"):
        liquid_named("water", 0.3)
    with pytest.raises(ValueError, match="not of 'HFE-7100'"):
        saturated_named("HFE-7100")


def _tool():
    pytest.importorskip("CoolProp")
    spec = importlib.util.spec_from_file_location("fluid_tables", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_those_of_coolprop():
    """Written anew, they are the stored ones: nine digits, and what another version of CoolProp may change."""
    tool = _tool()
    for name, (columns, rows) in tool.tables().items():
        stored = (tool.TABLES / f"{name}.csv").read_text().splitlines()
        assert stored[1] == ",".join(columns)
        np.testing.assert_allclose(np.loadtxt(stored[2:], delimiter=","), rows, rtol=1e-8)


# Largest relative error of the splines between their knots, by column (see `fluid.library`), with a margin of a third.
BOUNDS = {
    "ammonia": [1.2e-6, 3.5e-5, 8e-7, 2e-6, 2e-7, 7e-6, 1.1e-6, 2.5e-6, 5.5e-5, 1.5e-5, 3e-6],
    # Conductivity: CoolProp's own has a corner near 431 K.
    "water": [3e-7, 3e-6, 1.5e-4, 1.2e-5, 1e-6, 7e-8, 2e-8, 1e-6, 5e-7, 2.5e-7, 6e-8],
}


@pytest.mark.parametrize("name", BOUNDS)
def test_error_between_the_knots(name):
    tool = _tool()
    fluid = saturated_named(name)
    last = fluid.liquid.start + fluid.liquid.step * (fluid.liquid.density.shape[0] - 7)
    temperature = np.linspace(fluid.liquid.start, last, 601)
    exact = tool.saturated(name.capitalize(), temperature)[:, 1:]
    error = np.max(np.abs(np.asarray(_saturated(fluid, jnp.asarray(temperature))) / exact - 1.0), axis=0)
    assert np.all(error < BOUNDS[name]), error


@pytest.mark.parametrize("fraction", [0.125, 0.33, 0.575])
def test_error_between_the_mixtures(fraction):
    """At mass fractions that have no table: density, specific heat, conductivity, then viscosity and vapor pressure."""
    tool = _tool()
    fluid = propylene_glycol(jnp.asarray(fraction))
    assert float(fluid.freezing) == pytest.approx(tool.glycol_freezing(fraction), abs=3e-3)
    temperature = np.linspace(float(fluid.freezing) + 5e-3, 373.15, 101)
    exact = tool.glycol(fraction, temperature)[:, 1:]
    error = np.max(np.abs(np.asarray(_liquid(fluid, jnp.asarray(temperature))) / exact - 1.0), axis=0)
    assert np.all(error < [2e-5, 2e-5, 3e-5, 1.3e-3, 1.5e-3]), error


def test_enthalpy_of_water_is_that_of_the_steam_tables():
    """IAPWS R6-95(2018), table 8: from 275 to 450 K the saturated liquid gains 741.40 kJ/kg.

    The integral of the specific heat leaves out the work of compression to 9.3 bar, (v - T dv/dT) dp, below
    1.1e-3 m3/kg x 9.3e5 Pa: 0.14 %.
    """
    fluid = liquid_named("water")
    gain = enthalpy(fluid, jnp.asarray(450.0)) - enthalpy(fluid, jnp.asarray(275.0))
    assert float(gain) == pytest.approx(749161.585 - 7759.722, rel=1.4e-3)
