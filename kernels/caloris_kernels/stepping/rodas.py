"""Rodas5P: one step of a linearly implicit method of order 5(4) for C y' = F(t, y), its output between steps."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.linear import LinearSolver, Matrix, solve_with
from caloris_kernels.stepping.system import Parameters, System

STAGES = 8
ORDER = 5
GAMMA = 0.21193756319429014


def _lower(rows: list[list[float]]) -> np.ndarray:
    matrix = np.zeros((STAGES, STAGES))
    for index, row in enumerate(rows):
        matrix[index, : len(row)] = row
    return matrix


_A5 = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]
# Steinebach, "Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
# Differential Equations package", BIT Numer. Math. 63:27 (2023), DOI 10.1007/s10543-023-00967-x, in the
# transformed form that needs no product with the Jacobian (Hairer and Wanner, Solving Ordinary Differential
# Equations II, 2nd ed. 1996, section IV.7, equation 7.25).
STAGE_WEIGHTS = _lower(
    [
        [],
        [3.0],
        [2.849394379747939, 0.45842242204463923],
        [-6.954028509809101, 2.489845061869568, -10.358996098473584],
        [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
        _A5,
        [*_A5, 1.0],
        [*_A5, 1.0, 1.0],
    ]
)
MASS_WEIGHTS = _lower(
    [
        [],
        [-14.155112264123755],
        [-17.97296035885952, -2.859693295451294],
        [147.12150275711716, -1.41221402718213, 71.68940251302358],
        [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
        [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
        [
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ],
        [
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ],
    ]
)
STAGE_TIMES = np.array([0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1])
TIME_DERIVATIVE_WEIGHTS = np.array(
    [GAMMA, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0.0, 0.0, 0.0]
)
STEP_WEIGHTS = np.array([*_A5, 1.0, 1.0, 1.0])
# The output between the ends of a step, order 4: y(x) = (1 - x) y0 + x (y1 + (1 - x)(d0 + x (d1 + x d2))).
DENSE_WEIGHTS = np.array(
    [
        [
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ],
        [
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ],
        [
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ],
    ]
)


class Tableau(NamedTuple):
    """The coefficients as arrays of the state's dtype; rows belong to stages."""

    stage: Float[Array, "stage stage"]
    mass: Float[Array, "stage stage"]
    time: Float[Array, " stage"]
    time_derivative: Float[Array, " stage"]
    step: Float[Array, " stage"]
    dense: Float[Array, "three stage"]


def tableau(dtype: Any) -> Tableau:
    """Rodas5P's coefficients in `dtype`."""
    tables = (STAGE_WEIGHTS, MASS_WEIGHTS, STAGE_TIMES, TIME_DERIVATIVE_WEIGHTS, STEP_WEIGHTS, DENSE_WEIGHTS)
    return Tableau(*(jnp.asarray(table, dtype) for table in tables))


class Step(NamedTuple):
    """One step: the state at its end, the estimate of its error, the stages, and how the solves went."""

    end: Float[Array, " state"]
    error: Float[Array, " state"]
    stages: Float[Array, "stage state"]
    iterations: Int[Array, ""]
    solved: Bool[Array, ""]


