"""Write the property tables of the fluids (kernels/caloris_kernels/fluid/tables) from CoolProp.

    python tools/fluid_tables.py [FOLDER]

CoolProp (Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498, doi 10.1021/ie4033999) is needed here and nowhere else. What
its models are, by fluid:

- ammonia: equation of state of Gao, Wu, Bell, Harvey & Lemmon (2020 version), viscosity Fenghour et al. (1995),
  conductivity Tufeu et al. (1984), surface tension Mulero et al. (2012); liquid and vapor at saturation.
- water: IAPWS-95 (Wagner & Pruss 2002), viscosity Huber et al. (2009), conductivity Huber et al. (2012), surface
  tension Mulero et al. (2012); liquid and vapor at saturation.
- propylene glycol in water, by mass: "MPG", Melinder, Properties of Secondary Working Fluids for Indirect Systems (IIR,
  2010). The vapor pressure is not in it: Raoult's law for the water, the glycol's own being a thousandth of it. Below
  the triple point the pressure over supercooled water is that of Murphy & Koop, Q. J. R. Meteorol. Soc. 131 (2005)
  1539, equation 10, doi 10.1256/qj.04.94. Each mass fraction has its own temperatures, from its freezing point.
- HFE-7100: "HFE2", the 3M data of Skovrup's SecCool. What CoolProp (up to 8.0) gives as its viscosity are the numbers
  of the kinematic viscosity in mm2/s, taken for mPa s: 0.372 at 25 degC where 3M prints 0.38 cSt and 0.58 cP; it is
  multiplied here by the density. "HFE" is not HFE-7100 (its specific heat is that of HFE-7500, its conductivity that of
  no liquid) and is not used. Vapor pressure: ln(p/Pa) = 22.415 - 3641.9/T (3M).
"""

import sys
from pathlib import Path

import numpy as np
from CoolProp import __version__
from CoolProp.CoolProp import PropsSI

TABLES = Path(__file__).parents[1] / "kernels" / "caloris_kernels" / "fluid" / "tables"
LIQUID = ["temperature", "density", "specific_heat", "conductivity", "viscosity", "vapor_pressure"]
VAPOR = ["vapor_density", "vapor_specific_heat", "vapor_conductivity", "vapor_viscosity"]
SATURATED = [*LIQUID, "latent_heat", "surface_tension", *VAPOR]
GLYCOL_FRACTIONS = np.arange(2, 13) / 20.0
GLYCOL_TOP = 373.15  # K, where CoolProp's model ends
GLYCOL_KNOTS = 31
# Far above the vapor pressure of any mixture here, and of no influence on an incompressible model.
PRESSURE = 1e6


def saturated(fluid: str, temperature: np.ndarray) -> np.ndarray:
    """Rows of SATURATED for a pure fluid on its saturation line."""

    def at(what: str, quality: float) -> np.ndarray:
        return np.asarray(PropsSI(what, "T", temperature, "Q", quality, fluid))

    liquid = [temperature, *(at(what, 0.0) for what in "DCLVP")]
    between = [at("H", 1.0) - at("H", 0.0), at("I", 0.0)]
    return np.stack([*liquid, *between, *(at(what, 1.0) for what in "DCLV")], axis=1)


def incompressible(name: str, temperature: np.ndarray) -> list[np.ndarray]:
    """Density, specific heat, conductivity and viscosity of one of CoolProp's incompressible liquids."""
    return [np.asarray(PropsSI(what, "T", temperature, "P", PRESSURE, f"INCOMP::{name}")) for what in "DCLV"]


def hfe_7100(temperature: np.ndarray) -> np.ndarray:
    """Rows of LIQUID for HFE-7100."""
    density, specific_heat, conductivity, kinematic = incompressible("HFE2", temperature)
    vapor_pressure = np.exp(22.415 - 3641.9 / temperature)
    return np.stack(
        [temperature, density, specific_heat, conductivity, 1e-3 * density * kinematic, vapor_pressure], axis=1
    )


def water_pressure(temperature: np.ndarray) -> np.ndarray:
    """Vapor pressure over liquid water (Pa), supercooled water included."""
    t = np.minimum(temperature, 273.16)
    lower = np.exp(
        54.842763
        - 6763.22 / t
        - 4.210 * np.log(t)
        + 0.000367 * t
        + np.tanh(0.0415 * (t - 218.8)) * (53.878 - 1331.22 / t - 9.44523 * np.log(t) + 0.014025 * t)
    )
    upper = np.asarray(PropsSI("P", "T", np.maximum(temperature, 273.16), "Q", 0.0, "Water"))
    return np.where(temperature < 273.16, lower, upper)


def glycol_freezing(fraction: float) -> float:
    """Freezing temperature of a mixture (K)."""
    return PropsSI("T_freeze", "T", 300.0, "P", PRESSURE, f"INCOMP::MPG[{fraction:g}]")


def glycol(fraction: float, temperature: np.ndarray) -> np.ndarray:
    """Rows of LIQUID for propylene glycol in water, fraction its part of the mass."""
    water, propylene_glycol = (1.0 - fraction) / 18.015268, fraction / 76.0944  # kmol per kg of mixture; g/mol
    pressure = water / (water + propylene_glycol) * water_pressure(temperature)
    return np.stack([temperature, *incompressible(f"MPG[{fraction:g}]", temperature), pressure], axis=1)


def glycol_rows() -> np.ndarray:
    """Rows of mass fraction and LIQUID, the fractions one after the other."""
    rows = []
    for fraction in GLYCOL_FRACTIONS:
        # The lowest point a little above freezing, where CoolProp refuses.
        temperature = np.linspace(glycol_freezing(fraction) + 1e-6, GLYCOL_TOP, GLYCOL_KNOTS)
        rows.append(np.column_stack([np.full(GLYCOL_KNOTS, fraction), glycol(fraction, temperature)]))
    return np.concatenate(rows)


def tables() -> dict[str, tuple[list[str], np.ndarray]]:
    """Names of columns and rows of every table; steps so that the splines' errors are those that the tests state."""
    return {
        "ammonia": (SATURATED, saturated("Ammonia", np.arange(196.0, 386.1, 2.0))),
        "water": (SATURATED, saturated("Water", np.arange(274.0, 514.1, 4.0))),
        "propylene_glycol": (["mass_fraction", *LIQUID], glycol_rows()),
        "hfe_7100": (LIQUID, hfe_7100(np.arange(193.15, 337.2, 3.0))),
    }


def write(folder: Path) -> None:
    """All tables as comma-separated values, SI units, nine digits."""
    for name, (columns, rows) in tables().items():
        header = f"# CoolProp {__version__} by tools/fluid_tables.py, which names the models; SI units\n"
        lines = [",".join(f"{value:.9g}" for value in row) for row in rows]
        (folder / f"{name}.csv").write_text(header + ",".join(columns) + "\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else TABLES)
