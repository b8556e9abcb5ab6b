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
import jax
import jax.numpy as jnp
import numpy as np

from caloris.array_store import remembered_arrays
from caloris.case.build import Model, build
from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.variants import check_all_buildable, trace_all
from caloris.model.thermal import Thermal
from caloris.output.hdf5 import write_run
from caloris.output.run_data import RunData
from caloris.precision import require_float64
from caloris.provenance import CompileClock, provenance
from caloris.run_file.arrays import ENERGY_BOUND, thermal_arrays
from caloris.run_file.devices import reliability_arrays
from caloris.run_file.dose import dose_arrays
from caloris.run_file.groups import device_arrays, mesh_arrays, node_area_array, orbit_arrays, orbit_size
from caloris.run_file.limits import limit_arrays, margin_arrays
from caloris.run_file.loops import fluid_arrays
from caloris.run_file.particles import environment_arrays
from caloris.run_file.upset_track import track_arrays
from caloris.solve.cyclic import solve_cyclic
from caloris.solve.solution import Solution, SolveError, SteadySolution
from caloris.solve.state import physical
from caloris.solve.steady import solve_steady
from caloris.solve.transient import solve_transient
from caloris.solve.upset import upset_rates

Progress = Callable[[str], None]


@dataclass
class Run:
    """A finished run: its case, models, solution, everything that goes into the file, and the case's variants."""

    case: Case
    model: Model
    solution: Solution | SteadySolution | None
    data: RunData

    @property
    def result(self) -> str:
        """ "success", or the name of what failed in the case as it stands."""
        return self.data.status["result"]

    @property
    def variants(self) -> dict[str, RunData]:
        """Everything that goes into the file for each variant, by its name."""
        return self.data.variants

    @property
    def failures(self) -> dict[str, str]:
        """What failed: the result by the name of the variant, "" for the case as it stands."""
        results = {"": self.result} | {name: data.status["result"] for name, data in self.variants.items()}
        return {name: result for name, result in results.items() if result != "success"}

    def save(self, path: str | Path) -> Path:
        """Write the HDF5 file (as PATH.part, then renamed) and return its path."""
        return write_run(path, self.data)


def run(
    case: Case,
    progress: Progress = lambda stage: None,
    *,
    throw: bool = True,
    done: Callable[[str, RunData], None] = lambda variant, data: None,
) -> Run:
    """Do all that a case asks for: heat, power, upset rates; then the same for each of its variants.

    Variants are one batch. What only building or tracing shows to be wrong in any of them is found before anything is
    solved; rays of one are used by all that have the same; models of the same structure and shapes run the same
    compiled programs, whatever their numbers are.

    progress is told the name of each stage, done each variant that is finished ("" for the case as it stands). Raises
    CaseError for input that cannot be built, SolveError when a solver fails or energy is not conserved (throw = False:
    the Run holds the last accepted state and its result), RuntimeError without float64. Of a batch the others are
    finished first.
    """
    require_float64("run")
    if not case.variant_cases:
        finished, failure = _run_one(case, progress)
        margin_arrays(finished.data)
        done("", finished.data)
    else:
        check_all_buildable(case)
        with remembered_arrays():
            finished, failure = _run_batch(case, progress, done)
    if failure is not None and throw:
        raise failure
    return finished


def _run_batch(case: Case, progress: Progress, done: Callable[[str, RunData], None]) -> tuple[Run, Exception | None]:
    """The case and all its variants, one after the other; the first failure."""
    clock, started = CompileClock(), time.perf_counter()
    with clock:
        trace_all(case, progress)
    finished, first = _run_one(case, progress)
    done("", finished.data)
    compiling = clock.seconds + finished.data.attributes["provenance"]["compile_time"]
    for name, variant in case.variant_cases.items():
        one, failure = _run_one(variant, lambda stage, name=name: progress(f"{name}: {stage}"), name)
        margin_arrays(one.data)
        finished.data.variants[name] = one.data
        done(name, one.data)
        compiling += one.data.attributes["provenance"]["compile_time"]
        if first is None and failure is not None:
            words = f"variant {name!r}: {failure}"
            solved = isinstance(failure, SolveError)
            first = FloatingPointError(words)
            if solved:
                first = SolveError(words, failure.result, failure.solution, failure.node)
    margin_arrays(finished.data, list(finished.variants.values()))
    failed = [f"{name} ({result})" for name, result in finished.failures.items() if name]
    if failed:
        finished.data.status["failed_variants"] = ", ".join(failed)
    finished.data.attributes["provenance"].update(wall_time=time.perf_counter() - started, compile_time=compiling)
    return finished, first


