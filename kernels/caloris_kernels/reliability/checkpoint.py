"""Checkpoints of a long computation that fatal failures interrupt: the best interval, and the work that gets done."""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

_ITERATIONS = 12  # Newton on a convex function from the right: quadratic, 7 are enough from 1e-12 to 1e6


def _excess(q: Array) -> Array:
    """q + exp(-q) - 1 without cancellation."""
    series = q * q * (1 / 2 + q * (-1 / 6 + q * (1 / 24 + q * (-1 / 120 + q * (1 / 720 - q / 5040)))))
    return jnp.where(q < 1e-2, series, q + jnp.expm1(-q))


@jax.custom_jvp
def _root(x: Array) -> Array:
    """The positive q with q + exp(-q) - 1 = x."""
    start = x + jnp.sqrt(2.0 * x)  # never below the root

    def improve(_: int, q: Array) -> Array:
        slope = -jnp.expm1(-q)
        return q - jnp.where(slope > 0.0, (_excess(q) - x) / jnp.where(slope > 0.0, slope, 1.0), 0.0)

    return lax.fori_loop(0, _ITERATIONS, improve, start)


@_root.defjvp
def _root_derivative(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    (x,), (change,) = primals, tangents
    q = _root(x)
    return q, change / -jnp.expm1(-q)


def optimal_interval(
    checkpoint_time: Float[Array, "*points"], time_between_failures: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Work between two checkpoints that makes the expected time least (s), exactly.

    tau = M [1 + W0(-exp(-d/M - 1))], W0 the principal branch of Lambert's function: where the derivative of
    `expected_time_factor` in tau is zero. d is checkpoint_time (s, above 0), M = time_between_failures (s).
    Solved as tau = M (1 - exp(-q)) with q + exp(-q) - 1 = d/M by Newton's method, which keeps all digits where the
    argument of W0 is near its branch point (d much smaller than M). Source: Daly, Future Gener. Comput. Syst. 22, 303
    (2006), doi 10.1016/j.future.2004.11.016, section 3. Differentiable in both arguments.
    """
    return -time_between_failures * jnp.expm1(-_root(checkpoint_time / time_between_failures))


def young_interval(
    checkpoint_time: Float[Array, "*points"], time_between_failures: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Young's first-order interval sqrt(2 d M) (s), for d much smaller than M.

    Source: Young, Commun. ACM 17, 530 (1974), doi 10.1145/361147.361115.
    """
    return jnp.sqrt(2.0 * checkpoint_time * time_between_failures)


def daly_interval(
    checkpoint_time: Float[Array, "*points"], time_between_failures: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Daly's higher-order interval (s): sqrt(2 d M) [1 + (1/3) (d/2M)^(1/2) + (1/9) (d/2M)] - d for d < 2 M, else M.

    Source: Daly (2006), doi 10.1016/j.future.2004.11.016, equation 37. It jumps in slope at d = 2 M.
    """
    ratio = jnp.minimum(checkpoint_time / (2.0 * time_between_failures), 1.0)
    root = jnp.sqrt(ratio)
    interval = young_interval(checkpoint_time, time_between_failures) * (1.0 + root / 3.0 + ratio / 9.0)
    short = checkpoint_time < 2.0 * time_between_failures
    return jnp.where(short, interval - checkpoint_time, time_between_failures)


def expected_time_factor(
    interval: Float[Array, "*points"],
    checkpoint_time: Float[Array, "*points"],
    restart_time: Float[Array, "*points"],
    time_between_failures: Float[Array, "*points"],
) -> Float[Array, "*points"]:
    """Expected wall time per time of work: M exp(R/M) [exp((tau + d)/M) - 1] / tau, at a constant failure rate 1/M.

    All in s: interval tau of work between checkpoints, checkpoint_time d, restart_time R after a failure (which a
    failure interrupts too). The share of useful work (goodput) is one over it. Source: Daly (2006),
    doi 10.1016/j.future.2004.11.016, equation 20, without the small term of the last segment.
    """
    mean = time_between_failures
    return mean * jnp.exp(restart_time / mean) * jnp.expm1((interval + checkpoint_time) / mean) / interval
