"""Couplings in rows against sums over pairs: heat, diagonal, products, transposed products, hubs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.conduction.couplings import coupled_heat, coupled_slopes, in_rows, row_layout, slopes_product
from caloris_kernels.conduction.network import conducted_heat, one_way_heat, pair_radiation

NODES = 40


def scene(hub: bool):
    """Random pairs of both kinds, some twice, one of a node with itself; a hub has a link to every node."""
    random = np.random.default_rng(3)
    conductive = random.integers(0, NODES, (90, 2))
    conductive = np.concatenate([conductive, conductive[:5], [[7, 7]]])
    if hub:
        conductive = np.concatenate([conductive, np.column_stack([np.full(NODES - 1, 0), np.arange(1, NODES)])])
    radiative = random.integers(0, NODES, (60, 2))
    conductance, area = random.uniform(0.1, 2.0, len(conductive)), random.uniform(0.01, 0.5, len(radiative))
    return conductive, radiative, jnp.asarray(conductance), jnp.asarray(area), random.uniform(200, 400, NODES)


@pytest.mark.parametrize("hub", [False, True])
def test_rows_are_the_pairs(hub):
    conductive, radiative, conductance, area, temperature = scene(hub)
    layout = row_layout(conductive, radiative, NODES)
    assert not hub or layout.conductive.rows.tail_node.shape[0] > 20  # a hub does not widen the rows of all others
    rows = in_rows(layout, conductance, area)
    temperature = jnp.asarray(temperature)
    conducted, radiated = coupled_heat(rows, temperature)
    # The same sums in another order: rounding of heats of up to 1e3 W.
    np.testing.assert_allclose(conducted, conducted_heat(jnp.asarray(conductive), conductance, temperature), atol=1e-9)
    np.testing.assert_allclose(radiated, pair_radiation(jnp.asarray(radiative), area, temperature), atol=1e-9)

    slopes = coupled_slopes(rows, temperature)
    jacobian = jax.jacfwd(lambda t: sum(coupled_heat(rows, t)))(temperature)
    np.testing.assert_allclose(slopes.diagonal, -jnp.diagonal(jacobian), rtol=1e-12)
    v = jnp.asarray(np.random.default_rng(4).normal(size=NODES))
    for transpose in (False, True):
        whole = -(jacobian.T if transpose else jacobian) @ v
        np.testing.assert_allclose(slopes_product(slopes, v, transpose), whole, atol=1e-10)


def test_no_pairs_at_all():
    nothing = np.zeros((0, 2), int)
    rows = in_rows(row_layout(nothing, nothing, 3), jnp.zeros(0), jnp.zeros(0))
    conducted, radiated = coupled_heat(rows, jnp.array([300.0, 310.0, 320.0]))
    assert not np.any(conducted) and not np.any(radiated)


def test_a_stream_that_closes_carries_nothing_away():
    ring = jnp.array([[0, 1], [1, 2], [2, 0]])
    temperature = jnp.array([300.0, 320.0, 290.0])
    heat = one_way_heat(ring, jnp.full(3, 5.0), temperature)
    np.testing.assert_allclose(heat, [5.0 * (290 - 300), 5.0 * (300 - 320), 5.0 * (320 - 290)])
    assert float(jnp.sum(heat)) == pytest.approx(0.0, abs=1e-12)
    opened = one_way_heat(ring[:2], jnp.full(2, 5.0), temperature)
    assert float(jnp.sum(opened)) == pytest.approx(5.0 * (300 - 290))
