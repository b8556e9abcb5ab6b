"""Reference cases of control: the limit cycle of a thermostat with its derivatives, thermoelectric coolers."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import root_scalar

import caloris
from caloris.model.thermal import Thermal
from caloris.solve.balance import balance, duty
from caloris.solve.solution import Solution, SteadySolution
from caloris_kernels.stepping.grid import step_times
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import closed, section, steady, table

# A box of 500 J/K on 0.5 W/K to a wall at 253.15 K, heated by 30 W between 278.15 and 283.15 K; it starts at the upper
# threshold, off.
_HEATER = {"power": 30.0, "conductance": 0.5, "heat_capacity": 500.0, "on_below": 278.15, "off_above": 283.15}
_WALL, _DURATION = 253.15, 3100.0


def _times(power, conductance, heat_capacity, on_below, off_above):
    """Off time and on time (s): the box relaxes to the wall, or to the wall + P/G, with C/G."""
    constant, hot = heat_capacity / conductance, _WALL + power / conductance
    off = constant * np.log((off_above - _WALL) / (on_below - _WALL))
    return off, constant * np.log((hot - on_below) / (hot - off_above))


def _late(**values):
    """The box (K) at the end of the run: off, after a whole number of cycles and some time more."""
    off, on = _times(**values)
    cycles = np.floor(np.real(_DURATION / (off + on)))
    since = _DURATION - cycles * (off + on)
    assert np.real(since) < np.real(off)
    exponent = since * values["conductance"] / values["heat_capacity"]
    return _WALL + (values["off_above"] - _WALL) * np.exp(-exponent)


def _share(**values):
    """Share of the run that the heater was on."""
    off, on = _times(**values)
    return np.floor(np.real(_DURATION / (off + on))) * on / _DURATION


def _slope(function: Callable, name: str) -> float:
    """Logarithmic derivative of a closed form by one of its numbers, by a complex step."""
    return float(np.imag(function(**{**_HEATER, name: _HEATER[name] * (1 + 1e-30j)})) / 1e-30)


@functools.cache
def _heated() -> Thermal:
    h = _HEATER
    control = {"sensor": "box", "on_below": h["on_below"], "off_above": h["off_above"]}
    text = [
        table("node", name="box", heat_capacity=h["heat_capacity"], start_temperature=h["off_above"]),
        table("node", name="wall", temperature=_WALL),
        table("link", between=["box", "wall"], conductance=h["conductance"]),
        table("heater", name="foil", on="box", power=h["power"], control=control),
        section("run", mode="transient", duration=_DURATION, output_every=_DURATION),
    ]
    thermal = caloris.build(caloris.parse_case("\n".join(text))).thermal
    assert thermal is not None
    return thermal


_LEAVES: dict[str, Callable[[Any], jax.Array]] = {
    "power": lambda t: t.parts[0].parameters.power,
    "conductance": lambda t: t.links.conductance,
    "heat_capacity": lambda t: t.nodes.heat_capacity,
    "on_below": lambda t: t.switches.on_below,
    "off_above": lambda t: t.switches.off_above,
}


_NAMES = tuple(_HEATER)
_KINDS = ("off", "on", "late", "duty")


def _events(solution: Solution) -> jax.Array:
    """Times (s) of the first three switchings."""
    assert solution.record is not None
    grid, shift = solution.grid, solution.record.shift
    assert grid.switch is not None and shift is not None
    index = jnp.nonzero(grid.switch >= 0, size=3)[0]
    start, length = jax.vmap(lambda i: step_times(solution.network.edges, grid, i))(index)
    return start + length + shift[index, 1]


def _solved(thermal: Thermal, relative: jax.Array) -> Solution:
    """The run with each number of the heater changed by a part of it; the start moves with the upper threshold."""
    leaves = lambda t: tuple(_LEAVES[name](t) for name in _NAMES)  # noqa: E731
    changed = tuple(leaf * (1.0 + part) for leaf, part in zip(leaves(thermal), relative, strict=True))
    start = thermal.nodes.start_temperature.at[0].add(relative[_NAMES.index("off_above")] * _HEATER["off_above"])
    times = jnp.array([0.0, _DURATION])
    return caloris.solve_transient(eqx.tree_at(leaves, thermal, changed), times, start, tolerance=1e-6)


def _numbers(solution: Solution) -> jax.Array:
    """Off and on time (s), late temperature (K) and duty (-)."""
    first, second, third = _events(solution)
    share = duty(solution)
    assert share is not None
    return jnp.stack([third - second, second - first, solution.temperature[-1, 0], share[0]])


_CLOSED = {"off": lambda **v: _times(**v)[0], "on": lambda **v: _times(**v)[1], "late": _late, "duty": _share}


@functools.cache
def _measured() -> tuple[np.ndarray, np.ndarray]:
    """The numbers, and their derivatives by reverse mode: [kind], [kind, name]."""
    thermal = _heated()

    @eqx.filter_jit
    def both(relative: jax.Array) -> tuple[Solution, jax.Array]:
        return _solved(thermal, relative), jax.jacrev(lambda r: _numbers(_solved(thermal, r)))(relative)

    solution, slope = both(jnp.zeros(len(_NAMES)))
    return np.asarray(_numbers(closed(solution))), np.asarray(slope)


def _value(kind: str) -> float:
    return float(_measured()[0][_KINDS.index(kind)])


def _derivative(kind: str, name: str) -> float:
    return float(_measured()[1][_KINDS.index(kind), _NAMES.index(name)])


# A module of 0.05 V/K, 2 ohm, 0.5 W/K: Z = 2.5e-3 1/K; cold and hot side at 260 and 300 K.
_SEEBECK, _RESISTANCE, _CONDUCTANCE, _COLD, _HOT = 0.05, 2.0, 0.5, 260.0, 300.0
_FIGURE = _SEEBECK**2 / (_RESISTANCE * _CONDUCTANCE)
_ROOT = (1 + _FIGURE * 0.5 * (_COLD + _HOT)) ** 0.5


@functools.cache
def _module(free: bool) -> Thermal:
    cold = {"heat_capacity": 1.0, "start_temperature": _COLD} if free else {"temperature": _COLD}
    text = [
        table("node", name="cold", **cold),
        table("node", name="hot", temperature=_HOT),
        table("thermoelectric", name="module", cold="cold", hot="hot", seebeck=_SEEBECK, resistance=_RESISTANCE,
              conductance=_CONDUCTANCE, current=1.0),
        steady(),
    ]  # fmt: skip
    thermal = caloris.build(caloris.parse_case("\n".join(text))).thermal
    assert thermal is not None
    return thermal


def _at_current(thermal: Thermal, current: jax.Array) -> SteadySolution:
    leaf = lambda t: t.parts[0].parameters.current  # noqa: E731
    return caloris.solve_steady(eqx.tree_at(leaf, thermal, jnp.full_like(leaf(thermal), current)))


def _performance(solution: SteadySolution) -> jax.Array:
    """Heat taken from the cold side over electrical power, both from the balance of the nodes."""
    moments = balance(solution)
    return moments.boundary[0, 0] / jnp.sum(moments.terms.load)


def _coldest(solution: SteadySolution) -> jax.Array:
    """Cold side (K)."""
    return solution.temperature[0]


@functools.cache
def _best(function: Callable[[SteadySolution], jax.Array], free: bool, low: float, high: float) -> tuple[float, float]:
    """Current (A) where the derivative of a function vanishes, and the function there; free: the cold side floats."""
    thermal = _module(free)
    both = jax.jit(jax.value_and_grad(lambda current: function(_at_current(thermal, current))))
    current = root_scalar(lambda current: float(both(current)[1]), bracket=(low, high), xtol=1e-12).root
    return current, float(function(closed(_at_current(thermal, jnp.asarray(current)))))


_IOFFE = "Goldsmid, Introduction to Thermoelectricity, 2nd ed. (2016), ch. 2, doi:10.1007/978-3-662-49256-7"
_WITHOUT_LOAD = ((1 + 2 * _FIGURE * _HOT) ** 0.5 - 1) / _FIGURE  # K
_RELAXES = "exponential between the thresholds, C/G ln of the two distances to where it tends"


def _case(name: str, quantity: str, unit: str, exact: float, bound: float, reason: str, source: str, measure):
    return ReferenceCase(name, quantity, unit, exact, bound, reason, source, measure)


CASES: tuple[ReferenceCase, ...] = (
    *(
        _case(
            f"thermostat-{kind}-time",
            f"{kind} time of a heater of 30 W with a thermostat between 5 and 10 degC, C/G 1000 s",
            "s",
            _CLOSED[kind](**_HEATER),
            1e-8,
            "steps of 1 uK that end within 1e-6 of that at the switching: 1.6e-10",
            _RELAXES,
            functools.partial(_value, kind),
        )
        for kind in ("off", "on")
    ),
    _case(
        "thermostat-late",
        "temperature of the box after nine cycles and a part of one, 3100 s",
        "K",
        _late(**_HEATER),
        1e-8,
        "steps of 1 uK that end within 1e-6 of that at the switching: 1.1e-10",
        _RELAXES,
        functools.partial(_value, "late"),
    ),
    _case(
        "thermostat-duty",
        "share of these 3100 s that the heater is on",
        "1",
        _share(**_HEATER),
        1e-8,
        "steps of 1 uK that end within 1e-6 of that at the switching: 1.1e-10",
        _RELAXES,
        functools.partial(_value, "duty"),
    ),
    *(
        _case(
            f"thermostat-{kind}-per-{name.replace('_', '-')}",
            f"{word}, derivative by the logarithm of {name.replace('_', ' ')}, reverse",
            {"on": "s", "late": "K", "duty": "1"}[kind],
            _slope(_CLOSED[kind], name),
            1e-7,
            "of the discrete scheme, whose steps of 1 uK are off by 1e-9 to 6e-9",
            "derivative of the closed form, by a complex step",
            functools.partial(_derivative, kind, name),
        )
        for kind, word in (
            ("on", "on time of the heater"),
            ("late", "the box after 3100 s"),
            ("duty", "share of the time that the heater is on"),
        )
        for name in _HEATER
    ),
    _case(
        "thermoelectric-best-performance",
        "greatest ratio of heat from 260 K to 300 K over power of a module, Z 2.5e-3 1/K",
        "1",
        _COLD / (_HOT - _COLD) * (_ROOT - _HOT / _COLD) / (_ROOT + 1),
        1e-9,
        "the derivative's zero is found to 1e-12 A",
        "T_c/(T_h - T_c) (sqrt(1 + Z T) - T_h/T_c)/(sqrt(1 + Z T) + 1), T the mean: " + _IOFFE,
        lambda: _best(_performance, False, 1.5, 6.0)[1],
    ),
    _case(
        "thermoelectric-best-current",
        "current of that greatest ratio, where its derivative vanishes",
        "A",
        _SEEBECK * (_HOT - _COLD) / (_RESISTANCE * (_ROOT - 1)),
        1e-9,
        "the derivative's zero is found to 1e-12 A",
        "a (T_h - T_c)/(R (sqrt(1 + Z T) - 1)): " + _IOFFE,
        lambda: _best(_performance, False, 1.5, 6.0)[0],
    ),
    _case(
        "thermoelectric-coldest",
        "coldest temperature that the module reaches without load from 300 K, at the zero of the derivative",
        "K",
        _WITHOUT_LOAD,
        1e-9,
        "flat at its minimum; the zero of the derivative is found to 1e-12 A",
        "T_h - T_c = Z T_c^2/2: " + _IOFFE,
        lambda: _best(_coldest, True, 2.0, 9.0)[1],
    ),
)
