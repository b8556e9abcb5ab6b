"""Caloris: a differentiable thermal, power and radiation-effects engine for satellites.

import caloris
caloris.enable_float64()
case = caloris.load_case("rack.toml")
run = caloris.run(case)
run.save("rack.h5")
"""

from caloris.case.build import Model as Model
from caloris.case.build import build as build
from caloris.case.errors import CaseError as CaseError
from caloris.case.load import load_case as load_case
from caloris.case.load import parse_case as parse_case
from caloris.case.schema import Case as Case
from caloris.devices import enable_compilation_cache as enable_compilation_cache
from caloris.precision import enable_float64 as enable_float64
from caloris.simulation import Run as Run
from caloris.simulation import run as run
from caloris.solve.couple import couple as couple
from caloris.solve.cyclic import solve_cyclic as solve_cyclic
from caloris.solve.shadow_guard import ShadowDerivativeError as ShadowDerivativeError
from caloris.solve.solution import SolveError as SolveError
from caloris.solve.steady import solve_steady as solve_steady
from caloris.solve.transient import solve_transient as solve_transient
from caloris.solve.upset import upset_rate as upset_rate
from caloris.solve.upset import upset_rates as upset_rates
