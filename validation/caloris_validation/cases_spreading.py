"""Reference cases: spreading resistance in meshed solids and in chips, through case files."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from caloris_validation import scenes
from caloris_validation.cases_solids import box, face
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, steady, table
from caloris_validation.spheroidal_mesh import WEDGE, write_half_space

# A disc of radius 1 m on a half-space of 2 W/m/K, cut off at an ellipsoid whose axis is 10 m, which is held at 300 K.
_CONDUCTIVITY, _REACH, _POWER = 2.0, 10.0, 0.1
# Beyond it (K/W, times k a): the isothermal ellipsoid's resistance to infinity; that of other sources differs there by
# the cube of 1/10.
_BEYOND = (np.pi / 2 - np.arctan(_REACH)) / (2 * np.pi)


@functools.cache
def _disc(cells: int, isothermal: bool) -> tuple[float, float]:
    """Resistance of a disc on a half-space times k a: to the mean of the disc and to its middle (-)."""
    with tempfile.TemporaryDirectory() as folder:
        mesh = write_half_space(Path(folder) / "half_space.msh", cells, _REACH)
        parts = [
            table("material", name="rock", density=1.0, specific_heat=1.0, conductivity=_CONDUCTIVITY),
            table("solid", name="ground", shape="mesh", file=str(mesh), length_unit="m", material="rock"),
            face("far", temperature=300.0),
        ]
        parts.append(face("disc", temperature=301.0) if isothermal else table("load", on="ground.disc", power=_POWER))
        result = Result(*parts, steady())
    # The wedge's cross-sections are triangles of 1/2 sin(WEDGE) rho^2 instead of sectors of 1/2 WEDGE rho^2.
    part = np.sin(WEDGE) / (2 * np.pi)
    heat = result.total("node_boundary", "ground.disc") if isothermal else _POWER
    rise = result.face_temperature("ground.disc") - 300.0, float(result.of("temperature", "ground.disc").max()) - 300.0
    mean, middle = (_CONDUCTIVITY * each * part / heat + _BEYOND for each in rise)
    return mean, middle


# A quarter of a copper plate of 48 mm x 48 mm x 4 mm on 5000 W/m2/K; 100 W enter through 20 mm x 20 mm in its middle.
_PLATE = {"half": 0.024, "source": 0.01, "thickness": 4e-3, "film": 5e3, "conductivity": 390.0, "power": 100.0}


@functools.cache
def _plate(patches: int) -> tuple[float, float]:
    """Rise of the source's mean and middle above the coolant (K); `patches` along half of the source, 3 or 8.

    Patches reach halfway to the next vertices: the source's edge lies half a brick beyond its last vertex.
    """
    brick = _PLATE["source"] / (patches - 0.5)
    along, through = round(_PLATE["half"] / brick), round(_PLATE["thickness"] / brick) or 1
    part = np.r_[0.5, np.ones(patches - 1)] * brick
    area = np.outer(part, part)
    heated = [f"plate.w+[{i},{j}]" for i in range(patches) for j in range(patches)]
    result = Result(
        table("material", name="copper", density=1.0, specific_heat=1.0, conductivity=_PLATE["conductivity"]),
        box("plate", (_PLATE["half"], _PLATE["half"], _PLATE["thickness"]), (along, along, through), material="copper"),
        table("node", name="coolant", temperature=300.0),
        table("contact", between=["plate.w-", "coolant"], conductance_per_area=_PLATE["film"]),
        table("load", on=heated, power=_PLATE["power"] / 4, shares=(area / area.sum()).ravel().tolist()),
        steady(),
    )
    rise = np.array([result.temperature(one) for one in heated]) - 300.0
    return float(np.average(rise, weights=area.ravel())), float(rise[0])


def spreading_series(
    source: float, side: float, thickness: float, conductivity: float, film: float
) -> dict[str, float]:
    """Spreading resistance (K/W) of a square in the middle of a square plate, mode by mode.

    Even modes cos(2 pi m x/L) cos(2 pi n y/L) about the middle; each decays through the plate as exp(+-b z), with
    k dT/dz = flux on top and k dT/dz = h T behind: two equations for its two amplitudes.
    """
    wave = 2 * np.pi * np.arange(1001) / side
    load = np.where(wave > 0, np.sin(0.5 * wave * source) / np.where(wave > 0, 0.5 * wave * source, 1.0), 1.0)
    load *= np.where(wave > 0, 2.0, 1.0)
    flux = np.outer(load, load) / side**2  # W/m2 of each mode for 1 W
    b = np.hypot(wave[:, None], wave[None, :])
    b[0, 0] = 1.0
    # T = p exp(-b z) + q exp(-b (t - z)): k b (p - q e) = flux at z = 0, k b (p e - q) = h (p e + q) at z = t.
    decay = np.exp(-b * thickness)
    back = (conductivity * b - film) / (conductivity * b + film) * decay
    surface = flux / (conductivity * b) * (1 + back * decay) / (1 - back * decay)
    surface[0, 0] = 0.0
    mean = load / np.where(wave > 0, 2.0, 1.0)
    return {"mean": float(mean @ surface @ mean), "center": float(surface.sum())}


def _plate_series(kind: str) -> float:
    """The same by the exact series (K)."""
    side = 2 * _PLATE["half"]
    found = spreading_series(2 * _PLATE["source"], side, _PLATE["thickness"], _PLATE["conductivity"], _PLATE["film"])
    uniform = (_PLATE["thickness"] / _PLATE["conductivity"] + 1 / _PLATE["film"]) / side**2
    return _PLATE["power"] * (uniform + found[kind])


# A chip of 20 mm x 20 mm under a lid of 50 mm x 50 mm on water at 300 K, 300 W.
_CHIP = {
    "name": "gpu", "on": "water", "power": 300.0,
    "interface": {"conductance_per_area": 2e4}, "lid_interface": {"conductance_per_area": 1e4},
}  # fmt: skip
_DIE = {"size": [0.02, 0.02], "thickness": 8e-4, "material": "silicon"}
_LID = {"size": [0.05, 0.05], "thickness": 3e-3, "material": "copper"}
_WATER = table("node", name="water", temperature=300.0)
_METALS = table("material", name="silicon", density=2330.0, specific_heat=700.0, conductivity=120.0) + table(
    "material", name="copper", density=8960.0, specific_heat=385.0, conductivity=390.0
)


@functools.cache
def _lumped_chip(spreading: str) -> float:
    """Temperature of the die (K), chip of nodes."""
    chip = table("chip", **_CHIP, die=_DIE, lid=_LID, spreading=spreading)
    return Result(_METALS, chip, _WATER, steady()).temperature("gpu die")


@functools.cache
def _solid_chip(fine: int) -> float:
    """Mean temperature of the die's outer face (K), chip of solids; fine (odd) divides bricks of 5 and 10 mm.

    The die conducts through its thickness alone, so that heat enters the lid as evenly as the series has it. Its rim
    lies between patches of the lid.
    """
    die = {**_DIE, "material": "columns", "divide": [4 * fine, 4 * fine, 1]}
    lid = {**_LID, "divide": [5 * fine, 5 * fine, fine]}
    columns = table("material", name="columns", density=2330.0, specific_heat=700.0, conductivity=[1e-6, 1e-6, 120.0])
    chip = table("chip", **_CHIP, die=die, lid=lid, corner=[0, 0, 0], along_u="+x", along_v="+y")
    return Result(_METALS, columns, chip, _WATER, steady()).face_temperature("gpu die.w+")


def _chip_by_hand(kind: str) -> float:
    """300 K + 300 W (t_d/(k_d A_d) + 1/(h_1 A_d) + R_spreading + t_l/(k_l A_l) + 1/(h_2 A_l))."""
    found = spreading_series(0.02, 0.05, 3e-3, 390.0, 1e4)
    one_way = 8e-4 / (120 * 4e-4) + 1 / (2e4 * 4e-4) + 3e-3 / (390 * 25e-4) + 1 / (1e4 * 25e-4)
    return 300.0 + 300.0 * (one_way + found[kind])


_YOVANOVICH = "Yovanovich & Marotta, Thermal spreading and contact resistances, in Heat Transfer Handbook (2003), ch. 4"
_MUZYCHKA = "Muzychka, Culham & Yovanovich, J. Electron. Packag. 125 (2003) 178, doi:10.1115/1.1568125; 1000 terms"


def _disc_case(
    kind: str, exact: float, formula: str, which: int, bound: float, order: float, reason: str
) -> ReferenceCase:
    isothermal = kind == "isothermal"

    def measured(cells: int) -> float:
        return _disc(cells, isothermal)[which]

    return ReferenceCase(
        f"spreading-disc-{kind}",
        f"resistance of a disc on a half-space times k a, {kind.replace('-', ' ')}",
        "1",
        exact,
        bound,
        reason,
        f"{formula}: {_YOVANOVICH}",
        lambda: measured(32),
        observed_order=lambda: scenes.order(measured(16), measured(32), exact),
        expected_order=order,
        slow=True,
    )


CASES: tuple[ReferenceCase, ...] = (
    _disc_case(
        "isothermal",
        0.25,
        "1/4",
        0,
        1.1e-2,
        1.6,
        "32 x 16 cells, at the rim the flux is infinite: 2.8e-2 at half of them, 8.8e-3 here, and a quarter",
    ),
    _disc_case(
        "isoflux-mean",
        8 / (3 * np.pi**2),
        "8/(3 pi^2)",
        0,
        4e-3,
        1.7,
        "32 x 16 cells: 1.2e-2 at half of them, 3.1e-3 here, and a quarter",
    ),
    _disc_case(
        "isoflux-maximum",
        1 / np.pi,
        "1/pi",
        1,
        1e-3,
        0.9,
        "one node on the axis, where the wedge's cells end in a line: 1.4e-3 at half of the cells, 6.7e-4 here",
    ),
    *(
        ReferenceCase(
            f"spreading-plate-{kind}",
            f"rise of the {word} of a source of 20 mm x 20 mm on a copper plate of 48 mm, 100 W, 5000 W/m2/K behind",
            "K",
            _plate_series(kind),
            2e-3,
            "bricks of 1.3 mm, second order for the mean: 0.12 K at 4 mm, 0.012 K here; twice that",
            _MUZYCHKA,
            lambda which=which: _plate(8)[which],
            observed_order=lambda which=which, kind=kind: scenes.order(
                _plate(3)[which], _plate(8)[which], _plate_series(kind), ratio=3.0
            ),
            expected_order=1.4,
            slow=True,
        )
        for which, (kind, word) in enumerate((("mean", "mean"), ("center", "middle")))
    ),
    *(
        ReferenceCase(
            f"chip-lumped-{kind}",
            f"die of 20 mm under a copper lid of 50 mm on water at 300 K, 300 W, by nodes: its {word}",
            "K",
            _chip_by_hand(name),
            0.05,
            "200 of 1000 terms of the series: 2e-4 of its mean, 6e-4 of its middle, which are 25 and 32 K",
            "resistances in series; spreading: " + _MUZYCHKA,
            lambda kind=kind: _lumped_chip(kind),
            absolute=True,
        )
        for kind, name, word in (("mean", "mean", "mean"), ("maximum", "center", "middle"))
    ),
    ReferenceCase(
        "chip-solid-mean",
        "the same by solids: mean of the die's outer face",
        "K",
        _chip_by_hand("mean"),
        0.8,
        "second order in bricks of 3.3 mm under a spreading of 25 K: 0.6 K, and a third",
        "resistances in series; spreading: " + _MUZYCHKA,
        lambda: _solid_chip(3),
        absolute=True,
        observed_order=lambda: scenes.order(_solid_chip(1), _solid_chip(3), _chip_by_hand("mean"), ratio=3.0),
        expected_order=1.5,
        slow=True,
    ),
)
