"""The thermal network of a case as a lumped one, for other solvers: nodes, couplings, heat.

A case of nodes and links becomes what it is. Surfaces bring their exchange factors, views of space and absorbed light;
along an orbit these are means, so that a steady state of the written network is the steady run of the case
(`at = "mean"`). Equipment, and whatever depends on temperatures, has no form in such a network and is refused.
"""

from collections.abc import Callable, Iterator

import equinox as eqx
import numpy as np

from caloris.case.build import build
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.lumped import LumpedNetwork, Pairs, TimedLoad
from caloris.case.schema import Case
from caloris.model.coating import EmittanceTable
from caloris.model.power import HeatLoad
from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.solve.instant import Instant, average
from caloris.solve.network import Network, assemble

# A sky of 0 K is written as this (K): files hold boundaries above it, and it emits nothing that a float64 would see.
_COLDEST = 1e-3


def lumped_network(case: Case, progress: Callable[[str], None] = lambda stage: None) -> LumpedNetwork:
    """The network of a case; progress is told the name of each stage.

    Raises CaseError for a case that cannot be built or that holds what a lumped network has no form for, RuntimeError
    without float64.
    """
    require_float64("lumped_network")
    model = build(case, progress)
    if model.thermal is None or case.run is None:
        raise CaseError(
            [CaseProblem("node", "there is no network; a case needs a [[surface]] or a [[node]]")], case.source
        )
    thermal = model.thermal
    problems = [CaseProblem(path, f"{what} has no form in a lumped network") for path, what in _without_form(thermal)]
    mean = case.orbit is not None or case.run.mode == "steady"
    if not mean:
        problems += list(_steps(thermal))
    if problems:
        raise CaseError(problems, case.source)
    progress("network")
    network, moment = eqx.filter_jit(_assembled)(thermal)
    return _lumped(case, thermal, network, moment, mean)


def _assembled(thermal: Thermal) -> tuple[Network, Instant]:
    network, _ = assemble(thermal)
    return network, average(network)


def _without_form(thermal: Thermal) -> Iterator[tuple[str, str]]:
    """Places of the case that such a network cannot hold, and what stands there."""
    if thermal.bands.infrared_count > 1:
        yield "bands", "radiation in several bands"
    if isinstance(thermal.coatings.infrared_emittance, EmittanceTable):
        yield "coating", "an emittance over temperature"
    if thermal.conduction.table is not None:
        yield "material", "a conductivity over temperature"
    if thermal.nodes.over_temperature is not None:
        yield "material", "a specific heat over temperature"
    if thermal.parts:
        yield thermal.parts[0].kind, "equipment"
    if thermal.arrays is not None:
        yield "solar_array", "power that leaves by solar cells"
    if thermal.bus is not None:
        yield "power", "the losses of a bus"


def _steps(thermal: Thermal) -> Iterator[CaseProblem]:
    """Loads over time that jump: files hold straight lines; boundaries over time: files hold one temperature."""
    for boundary in thermal.boundaries:
        path = f"node/{thermal.nodes.name[int(boundary.node)]}/temperature"
        yield CaseProblem(path, "a table over time has no form in a lumped network")
    for load in thermal.loads:
        if isinstance(load, HeatLoad) and load.power.value.shape[0] > 1 and not load.power.linear:
            yield CaseProblem(
                f"load/{load.name}/power", 'a table of steps has no form in a lumped network; use "linear"'
            )


