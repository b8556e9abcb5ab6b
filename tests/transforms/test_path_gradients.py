"""Derivatives of specular exchange to every optical property, for recorded paths: forward, reverse, differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris.geometry.escape_nodes import escape_nodes
from caloris.geometry.path_tracing import trace_paths, trace_sun_paths
from caloris_kernels.radiative.path_environment import beam_irradiation, escape_response
from caloris_kernels.radiative.paths import event_factor, specular_exchange, throughput
from caloris_validation.mirror_scenes import MirrorScene, Sheet, scene_of


@pytest.fixture(scope="module")
def scene():
    """A black plate, a mirror, a sheet that both reflects and transmits, open to the sky, and an inactive side."""
    return scene_of(
        [
            Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0)),
            Sheet((0, 0, 0), (0, 1, 0), (0, 0, 1), 0.6),
            Sheet((0, 0, 0.8), (1, 0, 0), (0, 1, 0), 0.2, 0.3, (0, 1)),
            Sheet((0, 0, 1.2), (0, 1, 0), (1, 0, 0), sides=()),
        ]
    )


def test_exchange_by_reflectance_transmittance_and_target(scene: MirrorScene):
    paths = trace_paths(*scene.traced, rays=32, replicates=4)
    rng = np.random.default_rng(0)
    weights = jax.tree.map(
        lambda x: jnp.asarray(rng.normal(size=x.shape)),
        jax.eval_shape(specular_exchange, paths, scene.specular_reflectance, scene.transmittance, scene.area),
    )

    @jax.jit
    def total(reflectance, transmittance, target):
        result = specular_exchange(paths, reflectance, transmittance, target)
        # What still lacks is rounding: its differences say nothing.
        return sum(jnp.sum(w * x) for w, x in list(zip(weights, result, strict=True))[:-1])

    arguments = (scene.specular_reflectance, scene.transmittance, scene.area)
    check_grads(total, tuple(map(jnp.asarray, arguments)), order=1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6)
    slope = jax.grad(total, argnums=(0, 1))(*map(jnp.asarray, arguments))
    assert np.all(np.abs(slope[0][scene.specular_reflectance > 0]) > 1e-4)
    assert np.all(np.abs(slope[1][scene.transmittance > 0]) > 1e-4)


def test_a_mirror_that_may_be_has_a_derivative_now(scene: MirrorScene):
    """Facets without reflection now, but marked: paths go on with no weight, and differences agree."""
    plain = scene.specular_reflectance * 0
    paths = trace_paths(
        *scene._replace(specular_reflectance=plain).traced, rays=64, replicates=4, may_reflect=scene.sheet == 1
    )
    assert np.any(paths.event[scene.sheet[paths.facet] == 1] == 1)

    rest = jnp.asarray(scene.transmittance), jnp.asarray(scene.area)

    @jax.jit
    def total(reflectance):
        return jnp.sum(specular_exchange(paths, reflectance, *rest).exchange_area)

    start = jnp.asarray(plain)
    direction = jnp.where(scene.sheet == 1, 1.0, 0.0)
    slope = jax.jvp(total, (start,), (direction,))[1]
    difference = (total(start + 1e-5 * direction) - total(start)) / 1e-5
    assert float(slope) == pytest.approx(float(difference), rel=1e-4) and abs(float(slope)) > 1e-4


def test_sky_and_sun_by_reflectance(scene: MirrorScene):
    paths = trace_paths(*scene.traced, rays=32, replicates=4)
    nodes = escape_nodes(paths.direction, 100)
    beams = trace_sun_paths(*scene.traced, np.array([[1.0, 0.2, 0.6], [0.3, -0.1, 1.0]]), rays=32)
    radiance = jnp.asarray(np.random.default_rng(1).random(100))

    @jax.jit
    def total(reflectance, transmittance):
        leaving = throughput(paths, event_factor(paths, reflectance, transmittance))[1]
        arriving = throughput(beams, event_factor(beams, reflectance, transmittance))[0]
        sky = radiance @ escape_response(paths, leaving, nodes, jnp.asarray(scene.area))
        return jnp.sum(sky**2) + jnp.sum(
            jnp.mean(beam_irradiation(beams, arriving, jnp.asarray(scene.area)), axis=0) ** 2
        )

    arguments = jnp.asarray(scene.specular_reflectance), jnp.asarray(scene.transmittance)
    check_grads(total, arguments, order=1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6)
    assert np.all(np.abs(jax.grad(total)(*arguments)[scene.sheet == 1]) > 1e-4)
