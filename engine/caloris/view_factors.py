"""`caloris viewfactors`: a case's view factors and visibility alone, as the named arrays of a file."""

import time
from collections.abc import Callable
from dataclasses import replace

from caloris.case.build import Model, build_visibility
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.output.run_data import RunData
from caloris.precision import require_float64
from caloris.provenance import CompileClock, provenance
from caloris.run_file.groups import mesh_arrays, view_factor_arrays


def view_factors(case: Case, progress: Callable[[str], None] = lambda stage: None) -> RunData:
    """Compute the view factors of all poses of a case's run, and write nothing: `write_run` takes the result.

    The arrays are those of /mesh and /view_factors in `caloris.output.quantities`. A matrix that the case names
    (`[run] view_factors`) is left aside. progress is told the name of each stage. Raises CaseError for a case
    without facets and for input that cannot be built, RuntimeError without float64.
    """
    require_float64("view_factors")
    if not case.radiates or case.run is None:
        problem = CaseProblem("surface", "no side of a surface has a coating, so there are no view factors")
        raise CaseError([problem], case.source)
    case = replace(case, run=case.run.model_copy(update={"view_factors": None}))
    clock, started = CompileClock(), time.perf_counter()
    data = RunData(case_text=case.text)
    with clock:
        geometry, visibility, context = build_visibility(case, progress)
        model = Model(geometry, visibility, context, None, (), None)
        mesh_arrays(case, model, data)
        view_factor_arrays(model, data)
    assert case.run is not None
    data.attributes["view_factors"]["tolerance"] = case.run.view_factor_tolerance
    data.attributes["provenance"] = provenance(case, time.perf_counter() - started, clock.seconds)
    return data