def rodas_step(
    system: System,
    p: Parameters,
    t: Float[Array, ""],
    h: Float[Array, ""],
    segment: Int[Array, ""],
    y: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    precise: Bool[Array, ""] | None = None,
) -> Step:
    """One step of Rodas5P of C y' = F(t, y, p, segment) from (t, y) over h.

    With A = C / (gamma h) + K(t, y), stage i solves A U_i = F(t + alpha_i h, y + sum_j a_ij U_j)
    + C / h sum_j c_ij U_j + gamma_i h F_t; the step is y + sum_i m_i U_i and its error estimate U_8, which
    is the difference to the embedded solution of order 4 and has been filtered by A. Nothing divides by C:
    rows without capacity are algebraic equations, and the method is stiffly accurate for them. The linear
    solves stop at 1e-3 `tolerance`, per state and in its unit. The error is infinite in states whose rate is
    not finite.
    Source: Steinebach, BIT 63:27 (2023), DOI 10.1007/s10543-023-00967-x.
    Differentiable through `replay`, which differentiates the solved equations.
    """
    table = tableau(y.dtype)
    p = system.localize(p, segment)
    mass = system.mass(p)
    linearization = system.linearize(t, y, p, segment)
    shift = mass / (GAMMA * h)
    stop = 1e-3 * tolerance
    if precise is not None:
        change = system.rate(t, y, p, segment) / (shift + system.diagonal(linearization))
        size = 1e-7 * jnp.max(jnp.abs(change) / tolerance)
        stop = jnp.where(precise & (size > 0.0), jnp.minimum(size, 1e-3), 1e-3) * tolerance
    slope = jax.jvp(lambda time: system.rate(time, y, p, segment), (t,), (jnp.ones_like(t),))[1]

    rows = (jnp.arange(STAGES), table.stage, table.mass, table.time, table.time_derivative)

    def solve_stages(solver: LinearSolver) -> tuple[tuple, Array]:
        def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
            stages, iterations, solved, finite, earlier = carry
            index, weights, mass_weights, time, time_derivative = row
            right_side = system.rate(t + time * h, y + weights @ stages, p, segment)
            right_side = right_side + mass / h * (mass_weights @ stages) + time_derivative * h * slope
            # with a factorization to fall back on, stages behind a failed one wait for that
            here = jnp.where(solved, stop, jnp.inf) if system.fallback else stop
            solution, earlier = solver.beside(right_side, here, earlier, stages, index)
            iterations, solved = iterations + solution.iterations, solved & solution.converged
            finite = finite & jnp.isfinite(right_side)
            return (stages.at[index].set(solution.x), iterations, solved, finite, earlier), None

        zeros, earlier = jnp.zeros((STAGES, y.shape[0]), y.dtype), solver.start(STAGES, tolerance)
        start = (zeros, jnp.zeros((), jnp.int32), jnp.array(True), jnp.ones(y.shape, bool), earlier)
        found = lax.scan(stage, start, rows)[0][:4]
        return found, found[2]

    stages, iterations, solved, finite = solve_with(system, Matrix(linearization, shift), solve_stages)
    error = jnp.where(finite, stages[-1], jnp.inf)
    return Step(y + table.step @ stages, error, stages, iterations, solved)


def stage_residual(
    system: System,
    p: Parameters,
    t: Array,
    h: Array,
    segment: Array,
    y: Array,
    stages: Float[Array, "stage state"],
    at: Float[Array, " state"] | None = None,
) -> Float[Array, "stage state"]:
    """What the stages of `rodas_step` make zero: right side minus A U_i, as a smooth function of all inputs.

    Differentiating it, with the stages held, gives every derivative of a step but the linear solves. `at`, equal to y,
    takes its place in the states Y_i of the rates: the derivative by y is then without that of the rates.
    """
    table = tableau(y.dtype)
    p = system.localize(p, segment)
    mass = system.mass(p)
    linearization = system.linearize(t, y, p, segment)
    slope = jax.jvp(lambda time: system.rate(time, y, p, segment), (t,), (jnp.ones_like(t),))[1]
    rate = jax.vmap(lambda time, state: system.rate(time, state, p, segment))
    rates = rate(t + table.time * h, (y if at is None else at) + table.stage @ stages)
    products = jax.vmap(lambda v: system.apply(linearization, v))(stages)
    capacity = mass / h * (table.mass @ stages - stages / GAMMA)
    return rates + capacity + table.time_derivative[:, None] * h * slope - products


def interpolate_step(
    start: Float[Array, " state"], end: Float[Array, " state"], dense: Float[Array, "3 state"], x: Float[Array, ""]
) -> Float[Array, " state"]:
    """The state at the fraction x (0 to 1) of a step: order 4, equal to `start` and `end` at the ends.

    Uses the stages only, so it holds for stiff and for algebraic states alike. Source: Steinebach (2023),
    section 2 (the weights of dense output).
    """
    return (1.0 - x) * start + x * (end + (1.0 - x) * (dense[0] + x * (dense[1] + x * dense[2])))
