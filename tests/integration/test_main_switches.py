"""Each mechanism of the shipped example, switched off in a coarse copy of it, changes a named output.

The smallest change allowed is half of what a hand estimate gives, or what the estimate says at least. Estimates
use the slope of emission, dT = q / (4 e sigma T^3) per area of one side, e the emittance of all its sides.
"""

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.thermal import Thermal
from caloris.solve import network, pose_radiosity
from caloris.solve.balance import balance
from caloris_kernels.radiative import radiosity

sys.path.insert(0, str(Path(__file__).parent))
from main_run import coarse_case  # noqa: E402

pytestmark = pytest.mark.slow


class Outcome(NamedTuple):
    """Means over the orbit."""

    names: tuple[str, ...]
    temperature: np.ndarray  # [node], K
    available_power: float  # W

    def mean_temperature(self, surface: str) -> float:
        """Mean over the cells of a surface, or of one node (K)."""
        return float(self.temperature[_cells(self.names, surface)].mean())


def _cells(names: tuple[str, ...], surface: str) -> list[int]:
    return [k for k, name in enumerate(names) if name.split("[")[0] == surface]


@cache
def model(*overrides: str) -> caloris.Model:
    return caloris.build(coarse_case(*overrides))


def thermal_of(*overrides: str) -> Thermal:
    thermal = model(*overrides).thermal
    assert thermal is not None
    return thermal


def solved(thermal: Thermal) -> Outcome:
    """The periodic orbit of a model."""
    solution = caloris.solve_cyclic(thermal, tolerance=1e-2)
    temperature = np.asarray(solution.temperature)
    mean = np.trapezoid(temperature, np.asarray(solution.time), axis=0) / float(solution.time[-1])
    power = np.asarray(balance(solution).available).sum(axis=1)
    mean_power = np.trapezoid(power, np.asarray(solution.time)) / float(solution.time[-1])
    return Outcome(thermal.nodes.name, mean, float(mean_power))


@cache
def as_shipped() -> Outcome:
    return solved(thermal_of())


def test_shadows() -> None:
    """Wings 12 m wide stand 0.5 m off the bus's 3 m ends and hide a good part of planet and Sun from them.

    Of the planet's 239 W/m2 a vertical wall sees a quarter, and it absorbs 0.62: 37 W/m2. The wing hides at
    least a third of that, 12 W/m2, over 4 x 0.62 sigma 280^3 = 3.1 W/m2/K: 4 K.
    """
    full = model()
    assert full.geometry is not None and full.visibility is not None and full.context is not None
    blocked = tuple(jnp.zeros_like(table) for table in full.visibility.sky_blocked)
    lit = jnp.ones_like(full.visibility.sunlit)
    clear = eqx.tree_at(lambda v: (v.sunlit, v.sky_blocked), full.visibility, (lit, blocked))
    bare = caloris.couple(full.geometry, clear, full.context)
    without = solved(bare)
    for end in ("bus wall.u+", "bus wall.u-"):
        assert without.mean_temperature(end) - as_shipped().mean_temperature(end) > 2.0
        assert _sunlight_on(bare, end) > 1.05 * _sunlight_on(thermal_of(), end)


def _sunlight_on(thermal: Thermal, surface: str) -> float:
    """Mean first-incidence sunlight (W), as if the planet cast no shadow."""
    power = np.asarray(thermal.incident.solar * thermal.exchange.area).mean(axis=0)
    return float(power[np.isin(thermal.exchange.facet_node, _cells(thermal.nodes.name, surface))].sum())


def test_albedo() -> None:
    """The Earth face of the bus: a S cos(beta) / pi F = 0.3 x 1406 x 0.53 / pi x 0.84 = 60 W/m2 in the mean.

    It absorbs 0.4 of it, over 3.1 W/m2/K (see above): 7.7 K, less what other walls share.
    """
    without = solved(thermal_of("planet/albedo=0"))
    assert as_shipped().mean_temperature("bus wall.w-") - without.mean_temperature("bus wall.w-") > 3.0


def test_planet_infrared() -> None:
    """A vertical plate sees a quarter of the planet on either side: 0.249 x 239 x 0.91 x 2 = 108 W/m2.

    Over 4 x 2 x 0.91 sigma 339^3 = 16.1 W/m2/K that is 6.7 K at the radiator, and every tray follows it.
    """
    without = solved(thermal_of("planet/infrared_flux=0 W/m^2"))
    for name in ("radiator", "tray 1", "tray 8"):
        assert as_shipped().mean_temperature(name) - without.mean_temperature(name) > 5.0


def test_joints() -> None:
    """Wings that stay within a degree of the zenith: cos(beta) / pi = 0.17 of the Sun's flux in the mean.

    Tracking gives cos(incidence) > 0.86 while lit, four fifths of the orbit: more than four times as much.
    """
    joint = '{axis="+x", point="+z", toward="sun", range=["-1 deg", "1 deg"]}'
    without = solved(thermal_of(f"body/wing+x/joint={joint}", f"body/wing-x/joint={joint}"))
    assert without.available_power < 0.5 * as_shipped().available_power


def test_electrical_extraction() -> None:
    """Some 130 kW are drawn from 720 m2 of cells: 180 W/m2 more heat without it.

    Over 4 (0.85 + 0.88) sigma 300^3 = 10.6 W/m2/K: 17 K, less what the radiator, cold without power, takes back.
    """
    cells = ("solar_array/array+x/efficiency=1e-6", "solar_array/array-x/efficiency=1e-6")
    without = solved(thermal_of(*cells))
    for name in ("array+x", "array-x"):
        assert without.mean_temperature(name) - as_shipped().mean_temperature(name) > 8.0


def test_reflections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reflections light is absorbed where it falls first, or lost.

    The radiator is edge-on to the Sun: all sunlight that it absorbs came by another surface. The ends of the bus
    face the wings' white backs, which return three quarters of the albedo and sunlight and see a quarter of them.
    """
    thermal = thermal_of()
    exact = radiosity.irradiation

    def first_incidence(enclosure, reflectance, *sources, **options):
        return exact(enclosure, 0.0 * reflectance, *sources, **options)

    def absorbed() -> tuple[np.ndarray, np.ndarray]:
        """Mean absorbed sunlight by node (W) and exchange factors to space (m2), traced anew."""
        reduced, fluxes = eqx.filter_jit(lambda model: network.assemble(model))(thermal)
        power = jnp.mean(fluxes.solar, axis=0) * thermal.exchange.area
        by_node = jax.ops.segment_sum(power, thermal.exchange.facet_node, len(thermal.nodes.name))
        return np.asarray(by_node), np.asarray(reduced.to_space).mean(axis=0)

    sunlight, to_space = absorbed()
    monkeypatch.setattr(radiosity, "irradiation", first_incidence)
    monkeypatch.setattr(pose_radiosity, "irradiation", first_incidence)
    first, direct = absorbed()
    radiator, end = (_cells(thermal.nodes.name, name) for name in ("radiator", "bus wall.u+"))
    assert first[radiator].sum() < 0.1 * sunlight[radiator].sum()
    # A twentieth: a quarter of the wing's back in view, a third of it lit by a Sun 60 degrees off, times 0.75.
    assert sunlight[end].sum() > 1.05 * first[end].sum()
    # Of what the radiator emits onto the wings' backs (0.88) and cells (0.85) a tenth goes on to space.
    assert to_space[radiator].sum() > 1.005 * direct[radiator].sum()
