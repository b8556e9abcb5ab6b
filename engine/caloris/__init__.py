"""Caloris: a differentiable thermal, power and radiation-effects engine for satellites.

import caloris
caloris.enable_float64()
case = caloris.load_case("rack.toml")
run = caloris.run(case)
run.save("rack.h5")

Public names are imported when they are first asked for: a program waits for what it uses.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caloris.case.build import Model as Model
    from caloris.case.build import build as build
    from caloris.case.errors import CaseError as CaseError
    from caloris.case.load import load_case as load_case
    from caloris.case.load import parse_case as parse_case
    from caloris.case.schema import Case as Case
    from caloris.comparison import ComparisonError as ComparisonError
    from caloris.comparison import compare as compare
    from caloris.devices import enable_compilation_cache as enable_compilation_cache
    from caloris.model.orbit_environment import OrbitEnvironment as OrbitEnvironment
    from caloris.model.particles import ParticleEnvironment as ParticleEnvironment
    from caloris.model.shield_transport import ShieldTransport as ShieldTransport
    from caloris.precision import enable_float64 as enable_float64
    from caloris.simulation import Run as Run
    from caloris.simulation import run as run
    from caloris.solve.array_damage import array_damage as array_damage
    from caloris.solve.array_damage import damaged_arrays as damaged_arrays
    from caloris.solve.couple import couple as couple
    from caloris.solve.cyclic import solve_cyclic as solve_cyclic
    from caloris.solve.dose import depth_dose as depth_dose
    from caloris.solve.dose import dose as dose
    from caloris.solve.dose import event_depth_dose as event_depth_dose
    from caloris.solve.job import job_goodput as job_goodput
    from caloris.solve.memory import memory_failure_rate as memory_failure_rate
    from caloris.solve.orbit_particles import orbit_particles as orbit_particles
    from caloris.solve.particle_track import particle_track as particle_track
    from caloris.solve.ranges import collision_length as collision_length
    from caloris.solve.ranges import fragment_production as fragment_production
    from caloris.solve.ranges import ion_range as ion_range
    from caloris.solve.ranges import stopping_power as stopping_power
    from caloris.solve.response import upset_response as upset_response
    from caloris.solve.sectors import sector_shield as sector_shield
    from caloris.solve.shadow_guard import ShadowDerivativeError as ShadowDerivativeError
    from caloris.solve.solution import SolveError as SolveError
    from caloris.solve.steady import solve_steady as solve_steady
    from caloris.solve.sweep import sweep_cyclic as sweep_cyclic
    from caloris.solve.sweep import sweep_steady as sweep_steady
    from caloris.solve.transient import solve_transient as solve_transient
    from caloris.solve.upset import effect_rates as effect_rates
    from caloris.solve.upset import upset_rate as upset_rate
    from caloris.solve.upset import upset_rates as upset_rates
    from caloris.solve.upset_track import upset_track as upset_track
    from caloris.solve.upset_uncertainty import rate_uncertainty as rate_uncertainty

# The same names for the interpreter, by the module that each is from.
_PUBLIC = {
    "case.build": ("Model", "build"),
    "case.errors": ("CaseError",),
    "case.load": ("load_case", "parse_case"),
    "case.schema": ("Case",),
    "comparison": ("ComparisonError", "compare"),
    "devices": ("enable_compilation_cache",),
    "model.orbit_environment": ("OrbitEnvironment",),
    "model.particles": ("ParticleEnvironment",),
    "model.shield_transport": ("ShieldTransport",),
    "precision": ("enable_float64",),
    "simulation": ("Run", "run"),
    "solve.array_damage": ("array_damage", "damaged_arrays"),
    "solve.couple": ("couple",),
    "solve.cyclic": ("solve_cyclic",),
    "solve.orbit_particles": ("orbit_particles",),
    "solve.particle_track": ("particle_track",),
    "solve.ranges": ("collision_length", "fragment_production", "ion_range", "stopping_power"),
    "solve.response": ("upset_response",),
    "solve.dose": ("depth_dose", "dose", "event_depth_dose"),
    "solve.sectors": ("sector_shield",),
    "solve.upset_track": ("upset_track",),
    "solve.shadow_guard": ("ShadowDerivativeError",),
    "solve.solution": ("SolveError",),
    "solve.steady": ("solve_steady",),
    "solve.sweep": ("sweep_cyclic", "sweep_steady"),
    "solve.transient": ("solve_transient",),
    "solve.job": ("job_goodput",),
    "solve.memory": ("memory_failure_rate",),
    "solve.upset": ("effect_rates", "upset_rate", "upset_rates"),
    "solve.upset_uncertainty": ("rate_uncertainty",),
}
_MODULE_OF = {name: f"{__name__}.{module}" for module, names in _PUBLIC.items() for name in names}

__all__ = sorted(_MODULE_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import a public name's module and keep the name here."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