def _run_one(case: Case, progress: Progress, variant: str = "") -> tuple[Run, Exception | None]:
    """A case without its variants, and why it failed: SolveError, or FloatingPointError by a variant's upset rates."""
    clock, started = CompileClock(), time.perf_counter()
    with clock:
        model = build(case, progress)
        data = RunData(case_text=case.text)
        orbit_size(case, data)
        solution: Solution | SteadySolution | None = None
        failure: Exception | None = None
        if model.thermal is not None:
            progress("solving")
            solution, failure = _solve(case, model.thermal)
            progress("balances")
            # A failed solve is written too, as far as it came; its own failure counts before what shows there.
            found = _thermal(case, model, solution, data)
            failure = failure or found
            assert model.geometry is not None
            limit_arrays(case, data, variant, NodeLayout(model.geometry, case).find)
        if case.devices or model.orbit_environment is not None:
            environment_arrays(model, data)
        if case.devices and model.particles is not None:
            progress("upset rates")
            try:
                rates = upset_rates(model.devices, model.particles, model.transport)
                device_arrays(case, model, rates, data)
                reliability_arrays(case, model, rates, data, track_arrays(model, data))
            except FloatingPointError as error:
                if not variant:
                    raise
                failure = failure or error
        if model.dose_points and model.particles is not None:
            progress("dose")
            try:
                dose_arrays(case, model, data)
            except FloatingPointError as error:
                if not variant:
                    raise
                failure = failure or error
    data.attributes["provenance"] = provenance(case, time.perf_counter() - started, clock.seconds)
    data.status["result"] = "success" if failure is None else getattr(failure, "result", "not_finite")
    if isinstance(failure, SolveError) and failure.node is not None:
        data.status["failed_node"] = failure.node
    return Run(case, model, solution, data), failure


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
    if isinstance(solution, SteadySolution) or solution.record is None or int(solution.steps) == 0:
        return solution
    last, edges = int(solution.steps) - 1, np.asarray(solution.network.edges)
    segment = int(solution.grid.segment[last])
    share = float(solution.grid.start[last] + solution.grid.width[last])
    reached = edges[segment] + (edges[segment + 1] - edges[segment]) * share
    kept = np.flatnonzero(np.asarray(solution.time) < reached)
    if len(kept) == len(solution.time) or reached >= float(solution.time[-1]) * (1 - 1e-12):
        return solution
    end = physical(solution.network, solution.record.end[last])
    states = jax.tree.map(lambda over, last: jnp.concatenate([over[kept], last[None]]), solution.state, end)
    return eqx.tree_at(
        lambda s: (s.time, s.temperature, s.charge, s.auxiliary),
        solution,
        (jnp.append(solution.time[kept], reached), *states),
    )


def _thermal(case: Case, model: Model, solution: Solution | SteadySolution, data: RunData) -> SolveError | None:
    """All arrays of the thermal, power, orbit and mesh groups; the failure that shows in them."""
    relative = thermal_arrays(case, model, solution, data)
    node_area_array(model, data)
    mesh_arrays(case, model, data)
    orbit_arrays(model, data)
    assert model.thermal is not None
    fluid_arrays(case, model.thermal.nodes.name, solution, data)
    coldest = np.min(np.atleast_2d(np.asarray(solution.temperature)), axis=0)
    if coldest.min() <= 0.0:
        name = model.thermal.nodes.name[int(coldest.argmin())]
        return SolveError(f"run: {name!r} falls below absolute zero", "below_absolute_zero", solution, name)
    steady = isinstance(solution, SteadySolution)
    bound = ENERGY_BOUND["steady" if steady else "transient"]
    if relative > bound:
        message = f"run: the energy balance is open by {relative:.1e} of the largest total; allowed {bound:.0e}"
        return SolveError(message, "energy_not_conserved", solution)
    return None
