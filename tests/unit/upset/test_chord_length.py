import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.upset.chord_length import longer_chord_fraction, longer_sphere_chord_fraction

longer = jax.jit(longer_chord_fraction)


@pytest.mark.parametrize("edges", [(1.0, 1.0, 1.0), (3.0, 2.0, 0.5), (44.7, 44.7, 1.0)])
def test_distribution_against_random_tracks(sampled_chords, edges):
    chords = sampled_chords(edges, 200_000, seed=7)
    lengths = np.quantile(chords, [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    share = (chords[:, None] > lengths).mean(axis=0)
    exact = np.asarray(longer(jnp.asarray(lengths), jnp.asarray(edges)))
    # Three standard errors of a share counted over 200 000 independent tracks.
    assert (np.abs(share - exact) < 3.0 * np.sqrt(exact * (1 - exact) / chords.size)).all()


def test_ends_of_the_distribution():
    edges = jnp.array([3.0, 2.0, 0.5])
    diagonal = np.sqrt(9.0 + 4.0 + 0.25)
    value = longer(jnp.array([-1.0, 0.0, 1e-12, diagonal, 100.0]), edges)
    assert value == pytest.approx([1.0, 1.0, 1.0, 0.0, 0.0], abs=1e-11)


def test_order_of_edges_does_not_matter():
    lengths = jnp.linspace(0.01, 3.7, 50)
    a = longer(lengths, jnp.array([3.0, 2.0, 0.5]))
    b = longer(lengths, jnp.array([0.5, 3.0, 2.0]))
    # The same closed form in another order: rounding, amplified by the cancellation near the diagonal.
    assert np.abs(np.asarray(a - b)).max() < 1e-13


def test_fraction_falls_with_length():
    lengths = jnp.linspace(1e-3, 63.0, 2000)
    value = np.asarray(longer(lengths, jnp.array([44.72136, 44.72136, 1.0])))
    assert (np.diff(value) < 1e-14).all()


@pytest.mark.parametrize("edges", [(1.0, 1.0, 1.0), (2.0, 2.0, 0.5), (3.0, 2.0, 0.5)])
def test_gradients_are_finite_at_edges_and_face_limits(edges):
    diagonals = [np.hypot(a, b) for a, b in [(edges[0], edges[1]), (edges[1], edges[2]), (edges[0], edges[2])]]
    lengths = jnp.array([0.0, *edges, *diagonals, np.sqrt(np.square(edges).sum())])
    by_length = jax.jit(jax.vmap(jax.grad(longer_chord_fraction), in_axes=(0, None)))(lengths, jnp.array(edges))
    by_edges = jax.jit(jax.jacrev(longer_chord_fraction, argnums=1))(lengths, jnp.array(edges))
    assert np.isfinite(np.asarray(by_length)).all() and np.isfinite(np.asarray(by_edges)).all()


def test_not_a_number_stays_one():
    assert np.isnan(np.asarray(longer(jnp.array([np.nan]), jnp.array([3.0, 2.0, 0.5])))).all()


def test_sphere_against_random_tracks():
    # Tracks of a parallel beam at random in the circle around a sphere of 2 um; all directions are alike.
    count = 200_000
    radius = np.sqrt(np.random.default_rng(11).uniform(size=count))
    chords = 2.0 * np.sqrt(1.0 - radius**2)
    lengths = np.quantile(chords, [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    share = (chords[:, None] > lengths).mean(axis=0)
    exact = np.asarray(longer_sphere_chord_fraction(jnp.asarray(lengths), jnp.asarray(2.0)))
    # Three standard errors of a share counted over 200 000 independent tracks.
    assert (np.abs(share - exact) < 3.0 * np.sqrt(exact * (1 - exact) / count)).all()


def test_sphere_at_its_ends():
    lengths = jnp.array([-1.0, 0.0, 2.0, 3.0, jnp.nan])
    value = np.asarray(longer_sphere_chord_fraction(lengths, jnp.asarray(2.0)))
    assert value[:4].tolist() == [1.0, 1.0, 0.0, 0.0] and np.isnan(value[4])
    slope = jax.vmap(jax.grad(longer_sphere_chord_fraction, argnums=(0, 1)), in_axes=(0, None))
    by_length, by_diameter = slope(lengths[:4], jnp.asarray(2.0))
    # At the diameter the slope from inside: -2 s / d^2, and 2 s^2 / d^3.
    assert by_length.tolist() == [0.0, 0.0, -1.0, 0.0] and by_diameter.tolist() == [0.0, 0.0, 1.0, 0.0]
