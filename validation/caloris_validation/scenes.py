"""Small case files as text: the scenes of the thermal reference cases, and the runs made of them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

import caloris
from caloris.case.node_layout import NodeLayout
from caloris.run_file.arrays import ENERGY_BOUND, residuals
from caloris.solve.balance import balance
from caloris.solve.solution import Solution, SteadySolution

Vector = Sequence[float]
_Solved = TypeVar("_Solved", bound=Solution | SteadySolution)


def key(value: object) -> str:
    """A value as TOML: text quoted, sequences as arrays, numbers bare (SI)."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value if isinstance(value, int) else float(value))  # numpy's floats say what they are
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {key(one)}" for name, one in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(key(one) for one in value) + "]"
    raise TypeError(f"{value!r} has no form in a case file")


def table(kind: str, /, **keys: object) -> str:
    """One table of an array of tables: [[kind]] and its keys; keys that are None are left out."""
    return f"[[{kind}]]\n" + _lines(keys)


def section(kind: str, /, **keys: object) -> str:
    """The table [kind] and its keys."""
    return f"[{kind}]\n" + _lines(keys)


def _lines(keys: dict[str, object]) -> str:
    return "".join(f"{name} = {key(value)}\n" for name, value in keys.items() if value is not None)


def coating(name: str, emittance: float, absorptance: float | None = None) -> str:
    """A grey coating; the solar absorptance is the emittance unless given."""
    solar = emittance if absorptance is None else absorptance
    return table("coating", name=name, solar_absorptance=solar, infrared_emittance=emittance)


def rectangle(name: str, corner: Vector, edge_u: Vector, edge_v: Vector, **keys: object) -> str:
    """A rectangle; its front looks along edge_u x edge_v."""
    return table("surface", name=name, shape="rectangle", corner=corner, edge_u=edge_u, edge_v=edge_v, **keys)


def deep_space(temperature: float = 0.0) -> str:
    """No Sun, no planet: a sky of one temperature (K)."""
    return section("planet", space_temperature=temperature)


def sunlight(solar_flux: float = 1361.0, sky: float = 0.0) -> str:
    """Sunlight along -z all the time and nothing from the planet, which neither shines nor casts a shadow.

    The orbit lies square to the Sun (beta 90 deg); +z of the bus points at the Sun.
    """
    planet = section("planet", solar_flux=solar_flux, albedo=0.0, infrared_flux=0.0, space_temperature=sky)
    orbit = section("orbit", altitude="1000 km", beta="90 deg")
    return planet + orbit + section("attitude", point="+z", toward="sun", align="+x", to="velocity")


def steady(**keys: object) -> str:
    """A steady run."""
    return section("run", mode="steady", **keys)


def transient(duration: float, **keys: object) -> str:
    """A transient run of `duration` (s) that is written at its start and end."""
    return section("run", mode="transient", duration=duration, output_every=duration, **keys)


# Internal exchange sums to zero to this share of a run's largest total; heat in and out to ENERGY_BOUND.
_EXCHANGE_BOUND = 1e-9


def closed_run(case: caloris.Case) -> caloris.Run:
    """A run whose balances close: ArithmeticError where internal exchange does not cancel or energy is lost.

    Both residuals are relative to the largest total of heat of the run, as the run file keeps them.
    """
    run = caloris.run(case)
    numbers = run.data.attributes["thermal"]
    relative = float(numbers["energy_residual_relative"]), float(numbers["exchange_residual_relative"])
    _check(case.title or "the run", numbers["mode"] == "steady", *relative)
    return run


def closed(solution: _Solved) -> _Solved:
    """A solution of a verb whose balances close as those of `closed_run` do; ArithmeticError where they do not."""
    steady = isinstance(solution, SteadySolution)
    _check("the solution", steady, *residuals(solution, balance(solution)).relative)
    return solution


def _check(what: str, steady: bool, energy: float, exchange: float) -> None:
    """Raise where a residual is above its bound, or no number."""
    bound = ENERGY_BOUND["steady" if steady else "transient"]
    for name, residual, most in (("exchange", exchange, _EXCHANGE_BOUND), ("energy", energy, bound)):
        if not residual <= most:
            raise ArithmeticError(f"{what}: {name} residual {residual:.2e}, allowed {most:g}")


class Result:
    """The arrays of a finished run, by name and node."""

    def __init__(self, *parts: str):
        case = caloris.parse_case("\n".join(parts))
        run = closed_run(case)
        self.model: caloris.Model = run.model
        self.arrays: dict[str, Any] = run.data.arrays
        assert run.model.geometry is not None
        self.layout = NodeLayout(run.model.geometry, case)

    def nodes(self, name: str) -> np.ndarray:
        """Indices of the node `name`, or of the cells of a surface, a layer or the face of a solid."""
        found = self.layout.find(name)
        if not len(found):
            raise KeyError(f"no node {name!r} among {self.layout.names}")
        return found

    def of(self, quantity: str, name: str) -> np.ndarray:
        """A quantity of the thermal group at the last time, for every node under `name`."""
        return np.asarray(self.arrays[f"thermal/{quantity}"])[-1, self.nodes(name)]

    def total(self, quantity: str, name: str) -> float:
        """Sum of a quantity over the nodes under `name`, at the last time."""
        return float(self.of(quantity, name).sum())

    def temperature(self, name: str) -> float:
        """Temperature (K) of a node, or the mean over a surface's area or a solid's volume, at the last time."""
        size = self.arrays["thermal/node_area"] + self.arrays.get("thermal/node_volume", 0.0)
        weights = np.asarray(size)[self.nodes(name)]
        return float(np.average(self.of("temperature", name), weights=weights if weights.any() else None))

    def face_temperature(self, name: str) -> float:
        """Mean temperature (K) over the face of a solid, by its patches' areas, at the last time."""
        geometry = self.model.geometry
        assert geometry is not None
        cells = geometry.topology().cells(name)
        area = geometry.topology().areas(np.asarray(geometry.vertices()))[1][cells]
        temperature = [self.of("temperature", geometry.topology().cell_name[cell])[0] for cell in cells]
        return float(np.average(temperature, weights=area))


def order(coarse: float, fine: float, exact: float, ratio: float = 2.0) -> float:
    """Observed order of convergence: the drop of the error from a coarse to a fine mesh, `ratio` times finer."""
    return float(np.log(abs(coarse - exact) / abs(fine - exact)) / np.log(ratio))
