"""How a black body's emission is spread over wavelength: the part below a wavelength, and the part in each band.

With z = C2/(lambda T), C2 = h c/k, the part of sigma T^4 emitted at wavelengths below lambda is

    F(lambda T) = (15/pi^4) integral from z to infinity of x^3/(e^x - 1) dx
                = (15/pi^4) sum_n e^(-n z)/n (z^3 + 3 z^2/n + 6 z/n^2 + 6/n^3),

which converges fast for large z; for small z the integrand's power series (Bernoulli numbers B_n),

    F = 1 - (15/pi^4) z^3 (1/3 - z/8 + sum_k B_2k z^(2k)/((2k)! (2k + 3))),   |z| < 2 pi,

is integrated term by term. Both are summed to rounding, so that they meet at z = 2 without a step.
Source: Chang & Rhee, Int. Commun. Heat Mass Transfer 11 (1984) 451, doi 10.1016/0735-1933(84)90051-4; Modest &
Mazumder, Radiative Heat Transfer, 4th ed. (2021), chapter 1 and appendix C.
"""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import SECOND_RADIATION

_SWITCH = 2.0
# e^(-2 n) < 1e-17 from n = 20 on.
_TERMS = 20
_NORM = 15.0 / math.pi**4


def _bernoulli(last: int) -> list[Fraction]:
    """B_0 to B_last, exactly, by their recurrence."""
    numbers: list[Fraction] = []
    for m in range(last + 1):
        rest = sum((math.comb(m + 1, k) * number for k, number in enumerate(numbers)), Fraction(0))
        numbers.append(Fraction(1) if m == 0 else -rest / (m + 1))
    return numbers


# B_2k/((2k)! (2k + 3)); the terms fall as (2/(2 pi))^(2k): below 1e-17 from k = 17 on.
_POWERS = [
    float(number / math.factorial(n) / (n + 3)) for n, number in enumerate(_bernoulli(34)) if n > 0 and n % 2 == 0
]
# Beyond it e^-z is 1e-300: the part is zero in every digit that counts, and so are its derivatives.
_LARGEST = 690.0


def _series(z: Array) -> Array:
    """The sum over exponentials, for z at or above the switch."""
    n = jnp.arange(1.0, _TERMS + 1.0, dtype=z.dtype)
    x = z[..., None]
    return _NORM * jnp.sum(jnp.exp(-n * x) / n * (x**3 + 3.0 * x**2 / n + 6.0 * x / n**2 + 6.0 / n**3), axis=-1)


def _above(z: Array) -> Array:
    """The part above the wavelength by the power series, for z below the switch."""
    square = z * z
    power = jnp.zeros_like(z)
    for coefficient in _POWERS[::-1]:
        power = (power + coefficient) * square
    return _NORM * z**3 * (1.0 / 3.0 - z / 8.0 + power)


def _argument(product: Array) -> Array:
    positive = product > 0.0
    return jnp.where(positive, jnp.minimum(SECOND_RADIATION / jnp.where(positive, product, 1.0), _LARGEST), _LARGEST)


@jax.custom_jvp
def fraction_below(product: Float[Array, "..."]) -> Float[Array, "..."]:
    """F(lambda T), the part of a black body's emission below a wavelength (-); product = lambda T in m K.

    0 for product <= 0, 1 at infinity; absolute error below 1e-15 and relative error below 1e-13 (1e-11 where
    z > 100, the rounding of the exponent). The derivative, dF/d(lambda T) = (15/pi^4) z^4/(e^z - 1)/(lambda T),
    is the integrand itself, not the derivative of a sum; it is 0 at product <= 0.
    """
    z = _argument(jnp.asarray(product))
    low = jnp.maximum(z, _SWITCH)
    high = jnp.minimum(z, _SWITCH)
    return jnp.where(z < _SWITCH, 1.0 - _above(high), _series(low))


@fraction_below.defjvp
def _fraction_below_derivative(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    (product,), (tangent,) = primals, tangents
    product = jnp.asarray(product)
    z = _argument(product)
    # z^5/(C2 (e^z - 1)) = z^4/(e^z - 1) / (lambda T); z/(e^z - 1) -> 1 for z -> 0.
    small = z < 1e-8
    ratio = jnp.where(small, 1.0, z / jnp.expm1(jnp.where(small, 1.0, z)))
    slope = _NORM * z**4 * ratio / SECOND_RADIATION
    return fraction_below(product), jnp.where(z < _LARGEST, slope, 0.0) * tangent


def band_fractions(edge: Float[Array, " edge"], temperature: Float[Array, "..."]) -> Float[Array, "band ..."]:
    """The part of a black body's emission in each band of wavelength (-), summing to 1; edge + 1 bands.

    edge (m, ascending) are the wavelengths that split the spectrum, shortest band first; temperature in K. No edge
    makes one band with all of it. At 0 K all lies in the last band, with zero derivative.
    """
    temperature = jnp.asarray(temperature)
    product = edge.reshape(-1, *([1] * temperature.ndim)) * temperature
    below = fraction_below(product)
    ends = jnp.ones_like(temperature)[None]
    return jnp.concatenate([below, ends]) - jnp.concatenate([jnp.zeros_like(ends), below])
