"""How far the optical properties of a coating have changed under ultraviolet light and particles."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def ageing_progress(
    time: Float[Array, ""],
    fluence: Float[Array, ""],
    time_constant: Float[Array, " entry"],
    fluence_constant: Float[Array, " entry"],
    exponent: Float[Array, " entry"],
) -> Float[Array, " entry"]:
    """Part of the change from beginning to end of life that an exposure has done (-), 0 to 1.

        p = 1 - exp(-(t/tau)^n - (Phi/Phi_0)^n)

    t is the time of exposure (s), Phi the fluence of particles (m-2); tau, Phi_0 and n > 0 belong to the coating,
    and an infinite constant switches its cause off. The two causes act independently: what each leaves unchanged
    multiplies. n = 1 is the exponential approach to a final value that is usual for the solar absorptance of white
    paints and mirrors over equivalent sun hours; n < 1 starts as a power law in the exposure and saturates. The form
    is an empirical fit with no one source; tau, Phi_0 and n must come from tests of the coating at hand, and hold
    for the kind and the spectrum of the particles of those tests.

    Differentiable in all arguments. At zero exposure with n < 1, where the slope is infinite, it is given as zero.
    """

    def dose(spent: Array, constant: Array) -> Array:
        counted = jnp.isfinite(constant)
        part = spent / jnp.where(counted, constant, 1.0)
        counted = counted & ((part > 0.0) | (exponent >= 1.0))
        return jnp.where(counted, jnp.where(counted, part, 1.0) ** exponent, 0.0)

    return -jnp.expm1(-dose(time, time_constant) - dose(fluence, fluence_constant))
