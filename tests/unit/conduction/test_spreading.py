"""Spreading resistance of a rectangle on a plate: limits that have closed forms, symmetry, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.conduction.spreading import spreading_resistance

ISOTROPIC = np.array([3.0, 3.0, 3.0])


def resistance(source, plate, thickness, film, *, conductivity=ISOTROPIC, center=None, terms=200, numeric=np):
    plate = np.array(plate, float)
    center = 0.5 * plate if center is None else np.array(center, float)
    return spreading_resistance(
        np.array(source, float), plate, center, thickness, conductivity, film, terms=terms, numeric=numeric
    )


def test_a_small_square_in_a_thick_plate_is_a_square_on_a_half_space():
    """k s R of a square of side s: mean 0.4732, middle 2 ln(1 + 2^(1/2))/pi = 0.5611 (Carslaw & Jaeger, 10.5)."""
    # The plate takes 1.41 e from 1 to first order in e = s/A, with the sign and size of the truncated reach.
    found = [resistance([1, 1], [size, size], 50 * size, 1e9, terms=1500) for size in (20, 40)]
    mean, center = ([3.0 * float(getattr(one, name)) for one in found] for name in ("mean", "center"))
    extrapolated = [2 * fine - coarse for coarse, fine in (mean, center)]
    # 1500 terms over 40 sides: 4e-4 of the mean, 2e-3 of the middle.
    assert extrapolated[0] == pytest.approx(0.47320, rel=1e-3)
    assert extrapolated[1] == pytest.approx(2 * np.log(1 + np.sqrt(2)) / np.pi, rel=3e-3)


def test_a_thin_plate_on_a_cold_sink_conducts_under_the_source_alone():
    found = resistance([2, 3], [10, 9], 1e-3, 1e12, terms=2000)
    expected = 1e-3 / 3.0 * (1 / 6 - 1 / 90)
    # The rim of one thickness around the source takes part too: t times its outline over its area, 1.7e-3.
    assert float(found.mean) == pytest.approx(expected, rel=3e-3)


def test_a_source_that_covers_the_plate_does_not_spread():
    found = resistance([4, 2], [4, 2], 0.3, 50.0)
    assert abs(float(found.mean)) < 1e-15 and abs(float(found.center)) < 1e-15


def test_a_strip_is_a_problem_in_two_dimensions():
    """A source over the whole width: the same for a plate of twice the width and heat, per heat half of it."""
    narrow, wide = (resistance([1, width], [5, width], 0.5, 20.0) for width in (2.0, 4.0))
    assert float(wide.mean) == pytest.approx(0.5 * float(narrow.mean), rel=1e-12)


def test_directions_are_a_plate_of_other_sides():
    # Twice as wide with four times the conductivity along it is the same plate, with twice the heat per resistance.
    plain = resistance([1, 1], [4, 5], 0.4, 30.0)
    stretched = resistance([2, 1], [8, 5], 0.4, 30.0, conductivity=np.array([12.0, 3.0, 3.0]))
    assert float(stretched.mean) == pytest.approx(0.5 * float(plain.mean), rel=1e-12)
    assert float(stretched.center) == pytest.approx(0.5 * float(plain.center), rel=1e-12)


def test_a_source_at_the_edge_spreads_worse_and_is_half_of_a_plate():
    middle = resistance([1, 1], [4, 4], 0.4, 30.0)
    edge = resistance([1, 1], [4, 4], 0.4, 30.0, center=[0.5, 2.0])
    assert float(edge.mean) > float(middle.mean)
    # Mirrored at its edge it is a source of twice the length and heat on a plate of twice the length.
    double = resistance([2, 1], [8, 4], 0.4, 30.0)
    assert float(edge.mean) == pytest.approx(2 * float(double.mean), rel=1e-4)  # terms of twice the length are half


def test_numpy_and_jax_agree_and_differentiate():
    arguments = (jnp.array([1.0, 1.5]), jnp.array([4.0, 5.0]), jnp.array([1.8, 2.6]), jnp.array(0.4),
                 jnp.array([3.0, 5.0, 4.0]), jnp.array(30.0))  # fmt: skip
    ours = jax.jit(lambda *x: spreading_resistance(*x, terms=40))
    other = spreading_resistance(*(np.asarray(x) for x in arguments), terms=40, numeric=np)
    np.testing.assert_allclose(ours(*arguments), other, rtol=1e-12)
    check_grads(lambda *x: jnp.stack(ours(*x)), arguments, 1, ["fwd", "rev"])
    gradient = jax.grad(lambda *x: ours(*x).mean, argnums=tuple(range(6)))(*arguments)
    assert all(np.all(np.asarray(part) != 0.0) for part in gradient)