def _lumped(case: Case, thermal: Thermal, network: Network, moment: Instant, mean: bool) -> LumpedNetwork:
    names = thermal.nodes.name
    free = np.asarray(network.free) > 0
    capacity = np.where(free, np.asarray(thermal.nodes.heat_capacity), 0.0)
    temperature = np.asarray(thermal.nodes.start_temperature, float)
    if moment.boundary is not None:
        temperature = np.where(free, temperature, np.asarray(moment.boundary))
    heat, timed = np.asarray(moment.heat + moment.electrical_heat, float), ()
    if not mean:
        heat, timed = _over_time(thermal, len(names), float(network.duration))
    light = moment.absorbed_solar + moment.absorbed_albedo + moment.absorbed_infrared
    radiative = [*_given(network), *_exchanged(network, moment)]
    to_space = np.asarray(moment.to_space, float)
    if np.any(to_space > 0.0):
        space = len(names)
        radiative += [(int(k), space, float(to_space[k])) for k in np.flatnonzero(to_space > 0.0)]
        names, free, capacity = (*names, _free_name(names)), np.append(free, False), np.append(capacity, 0.0)
        temperature = np.append(temperature, max(float(network.space_temperature), _COLDEST))
        heat, light = np.append(heat, 0.0), np.append(np.asarray(light), 0.0)
    links = network.links
    return LumpedNetwork(
        title=case.title or "network",
        name=tuple(names),
        label=("",) * len(names),
        heat_capacity=capacity,
        temperature=temperature,
        boundary=~free,
        load=np.where(free, heat + np.asarray(light), 0.0),
        timed=timed,
        conductive=_pairs(links.pair, links.conductance),
        radiative=Pairs.of(radiative),
        one_way=_pairs(links.stream, links.capacity_rate),
        source=case.source,
    )


def _free_name(names: tuple[str, ...]) -> str:
    """A name for the sky that no node has."""
    return next(name for name in ("space", *(f"space {k}" for k in range(2, len(names) + 3))) if name not in names)


def _pairs(node, value) -> Pairs:
    """Couplings that are not zero."""
    node, value = np.asarray(node), np.asarray(value, float)
    kept = value != 0.0
    return Pairs(node[kept], value[kept])


def _given(network: Network) -> Iterator[tuple[int, int, float]]:
    """Radiative links and blankets."""
    node, value = _pairs(network.links.radiative_pair, network.links.radiative_area)
    yield from ((int(a), int(b), float(area)) for (a, b), area in zip(node, value, strict=True))


def _exchanged(network: Network, moment: Instant) -> Iterator[tuple[int, int, float]]:
    """Exchange factors between nodes whose facets see each other; what rounding leaves of their symmetry is halved."""
    radiating, near, far = (np.asarray(part) for part in (network.radiating, moment.near, moment.far))
    factors = near + float(moment.weight) * (far - near)
    factors = 0.5 * (factors + factors.T)
    for i, j in zip(*np.nonzero(np.triu(factors, 1)), strict=True):
        yield int(radiating[i]), int(radiating[j]), float(factors[i, j])


def _over_time(thermal: Thermal, nodes: int, duration: float) -> tuple[np.ndarray, tuple[TimedLoad, ...]]:
    """Constant heat of every node, and heat over time as it is given, held at its ends."""
    constant = np.zeros(nodes)
    timed: list[TimedLoad] = []
    for load in thermal.loads:
        table = load.power if isinstance(load, HeatLoad) else load.utilization
        share = np.asarray(load.share, float)
        value, time = np.asarray(table.value, float), np.asarray(table.break_, float)
        if not isinstance(load, HeatLoad):
            value = float(load.idle_power) + value * float(load.peak_power - load.idle_power)
        if len(value) == 1:
            np.add.at(constant, np.asarray(load.node), share * value[0])
            continue
        time, value = _covering(time, value, duration)
        for node, part in zip(np.asarray(load.node), share, strict=True):
            timed.append(TimedLoad(int(node), tuple(map(float, time)), tuple(map(float, part * value))))
    return constant, tuple(timed)


def _covering(time: np.ndarray, value: np.ndarray, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """A table with its end values up to the run's ends."""
    if time[0] > 0.0:
        time, value = np.insert(time, 0, 0.0), np.insert(value, 0, value[0])
    if time[-1] < duration:
        time, value = np.append(time, duration), np.append(value, value[-1])
    return time, value
