"""Variants of a case between loading and solving: what only building or tracing shows to be wrong in any of them."""

from collections.abc import Callable, Sequence

from caloris.case.build import build_traced, check_buildable
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case


def check_all_buildable(case: Case) -> None:
    """Build all that takes no rays of a case and of its variants; CaseError with everything that is wrong."""
    _each(case, lambda name, one: check_buildable(one))


def trace_all(case: Case, progress: Callable[[str], None]) -> None:
    """Trace the rays of a case and of its variants and leave them to `array_store`; CaseError with all that is wrong.

    Variants that see the same find each other's rays, and building finds them all. progress is told each stage.
    """

    def trace(name: str, one: Case) -> None:
        if not one.is_device_only:
            build_traced(one, lambda stage: progress(f"{name}: {stage}" if name else stage))

    _each(case, trace)


def _each(case: Case, do: Callable[[str, Case], object]) -> None:
    """Do the same with a case and all its variants; CaseError with the problems of all."""
    problems: list[CaseProblem] = []
    for name, one in {"": case, **case.variant_cases}.items():
        try:
            do(name, one)
        except CaseError as error:
            problems += _problems_of(name, error, problems)
    if problems:
        raise CaseError(problems, case.source)


def _problems_of(variant: str, error: CaseError, known: Sequence[CaseProblem] = ()) -> list[CaseProblem]:
    """Problems of a variant under its name, without those that are known of the case itself already."""
    if not variant:
        return list(error.errors)
    return [CaseProblem(f"variant/{variant}/set", str(problem)) for problem in error.errors if problem not in known]
