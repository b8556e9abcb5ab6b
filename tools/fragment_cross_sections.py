"""Fit cross-sections of the fragmentation of fast ions, from measurements in EXFOR: the constants of a kernel.

    python tools/fragment_cross_sections.py FOLDER

FOLDER holds the entries named in ENTRIES as C1546.x4 and so on (folder exforall of
https://github.com/IAEA-NDS/exfor_master). Fitted are a formula for the production of an element, fragments(), and two
for any loss of charge, total_on_hydrogen() and total_on_nuclei(), all in mb. Printed are their constants as Python
literals; formula/measured (its median and the factor of its rms logarithm) by target, projectile and loss of charge,
also where a target or projectile was left out of the fit; and the pairs whose fragments carry most charge.

Taken are ions of boron to nickel and elements from lithium on, 0.25 to 20 GeV/u (on targets above copper to 3 GeV/u:
electromagnetic dissociation is in neither formula), with stated errors below half the value; totals of helium, too,
from 0.2 GeV/u on. Compounds (CH2, CR39) are passed over. Of C1581 only boron is taken: its Be and Li are divided by
what else hit the detector. Of C1546 lithium and beryllium are taken on hydrogen alone: on carbon they are a third to a
half of what D8111, D8112, E2764 and, on polycarbonate, E2761 (De Lellis and others, Nucl. Phys. A 853, 124, 2011)
found. Left out are C1963, C2918, C3120 (one exposure, Fe on Al at 0.3 GeV/u, 15 to 40 % below the others), S0232 (Fe at
0.5 GeV/u: pickup of charge, 2 to 23 mb, filed as a total), C3110 (Fe, O, C on He and H: the measurements of C1546),
C1231 (isotopes of the elements of C1230), D8075 (O at 60 and 200 GeV/u), C3113 (a stack of targets), D8085 (CH2 only),
C1874, D8092 (ions above nickel; of Fe and Si only pickup and CH2). Values that look mistyped stay in, as the loss
function makes little of them: C1546, O on He to B at 1563 MeV/u, 4.01 mb (C3110: 40.1), N on C to B, 160 mb; C1609, Ar
on Cu at 290 MeV/u to Na, 10 mb.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

ENTRIES = {
    "C0407": "Westfall et al., Phys. Rev. C 19, 1309 (1979): Fe",
    "C1230": "Knott et al., Phys. Rev. C 53, 347 (1996): Ne to Ni on H",
    "C1546": "Webber, Kish, Schrier, Phys. Rev. C 41, 533 (1990): B to Ni on H, He, C",
    "C1581": "Zeitlin et al., Phys. Rev. C 76, 014911 (2007): C",
    "C1609": "Zeitlin et al., Phys. Rev. C 77, 034605 (2008): Cl, Ar, Ti",
    "C3111": "Brechtmann, Heinrich, Benton, Phys. Rev. C 39, 2222 (1989): Si at 14.5 GeV/u",
    "C3112": "Webber, Kish, Schrier, Phys. Rev. C 41, 520 (1990): totals on H, He, C",
    "C3114": "Hirzebruch et al., Phys. Rev. C 46, 1487 (1992): O",
    "C3118": "Chen et al., Phys. Rev. C 49, 3200 (1994): totals on H",
    "D0946": "Cecchini et al., Nucl. Phys. A 807, 206 (2008): totals of Fe, Si, C",
    "D8111": "Ridolfi et al., Phys. Rev. C 112, 014610 (2025): O on C",
    "D8112": "Toppi et al., Front. Phys. 10, 979229 (2022): O on C",
    "D8076": "Brechtmann, Heinrich, Z. Phys. A 331, 463 (1988): S",
    "E2010": "Zeitlin et al., Nucl. Phys. A 784, 341 (2007): Si",
    "E2056": "La Tessa et al., Nucl. Phys. A 791, 434 (2007): Ar",
    "E2517": "Zhang et al., Radiat. Meas. 50, 56 (2013): Fe",
    "E2763": "Zeitlin et al., Phys. Rev. C 64, 024902 (2001): Ne",
    "E2764": "Zeitlin et al., Phys. Rev. C 83, 034909 (2011): N, O, Ne, Mg",
    "O0968": "Flesch et al., Radiat. Meas. 31, 533 (1999): Fe",
    "O0971": "Flesch et al., Radiat. Meas. 34, 237 (2001): Si",
    "O1176": "Napolitani et al., Phys. Rev. C 70, 054607 (2004): Fe on H, Ti, light isotopes",
    "O1271": "Iancu et al., Radiat. Meas. 39, 525 (2005): Ar",
    "O1507": "Villagrasa-Canton et al., Phys. Rev. C 75, 044603 (2007): Fe on H, isotopes",
    "O2344": "Le Gentil et al., Phys. Rev. Lett. 100, 022701 (2008): Fe on H",
    "O2441": "Horst et al., Phys. Rev. C 99, 014603 (2019): totals of He",
}
WEIGHTS = {1: 1.008, 2: 4.003, 3: 6.94, 4: 9.012, 6: 12.011, 8: 15.999, 13: 26.982, 14: 28.085, 16: 32.06, 22: 47.867}
WEIGHTS |= {29: 63.546, 47: 107.868, 50: 118.71, 73: 180.948, 82: 207.2}
MASSES = (9, 11, 12, 14, 16, 19, 20, 23, 24, 27, 28, 31, 32, 35, 40, 39, 40, 45, 48, 51, 52, 55, 56, 59, 58)  # Z 4..28
# What an energy is multiplied with to be MeV/u where an entry states the unit wrongly, or gives that of the collision.
_UNITS = {("D8076", "GEV"): 1e3, ("E2764", "MEV"): 1.0, ("E2763", "KEV"): 1.0}
_UNITS |= {("O1176", "MEV"): 1000.0 / 973.0, ("O1176", "GEV"): 1000.0 / 23.06}
_REACTION = re.compile(r"REACTION   \(+(\d+)-[A-Z]+-\d+\((?:(\d+)-[A-Z]+-(\d+)|A),(?:TCC|X)\)([^,]*),\w*,SIG[,)]")


class Value(NamedTuple):
    """A measured cross-section (mb) with its error; energy in MeV/u, fragment 0: the total."""

    entry: str
    target: int
    charge: int
    mass: int
    energy: float
    fragment: int
    sigma: float
    error: float


def rows(lines: list[str], start: int) -> list[dict[str, tuple[float, str]]]:
    """(number, unit) by heading for every row of the table that begins at a line; of equal headings the first."""
    count = int(lines[start][11:22])
    height = -(-count // 6)

    def fields(at: int) -> list[str]:
        text = "".join(line.ljust(66)[:66] for line in lines[at : at + height])
        return [text[11 * k : 11 * k + 11].strip() for k in range(count)]

    names, units, at, found = fields(start + 1), fields(start + 1 + height), start + 1 + 2 * height, []
    while not lines[at].startswith("END"):
        cells = reversed([cell for cell in zip(names, units, fields(at), strict=True) if cell[2]])
        found.append({name: (float(text), unit) for name, unit, text in cells})
        at += height
    return found


def read(path: Path) -> list[Value]:
    """All totals and elements of an entry; isotopes are added up."""
    lines, reaction = path.read_text(errors="replace").splitlines(), None
    shared, common, found = {}, {}, {}
    for at, line in enumerate(lines):
        if line.startswith("SUBENT"):
            reaction, common = None, shared
        elif line.startswith("REACTION"):
            reaction = _REACTION.match(line)
        elif line.startswith("COMMON"):
            common = common | rows(lines, at)[0]
            shared = shared if reaction else common
        elif re.match(r"DATA {7,}\d", line) and reaction:
            target, charge, mass, product = reaction.groups()
            charge, mass = int(charge or 2), int(mass or 4)
            units = {"MEV/A": 1.0, "GEV/A": 1e3, "MEV": 1.0 / mass, "GEV": 1e3 / mass}
            for place, row in enumerate(common | row for row in rows(lines, at)):
                fragment = int(row.get("ELEMENT", (0,))[0])
                if "DATA" not in row or bool(fragment) != bool(product):
                    continue
                energy, unit = row.get("EN") or row["EN-CM"]
                energy *= _UNITS.get((path.stem, unit)) or units[unit]
                sigma = row["DATA"][0]
                error, unit = row.get("DATA-ERR") or row.get("ERR-T") or row.get("ERR-S") or (3.0, "PER-CENT")
                error *= 0.01 * sigma if unit == "PER-CENT" else 1.0
                key = (at, energy, fragment, None if "MASS" in row else place)
                old = found.get(key, Value(path.stem, int(target), charge, mass, energy, fragment, 0.0, 0.0))
                found[key] = old._replace(sigma=old.sigma + sigma, error=old.error + error)
    return list(found.values())


def fit_for_use(value: Value) -> bool:
    """Whether a value is taken."""
    if value.target not in WEIGHTS or value.sigma <= 0.0 or value.energy > (2e4 if value.target <= 29 else 3e3):
        return False
    if value.fragment == 0:
        return value.charge <= 28 and value.energy >= 200.0 and (value.charge > 2 or value.target > 1)
    clear = value.error < 0.5 * value.sigma and (value.entry != "C1581" or value.fragment == 5)
    clear = clear and (value.entry != "C1546" or value.fragment > 4 or value.target == 1)
    return clear and 5 <= value.charge <= 28 and 3 <= value.fragment < value.charge and value.energy >= 250.0


class Ions(NamedTuple):
    """Projectiles, targets, energies (MeV/u) and fragments of several collisions."""

    charge: np.ndarray
    mass: np.ndarray
    weight: np.ndarray
    energy: np.ndarray
    fragment: np.ndarray


def fragments(c: np.ndarray, ions: Ions) -> np.ndarray:
    """Cross-section (mb) of an element: charge lost piece by piece, and fragments of ions that burst.

    c holds 20 constants, then the logarithms of the factors of the elements 3..27.
    """
    lost, excess = ions.charge - ions.fragment, 1.0 - 2.0 * ions.charge / ions.mass
    heavy = 1.0 - np.exp(-np.maximum(ions.weight - WEIGHTS[1], 0.0) / 4.0)
    element = c[20:][ions.fragment.astype(int) - 3] + c[0] * excess * (-1.0) ** ions.fragment
    reach = (1.0 - heavy) * np.exp(c[1]) * (1.0 - np.exp(-ions.energy / np.exp(c[2]))) + heavy * np.exp(c[3])
    pieces = c[16] * np.exp(-ions.energy / np.exp(c[17]))
    pieces -= ((lost - 1.0) / reach) ** ((1.0 - heavy) * c[4] + heavy * c[5])
    pieces += np.where(lost == 1.0, c[6] + c[7] * excess - c[8] * element, 0.0)
    burst = np.log(heavy + (1.0 - heavy) * np.exp(c[9])) + c[10] + c[11] * np.log(ions.fragment / ions.charge)
    burst += c[12] * np.log(ions.weight / 27.0) + c[13] * np.log(ions.charge / 14.0)
    beryllium_of_carbon = np.where((ions.charge == 6.0) & (ions.fragment == 4.0), c[18], 0.0)
    lithium_on_nuclei = np.where(ions.fragment == 3.0, c[19] * heavy, 0.0)
    rim = np.cbrt(ions.mass) + np.cbrt(ions.weight) - c[14]
    return rim * np.exp(c[15] + element + beryllium_of_carbon + lithium_on_nuclei) * (np.exp(pieces) + np.exp(burst))


def total_on_hydrogen(c: np.ndarray, ions: Ions) -> np.ndarray:
    """Charge-changing cross-section (mb) on hydrogen; sine and exponential are those of Letaw, Silberberg and Tsao."""
    wave = np.exp(-ions.energy / 200.0) * np.sin(10.9 * ions.energy**-0.28)
    return c[0] * ions.charge ** c[1] * (1.0 - c[2] * (1.0 - 2.0 * ions.charge / ions.mass)) * (1.0 - c[3] * wave)


def total_on_nuclei(c: np.ndarray, ions: Ions) -> np.ndarray:
    """Charge-changing cross-section (mb) on anything heavier: two discs, smaller with light ions and many neutrons."""
    size, other, excess = np.cbrt(ions.mass), np.cbrt(ions.weight), 1.0 - 2.0 * ions.charge / ions.mass
    return 10.0 * np.pi * (c[0] * (size + other - c[1] - c[2] / size - c[3] / other - c[4] * excess)) ** 2


Formula = tuple[Callable[[np.ndarray, Ions], np.ndarray], list[float], float, float]
_START = [-1.2, 2.1, 6.2, 1.7, 1.5, 0.9, 0.2, 2.3, 0.6, -2.0, -2.1, -1.7, 0.1, -1.2, 1.7, 3.2, 0.5, 6.4, -0.2, 0.5]
FORMULAS: dict[str, Formula] = {  # model, where to begin, error added to the stated one, deviation half believed
    "FRAGMENTS": (fragments, _START + 25 * [0.0], 0.08, 0.25),
    "TOTAL_ON_HYDROGEN": (total_on_hydrogen, [48.0, 0.83, 0.2, 1.0], 0.03, 0.1),
    "TOTAL_ON_NUCLEI": (total_on_nuclei, [1.3, -0.8, 2.5, 1.1, 1.2], 0.03, 0.1),
}


def ratios(formula: Formula, values: list[Value]) -> Callable[[np.ndarray], np.ndarray]:
    """Logarithms of formula/measured."""
    columns = [(v.charge, v.mass, WEIGHTS[v.target], v.energy, v.fragment) for v in values]
    ions, sigma = Ions(*np.array(columns, float).T), np.array([v.sigma for v in values])
    return lambda constants: np.log(formula[0](constants, ions) / sigma)


def fit(formula: Formula, values: list[Value]) -> np.ndarray:
    """The constants with which a formula comes closest to the values."""
    _, start, spread, scale = formula
    weight, ratio = spread / np.hypot([v.error / v.sigma for v in values], spread) / scale, ratios(formula, values)

    def residuals(c: np.ndarray) -> np.ndarray:
        # Factors that few values measure stay near one, and so does the mean of the elements.
        return np.concatenate((weight * ratio(c), 0.5 * c[18:], [10.0 * c[20:].sum()]))

    return least_squares(residuals, start, loss="soft_l1", x_scale="jac", max_nfev=2000).x


def tell(logarithms: np.ndarray) -> str:
    """How many ratios, their median, their rms factor and the factor within which half of them are."""
    parts = np.median(logarithms), np.sqrt(np.mean(logarithms**2)), np.median(np.abs(logarithms))
    return "n {}, median {:.3f}, rms x {:.3f}, half within x {:.3f}".format(logarithms.size, *np.exp(parts))


def loss(value: Value) -> str:
    """Words for how much charge is lost."""
    lost = value.charge - value.fragment
    return str(lost) if lost < 3 else "3 to 5" if lost < 6 else "up to half" if lost < value.fragment else "over half"


GROUPS: dict[str, Callable[[Value], Any]]
GROUPS = {"target": lambda value: value.target, "projectile": lambda value: value.charge, "loss": loss}


def report(name: str, values: list[Value]) -> np.ndarray:
    """Fit, print constants and statistics, also of targets and projectiles left out of a fit; the constants."""
    formula = FORMULAS[name]
    constants = fit(formula, values)
    print(f"{name} = {tuple(constants[:20].round(4).tolist())}")
    if name == "FRAGMENTS":
        print(f"FACTORS = {tuple(np.exp(constants[20:]).round(3).tolist())}  # of the elements from 3 on")
    print("all:", tell(ratios(formula, values)(constants)))
    for what, group in GROUPS.items():
        for key in sorted({group(v) for v in values if v.fragment or what != "loss"}):
            inside, others = ([v for v in values if (group(v) == key) == wanted] for wanted in (True, False))
            ratio = ratios(formula, inside)
            print(what, f"{key}:", tell(ratio(constants)))
            # Nothing but hydrogen tells the constants of hydrogen.
            if what != "loss" and len(inside) >= 10 and others and (what, key) != ("target", 1):
                print("    left out:", tell(ratio(fit(formula, others))))
    return constants


def main(folder: Path) -> None:
    """Fit all, then look at all pairs: do fragments carry more charge than collisions have?"""
    values = [value for entry in ENTRIES for value in read(folder / f"{entry}.x4") if fit_for_use(value)]
    elements = report("FRAGMENTS", [v for v in values if v.fragment])
    hydrogen = report("TOTAL_ON_HYDROGEN", [v for v in values if not v.fragment and v.target == 1])
    nuclei = report("TOTAL_ON_NUCLEI", [v for v in values if not v.fragment and v.target > 1])
    shares, targets = [], [(float(weight), 1e3) for weight in range(2, 241)]
    for weight, energy in targets + [(WEIGHTS[1], energy) for energy in (50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 1e4)]:
        for charge, mass in enumerate(MASSES, 4):
            fragment = np.arange(3.0, charge)
            ions = Ions(*np.broadcast_arrays(float(charge), float(mass), weight, energy, fragment))
            whole = total_on_hydrogen(hydrogen, ions) if weight < 2.0 else total_on_nuclei(nuclei, ions)
            shares.append((float(fragment @ (fragments(elements, ions) / whole)) / charge, charge, weight, energy))
    print("share of the charge in fragments, projectile, target, MeV/u:", *sorted(shares)[-5:])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
