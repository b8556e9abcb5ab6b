"""The whole flow of a run: case -> models -> solve -> named arrays -> file. Read this file first.

case = load_case("rack.toml")       text, checked
model = build(case)                 geometry, view factors, thermal model, devices, particles
solution = solve(case, model)       temperatures and charge along the orbit
run = Run(case, model, solution)    every array of the run file
run.save("rack.h5")
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model, build
from caloris.case.schema import Case
from caloris.model.thermal import Thermal
from caloris.output.hdf5 import write_run
from caloris.output.run_data import RunData
from caloris.precision import require_float64
from caloris.provenance import CompileClock, provenance
from caloris.run_arrays import ENERGY_BOUND, thermal_arrays
from caloris.run_groups import device_arrays, limit_arrays, mesh_arrays, node_area_array, orbit_arrays
from caloris.solve.cyclic import solve_cyclic
from caloris.solve.solution import Solution, SolveError, SteadySolution
from caloris.solve.steady import solve_steady
from caloris.solve.transient import solve_transient
from caloris.solve.upset import upset_rates

Progress = Callable[[str], None]


@dataclass
class Run:
    """A finished run: its case, models, solution, and everything that goes into the file."""

    case: Case
    model: Model
    solution: Solution | SteadySolution | None
    data: RunData

    @property
    def result(self) -> str:
        """ "success", or the name of what failed."""
        return self.data.status["result"]

    def save(self, path: str | Path) -> Path:
        """Write the HDF5 file (as PATH.part, then renamed) and return its path."""
        return write_run(path, self.data)


def run(case: Case, progress: Progress = lambda stage: None, *, throw: bool = True) -> Run:
    """Do all that a case asks for: heat, power, upset rates.

    progress is told the name of each stage. Raises CaseError for input that cannot be built, SolveError when a
    solver fails or energy is not conserved (throw = False: the Run holds the last accepted state and its
    result), RuntimeError without float64.
    """
    require_float64("run")
    clock, started = CompileClock(), time.perf_counter()
    with clock:
        model = build(case, progress)
        data = RunData(case_text=case.text)
        solution, failure = None, None
        if model.thermal is not None:
            progress("solving")
            solution, failure = _solve(case, model.thermal)
            progress("balances")
            # A failed solve is written too, as far as it came; its own failure counts before what shows there.
            found = _thermal(case, model, solution, data)
            failure = failure or found
        if case.devices and model.particles is not None:
            progress("upset rates")
            rates = upset_rates(model.devices, model.particles)
            device_arrays(case, model, rates, data)
    data.attributes["provenance"] = provenance(case, time.perf_counter() - started, clock.seconds)
    data.status["result"] = "success" if failure is None else failure.result
    finished = Run(case, model, solution, data)
    if failure is not None and throw:
        raise failure
    return finished


def output_times(case: Case, thermal: Thermal) -> np.ndarray:
    """Times of the output (s): 0, dt, 2 dt, ... and the end of the run."""
    assert case.run is not None
    end = float(thermal.timeline.duration)
    step = case.run.output_every
    inner = np.arange(int(np.ceil(end / step - 1e-9))) * step
    return np.append(inner[inner < end * (1 - 1e-9)], end)


def _solve(case: Case, thermal: Thermal) -> tuple[Solution | SteadySolution, SolveError | None]:
    """The solution in the case's mode, and why it is not one."""
    settings = case.run
    assert settings is not None
    tolerance = settings.temperature_tolerance
    try:
        if settings.mode == "steady":
            moment = None if settings.at == "mean" else settings.at.phase * float(thermal.timeline.period)
            return solve_steady(thermal, moment), None
        times = jnp.asarray(output_times(case, thermal))
        if settings.mode == "cyclic":
            return solve_cyclic(thermal, times, tolerance=tolerance), None
        return solve_transient(thermal, times, tolerance=tolerance), None
    except SolveError as error:
        return _as_far_as_it_came(error.solution), error


def _as_far_as_it_came(solution: Solution | SteadySolution) -> Solution | SteadySolution:
    """A failed solution without the output times that it never reached; its last accepted state comes last."""
    if isinstance(solution, SteadySolution) or int(solution.steps) == 0:
        return solution
    last, edges = int(solution.steps) - 1, np.asarray(solution.network.edges)
    segment = int(solution.grid.segment[last])
    share = float(solution.grid.start[last] + solution.grid.width[last])
    reached = edges[segment] + (edges[segment + 1] - edges[segment]) * share
    kept = np.flatnonzero(np.asarray(solution.time) < reached)
    if len(kept) == len(solution.time) or reached >= float(solution.time[-1]) * (1 - 1e-12):
        return solution
    nodes, end = solution.temperature.shape[1], solution.record.end[last]
    return eqx.tree_at(
        lambda s: (s.time, s.temperature, s.charge),
        solution,
        (
            jnp.append(solution.time[kept], reached),
            jnp.concatenate([solution.temperature[kept], end[None, :nodes]]),
            jnp.concatenate([solution.charge[kept], end[None, nodes:]]),
        ),
    )


def _thermal(case: Case, model: Model, solution: Solution | SteadySolution, data: RunData) -> SolveError | None:
    """All arrays of the thermal, power, orbit, mesh and limits groups; the failure that shows in them."""
    relative = thermal_arrays(case, model, solution, data)
    node_area_array(model, data)
    mesh_arrays(model, data)
    orbit_arrays(model, data)
    limit_arrays(case, model, data)
    coldest = np.min(np.atleast_2d(np.asarray(solution.temperature)), axis=0)
    if coldest.min() <= 0.0:
        assert model.thermal is not None
        name = model.thermal.nodes.name[int(coldest.argmin())]
        return SolveError(f"run: {name!r} falls below absolute zero", "below_absolute_zero", solution)
    steady = isinstance(solution, SteadySolution)
    bound = ENERGY_BOUND["steady" if steady else "transient"]
    if relative > bound:
        message = f"run: the energy balance is open by {relative:.1e} of the largest total; allowed {bound:.0e}"
        return SolveError(message, "energy_not_conserved", solution)
    return None
