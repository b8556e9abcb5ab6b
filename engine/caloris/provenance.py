"""Where a run comes from: version, commit, machine, precision, times."""

import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import jax.monitoring

from caloris.case.schema import Case
from caloris.devices import describe_device

_COMPILE_EVENTS = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)


class CompileClock:
    """Adds up the time (s) that JAX spends on tracing, lowering and compiling while it is entered.

    Functions traced inside others are reported too: the union of all intervals counts each second once.
    """

    _active: "CompileClock | None" = None
    _registered = False

    def __init__(self) -> None:
        self._intervals: list[tuple[float, float]] = []

    def __enter__(self) -> "CompileClock":
        """Start counting."""
        if not CompileClock._registered:
            jax.monitoring.register_event_duration_secs_listener(CompileClock._listen)
            CompileClock._registered = True
        CompileClock._active = self
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop counting."""
        CompileClock._active = None

    @property
    def seconds(self) -> float:
        """Time counted so far (s)."""
        total, reached = 0.0, 0.0
        for start, end in sorted(self._intervals):
            total += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return total

    @staticmethod
    def _listen(event: str, duration_secs: float, **kwargs: Any) -> None:
        if CompileClock._active is not None and event in _COMPILE_EVENTS:
            now = time.perf_counter()
            CompileClock._active._intervals.append((now - duration_secs, now))


def commit() -> str:
    """Commit of the source this runs from, or "unknown" when it is not a checkout."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip() if found.returncode == 0 else "unknown"


def provenance(case: Case, wall_time: float, compile_time: float) -> dict[str, Any]:
    """Attributes of the provenance group."""
    return {
        "version": metadata.version("caloris"),
        "commit": commit(),
        "jax": jax.__version__,
        "device": describe_device(),
        "dtype": "float64",
        "seed": 0 if case.run is None else case.run.seed,
        "overrides": ", ".join(case.overrides),
        "network": None if case.imported is None else case.imported.source,
        "wall_time": wall_time,
        "compile_time": compile_time,
    }
