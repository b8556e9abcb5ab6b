"""Bendel's empirical proton upset cross-sections, of one and of two parameters."""

import jax.numpy as jnp
from jaxtyping import Array, Float

_UNIT = 1e-12  # cm2 per bit


def _rise(energy: Array, onset: Array) -> Array:
    """[1 - exp(-0.18 Y^(1/2))]^4 with Y = (18/A)^(1/2) (E - A), zero below A.

    Near the onset it rises as Y^2, so that value and slope are zero there.
    """
    above = energy > onset
    y = jnp.where(above, jnp.sqrt(18.0 / onset) * jnp.where(above, energy - onset, 1.0), 1.0)
    return jnp.where(above, jnp.expm1(-0.18 * jnp.sqrt(y)) ** 4, 0.0)


def bendel_two(
    energy: Float[Array, "*points"], onset: Float[Array, ""], second: Float[Array, ""]
) -> Float[Array, "*points"]:
    """Two-parameter cross-section (cm2 per bit): (B/A)^14 [1 - exp(-0.18 Y^(1/2))]^4 1e-12, Y = (18/A)^(1/2) (E - A).

    energy E, onset A (above 0) and second parameter B in MeV. The plateau is (B/A)^14 1e-12 cm2. Source: Stapor,
    Meyers, Langworthy, Petersen, IEEE Trans. Nucl. Sci. 37, 1966 (1990), doi 10.1109/23.101216, with the units of
    CREME96. An empirical fit for 20 to a few hundred MeV; by Shimano's form S [...]^4 it is `bendel_plateau`.
    Differentiable, with slope zero at the onset.
    """
    return (second / onset) ** 14 * _UNIT * _rise(energy, onset)


def bendel_one(energy: Float[Array, "*points"], onset: Float[Array, ""]) -> Float[Array, "*points"]:
    """One-parameter cross-section (cm2 per bit): `bendel_two` with B = 24 MeV.

    Source: Bendel and Petersen, IEEE Trans. Nucl. Sci. 30, 4481 (1983), doi 10.1109/TNS.1983.4333164. Made for
    feature sizes of its time: of little use below 1 um, where the two parameters are independent.
    """
    return bendel_two(energy, onset, jnp.asarray(24.0, onset.dtype))


def bendel_plateau(
    energy: Float[Array, "*points"], onset: Float[Array, ""], plateau: Float[Array, ""]
) -> Float[Array, "*points"]:
    """The two-parameter cross-section by its plateau S (unit of the result): S [1 - exp(-0.18 Y^(1/2))]^4.

    Source: Shimano and others, IEEE Trans. Nucl. Sci. 36, 2344 (1989), doi 10.1109/23.45446.
    """
    return plateau * _rise(energy, onset)
