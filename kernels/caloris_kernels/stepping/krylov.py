"""Matrix-free Krylov solvers that stop in the unit of the state: BiCGStab with a diagonal, and GMRES."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

Operator = Callable[[Array], Array]


class LinearSolution(NamedTuple):
    """x solves A x = b where converged; iterations counts two products with A each (GMRES: one)."""

    x: Float[Array, " state"]
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]


def bicgstab(
    operator: Operator,
    diagonal: Float[Array, " state"],
    right_side: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    *,
    max_iterations: int = 400,
    precondition: Operator | None = None,
) -> LinearSolution:
    """BiCGStab with the diagonal, or what `precondition` solves, as right preconditioner, started at zero.

    Stops where |residual / diagonal| <= tolerance in every state: an estimate of the error in the state's
    own unit (K for a temperature). A breakdown (a zero inner product) leaves the last finite iterate and
    `converged` false, and so does a residual that has grown so far (long one-way flows do that) that the rounding of
    its updates exceeds the tolerance: the recurrence would go on to report a convergence that is none.
    Source: van der Vorst, SIAM J. Sci. Stat. Comput. 13, 631 (1992), DOI 10.1137/0913035. Not differentiable as it
    stands (a loop of unknown length): the callers differentiate the solved equation instead.
    """
    options = {"max_iterations": max_iterations, "precondition": precondition}
    return bicgstab_with_residual(operator, diagonal, right_side, tolerance, **options)[0]


def bicgstab_with_residual(
    operator: Operator,
    diagonal: Float[Array, " state"],
    right_side: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    *,
    max_iterations: int = 400,
    precondition: Operator | None = None,
) -> tuple[LinearSolution, Float[Array, " state"]]:
    """`bicgstab`, and the residual b - A x of its solution by the recurrence; not to be used where it failed."""
    tiny = jnp.finfo(right_side.dtype).tiny
    inverse = 1.0 / jnp.where(diagonal == 0.0, 1.0, diagonal)
    scale = inverse / tolerance
    prepared = (lambda v: inverse * v) if precondition is None else precondition

    def norm(residual: Array) -> Array:
        return jnp.max(jnp.abs(residual * scale))

    initial = norm(right_side)
    # The true residual differs from the recursive one by about the rounding of the largest one met.
    largest = jnp.maximum(1.0 / jnp.finfo(right_side.dtype).eps, 1e3 * initial)

    def guarded(numerator: Array, denominator: Array) -> tuple[Array, Array]:
        sound = jnp.abs(denominator) > tiny
        return numerator / jnp.where(sound, denominator, 1.0), sound

    def unfinished(carry: tuple) -> Array:
        return (carry[-3] > 1.0) & carry[-2] & (carry[-1] < max_iterations)

    def iterate(carry: tuple) -> tuple:
        x, residual, direction, product, rho, alpha, omega, error, _, count = carry
        rho_next = jnp.vdot(right_side, residual)
        beta, sound_rho = guarded(rho_next * alpha, rho * omega)
        direction = residual + beta * (direction - omega * product)
        preconditioned = prepared(direction)
        product = operator(preconditioned)
        alpha, sound_alpha = guarded(rho_next, jnp.vdot(right_side, product))
        half = residual - alpha * product
        preconditioned_half = prepared(half)
        image = operator(preconditioned_half)
        image_square = jnp.vdot(image, image)
        omega = jnp.vdot(image, half) / jnp.where(image_square > tiny, image_square, 1.0)
        x_next = x + alpha * preconditioned + omega * preconditioned_half
        residual_next = half - omega * image
        error_next = norm(residual_next)
        sound = sound_rho & sound_alpha & (error_next <= largest)
        x, error = jnp.where(sound, x_next, x), jnp.where(sound, error_next, error)
        return x, residual_next, direction, product, rho_next, alpha, omega, error, sound, count + 1

    zero, one = jnp.zeros_like(right_side), jnp.ones((), right_side.dtype)
    start = (zero, right_side, zero, zero, one, one, one, initial, jnp.array(True), jnp.zeros((), jnp.int32))
    x, residual, *_, error, _, count = lax.while_loop(unfinished, iterate, start)
    return LinearSolution(x, count, error <= 1.0), residual


class Earlier(NamedTuple):
    """What earlier solves with one matrix leave for the next: A x of each solution, by scale, and their products.

    scale is the inverse of the diagonal times the weight of each state. Unused rows are zero.
    """

    scale: Float[Array, " state"]
    images: Float[Array, "solve state"]
    products: Float[Array, "solve solve"]


def no_earlier(solves: int, diagonal: Float[Array, " state"], weight: Float[Array, " state"]) -> Earlier:
    """Room for `solves` solutions; weight is what counts as one in the unit of each state."""
    scale = 1.0 / (jnp.where(diagonal == 0.0, 1.0, jnp.abs(diagonal)) * weight)
    dtype = diagonal.dtype
    return Earlier(scale, jnp.zeros((solves, diagonal.shape[0]), dtype), jnp.zeros((solves, solves), dtype))


def solve_beside(
    operator: Operator,
    diagonal: Float[Array, " state"],
    right_side: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    earlier: Earlier,
    solutions: Float[Array, "solve state"],
    number: Int[Array, ""],
    *,
    max_iterations: int = 400,
    precondition: Operator | None = None,
) -> tuple[LinearSolution, Earlier]:
    """BiCGStab, started from the combination of earlier solutions that leaves the least residual.

    Solutions with one matrix of right sides that are alike, such as those of the stages of a step, span nearly
    what the next one needs: with x0 = sum_j c_j x_j and the least |b - sum_j c_j A x_j|, scaled, in the 2-norm, what is
    left to iterate is smaller by orders (Fischer, Comput. Methods Appl. Mech. Eng. 163, 193, 1998,
    DOI 10.1016/S0045-7825(98)00012-7). Three to four products with dense rows, cheaper than one iteration. solutions
    are those of `earlier`, zero where there is none yet; the one found shall stand in row `number`.
    """
    against = earlier.images @ (right_side * earlier.scale)
    length = jnp.sqrt(jnp.diagonal(earlier.products))
    used = length > 0.0
    inverse = jnp.where(used, 1.0 / jnp.where(used, length, 1.0), 0.0)
    # Unit rows, and a touch on the diagonal: right sides may be multiples of each other.
    cosines = earlier.products * inverse[:, None] * inverse + jnp.diag(jnp.where(used, 1e-14, 1.0))
    share = inverse * jnp.linalg.solve(cosines, inverse * against)
    share = jnp.where(jnp.all(jnp.isfinite(share)), share, 0.0)  # a right side that is not finite spoils no other state
    residual = right_side - (share @ earlier.images) / earlier.scale
    options = {"max_iterations": max_iterations, "precondition": precondition}
    found, left = bicgstab_with_residual(operator, diagonal, residual, tolerance, **options)
    image = jnp.where(found.converged, (right_side - left) * earlier.scale, 0.0)
    images = earlier.images.at[number].set(image)
    row = images @ image
    products = earlier.products.at[number].set(row).at[:, number].set(row)
    return found._replace(x=share @ solutions + found.x), Earlier(earlier.scale, images, products)


def gmres(
    operator: Operator,
    preconditioner: Operator,
    right_side: Float[Array, " state"],
    scale: Float[Array, " state"],
    relative_tolerance: Float[Array, ""] | float,
    *,
    max_iterations: int = 30,
) -> LinearSolution:
    """`relaxed_gmres` with an operator that is equally exact in all its products."""
    exact = (preconditioner, right_side, scale, relative_tolerance)
    return relaxed_gmres(lambda v, loose: operator(v), *exact, max_iterations=max_iterations)


def relaxed_gmres(
    operator: Callable[[Array, Array], Array],
    preconditioner: Operator,
    right_side: Float[Array, " state"],
    scale: Float[Array, " state"],
    relative_tolerance: Float[Array, ""] | float,
    *,
    max_iterations: int = 30,
) -> LinearSolution:
    """Right-preconditioned GMRES in the scaled unknowns x / scale, without restart, started at zero.

    Stops where the 2-norm of residual / scale has fallen by relative_tolerance; a zero right side returns
    at once. Made for few products with an expensive operator (a whole orbit), called as operator(vector, loose): its
    error may be `loose` times that of the first product, because what a later product gets wrong enters the solution
    by the residual that was left before it (Bouras and Fraysse, SIAM J. Matrix Anal. Appl. 26, 660, 2005,
    DOI 10.1137/S0895479801384743). Source: Saad and Schultz, SIAM J. Sci. Stat. Comput. 7, 856 (1986),
    DOI 10.1137/0907058. Not differentiable as it stands.
    """
    dtype, size = right_side.dtype, right_side.shape[0]
    b = right_side / scale
    norm = jnp.sqrt(jnp.vdot(b, b))
    safe = jnp.where(norm > 0.0, norm, 1.0)
    basis = jnp.zeros((max_iterations + 1, size), dtype).at[0].set(b / safe)
    search = jnp.zeros((max_iterations, size), dtype)
    # R of the QR factors of the Hessenberg matrix; unit diagonal where no column has come yet.
    triangle = jnp.eye(max_iterations, dtype=dtype)
    rotations = jnp.zeros((max_iterations, 2), dtype)
    reduced = jnp.zeros(max_iterations + 1, dtype).at[0].set(norm)

    def unfinished(carry: tuple) -> Array:
        reduced, j = carry[-2], carry[-1]
        return (jnp.abs(reduced[j]) > relative_tolerance * norm) & (j < max_iterations)

    def iterate(carry: tuple) -> tuple:
        basis, search, triangle, rotations, reduced, j = carry
        vector = preconditioner(basis[j] * scale)
        left = jnp.abs(reduced[j])
        image = operator(vector, safe / jnp.where(left > 0.0, left, 1.0)) / scale
        # classical Gram-Schmidt, twice: as orthogonal as the modified one and two products only
        first = basis @ image
        image = image - first @ basis
        second = basis @ image
        image = image - second @ basis
        column = first + second
        length = jnp.sqrt(jnp.vdot(image, image))
        basis = basis.at[j + 1].set(image / jnp.where(length > 0.0, length, 1.0))
        column = column.at[j + 1].set(length)

        def rotate(i: Array, column: Array) -> Array:
            c, s = rotations[i, 0], rotations[i, 1]
            low, high = column[i], column[i + 1]
            return column.at[i].set(c * low + s * high).at[i + 1].set(c * high - s * low)

        column = lax.fori_loop(0, j, rotate, column)
        radius = jnp.hypot(column[j], column[j + 1])
        radius = jnp.where(radius > 0.0, radius, 1.0)
        c, s = column[j] / radius, column[j + 1] / radius
        column = column.at[j].set(radius).at[j + 1].set(0.0)
        triangle = triangle.at[:, j].set(column[:max_iterations])
        reduced = reduced.at[j + 1].set(-s * reduced[j]).at[j].multiply(c)
        rotations = rotations.at[j].set(jnp.stack([c, s]))
        return basis, search.at[j].set(vector), triangle, rotations, reduced, j + 1

    start = (basis, search, triangle, rotations, reduced, jnp.zeros((), jnp.int32))
    _, search, triangle, _, reduced, count = lax.while_loop(unfinished, iterate, start)
    coefficients = jnp.where(jnp.arange(max_iterations) < count, reduced[:max_iterations], 0.0)

    def substitute(k: Array, solution: Array) -> Array:
        i = max_iterations - 1 - k
        known = triangle[i] @ solution - triangle[i, i] * solution[i]
        return solution.at[i].set((coefficients[i] - known) / triangle[i, i])

    weights = lax.fori_loop(0, max_iterations, substitute, jnp.zeros_like(coefficients))
    return LinearSolution(weights @ search, count, jnp.abs(reduced[count]) <= relative_tolerance * norm)
