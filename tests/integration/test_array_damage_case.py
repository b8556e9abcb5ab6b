"""A satellite whose cells age by displacement damage: from TOML to the power of the arrays, by run/life."""

import io

import numpy as np
import pytest
from rich.console import Console

import caloris
from caloris.output.read import open_run
from caloris.output.show import show

CASE = """
title = "Panel"
[orbit]
altitude = "600 km"
beta = "70 deg"
[attitude]
point = "+z"
toward = "sun"
[particles]
spectrum = "protons.csv"
[[material]]
name = "glass"
density = "2554 kg/m^3"
composition = { Si = 0.467, O = 0.533 }
[[coating]]
name = "cells"
solar_absorptance = 0.9
infrared_emittance = 0.85
[[surface]]
name = "wing"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
front = "cells"
back = "cells"
heat_capacity = "20 kJ/K"
[[surface]]
name = "wing 2"
shape = "rectangle"
corner = [2, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
front = "cells"
back = "cells"
heat_capacity = "20 kJ/K"
[[solar_array]]
name = "glazed"
on = "wing/front"
efficiency = 0.2
temperature_coefficient = 0.0
damage = { shield = [{ material = "glass", thickness = "100 um" }], years = 10, cell = "GaAs/Ge" }
[[solar_array]]
name = "far"
on = "wing 2/front"
efficiency = 0.2
temperature_coefficient = 0.0
damage = { dose_point = "cells", coefficient = 0.2, reference_dose = "1e9 MeV/g" }
[power]
losses_on = "wing"
[[battery]]
on = "wing"
capacity = "1 kWh"
[[load]]
on = "wing"
power = "20 W"
electrical = true
[[dose_point]]
name = "cells"
damage = "GaAs"
shield = [{ material = "glass", areal_density = "0.02554 g/cm^2" }]
shape = "slab"
years = 10
[run]
mode = "steady"
life = 1.0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cells")
    energy = np.geomspace(0.5, 300.0, 80)
    rows = [f"1,{e:.8g},{2e6 * e**-1.0 * np.exp(-e / 60.0):.8g}" for e in energy]
    (made / "protons.csv").write_text("\n".join(["z,energy,flux", *rows]) + "\n")
    return made


@pytest.fixture(scope="module")
def aged(folder):
    return caloris.run(caloris.parse_case(CASE, folder))


def test_power_is_what_damage_leaves(aged, folder):
    arrays, point = aged.data.arrays, aged.data.arrays["dose/damage"][0]
    # Both shields are the same glass: one by thickness, one by areal density; this case has no electrons.
    np.testing.assert_allclose(arrays["power/displacement_damage"], [point, point], rtol=1e-12)
    left = [1 - c * np.log10(1 + point / d) for c, d in ((0.2825, 1.052e9), (0.2, 1e9))]
    np.testing.assert_allclose(arrays["power/undamaged"], left, rtol=1e-12)
    assert 0.5 < left[0] < 0.97
    new = caloris.build(caloris.parse_case(CASE, folder, ("run/life=beginning",)))
    assert new.array_damage is not None and np.all(np.asarray(new.array_damage.remaining) == 1.0)
    fresh = caloris.run(caloris.parse_case(CASE, folder, ("run/life=beginning",))).data.arrays
    # Efficiency without a slope over temperature, `degradation` left out: power goes with what is left, to rounding.
    ratio = arrays["power/available_power"] / fresh["power/available_power"]
    np.testing.assert_allclose(ratio, [left], rtol=1e-9)


def test_half_of_the_life_is_half_of_the_damage(aged, folder):
    half = caloris.build(caloris.parse_case(CASE, folder, ("run/life=0.5",))).array_damage
    assert half is not None
    np.testing.assert_allclose(half.damage, 0.5 * aged.data.arrays["power/displacement_damage"], rtol=1e-12)


def test_damage_is_shown(aged, tmp_path):
    text = io.StringIO()
    path = aged.save(tmp_path / "run.h5")
    show(path, Console(file=text, width=140))
    words = text.getvalue()
    assert "array glazed" in words and "left by displacement damage of" in words
    assert "Displacement damage of the mission" in words and "GaAs" in words
    with open_run(path) as run:
        assert np.isnan(run["dose/equivalent_neutrons"][0])  # of silicon alone
        np.testing.assert_allclose(run["dose/equivalent_protons"], run["dose/damage"] / 6.9609e-3, rtol=1e-9)
