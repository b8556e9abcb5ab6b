"""Sunlight and the planet's light by way of mirrors and sheets: forward against backward, closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.geometry.escape_nodes import escape_nodes
from caloris.geometry.path_tracing import trace_mirror_paths, trace_paths, trace_sun_paths
from caloris.geometry.sun_visibility import sun_visibility
from caloris_kernels.radiative import planet_heating
from caloris_kernels.radiative.incidence import covered_absorptance
from caloris_kernels.radiative.path_environment import (
    beam_irradiation,
    escape_irradiation,
    escape_response,
    planet_radiance,
    table_radiance,
)
from caloris_kernels.radiative.paths import choose_factor, event_factor, throughput
from caloris_kernels.radiative.visibility import fibonacci_sphere
from caloris_validation.mirror_scenes import Sheet, scene_of

_throughput = jax.jit(lambda p, rho, tau: throughput(p, event_factor(p, rho, tau)))
_beams = jax.jit(beam_irradiation)
_sky = jax.jit(escape_irradiation)


LEAN = 2**-0.5


def _mirror_over_ground():
    """A ground of 4 m x 4 m in four cells and a mirror of 1 m2 that leans over it by 45 degrees, facing +x and down."""
    return scene_of(
        [
            Sheet((-2, -2, 0), (4, 0, 0), (0, 4, 0), divide=2),
            Sheet((0.2, -0.5, 0.5), (0, 1, 0), (LEAN, 0, LEAN), specular_reflectance=0.9),
        ]
    )


def test_sunlight_from_a_mirror():
    """The Sun at +x meets the mirror at 45 deg: 0.9 of its beam goes straight down, half into either cell below."""
    scene = _mirror_over_ground()
    paths = trace_sun_paths(*scene.traced, np.array([[2.0, 0.0, 0.0], [-1.0, 0.0, 0.5]]), rays=64)
    arriving, _ = _throughput(paths, scene.specular_reflectance, scene.transmittance)
    power = np.asarray(_beams(paths, arriving, scene.area)).mean(axis=0) * scene.area
    # Facets of the ground: four cells (x slow), then again for their second triangles.
    cells = power[0, :8].reshape(2, 4).sum(axis=0)
    np.testing.assert_allclose(cells.sum(), 0.9 * LEAN, rtol=1e-6)
    # 4 x 64 stratified points on either facet: the line between the cells crosses a few of them.
    np.testing.assert_allclose(cells, [0, 0, 0.45 * LEAN, 0.45 * LEAN], atol=0.01)
    assert np.all(power[1] == 0)  # the other Sun is behind the mirror
    # An absorptance by angle: straight down is normal incidence, 0.8; a path's second arrival counts alone.
    cosine = jnp.asarray(paths.cosine)
    absorbed = _beams(paths, arriving * covered_absorptance(cosine, jnp.asarray(0.8), jnp.asarray(1.5)), scene.area)
    np.testing.assert_allclose((np.asarray(absorbed).mean(axis=0) * scene.area)[0].sum(), 0.8 * 0.9 * LEAN, rtol=1e-5)
    # A mirror of which the absorptance depends on the angle: what it does not absorb at 45 deg goes on.
    mirror = 1 - covered_absorptance(cosine, jnp.asarray(0.1), jnp.asarray(1.46))
    slanted = choose_factor(paths, jnp.where(scene.sheet[paths.facet] == 1, mirror, 0.0), 0 * cosine)
    more = np.asarray(_beams(paths, jax.jit(throughput)(paths, slanted)[0], scene.area)).mean(axis=0) * scene.area
    at_45 = 1 - float(covered_absorptance(jnp.asarray(LEAN), jnp.asarray(0.1), jnp.asarray(1.46)))
    np.testing.assert_allclose(more[0].sum(), at_45 * LEAN, rtol=1e-5)


def test_sunlight_through_a_sheet():
    """A sheet of tau 0.4 over one cell of the ground: straight sunlight stops at it, its paths bring 0.4 below."""
    scene = scene_of(
        [
            Sheet((-2, -2, 0), (4, 0, 0), (0, 4, 0), divide=2),
            Sheet((0, 0, 1), (2, 0, 0), (0, 2, 0), transmittance=0.4, sides=(0, 1)),
        ]
    )
    toward = np.array([[0.0, 0.0, 1.0]])
    paths = trace_sun_paths(*scene.traced, toward)
    arriving, _ = _throughput(paths, scene.specular_reflectance, scene.transmittance)
    more = np.asarray(_beams(paths, arriving, scene.area)).mean(axis=0)[0, :8]
    straight = sun_visibility(*scene.mesh, toward)[0, :8]
    # Rays on the cell's own border may pass beside it.
    np.testing.assert_allclose((straight + more).reshape(2, 4).mean(axis=0), [1, 1, 1, 0.4], atol=0.02)


def test_the_sky_backward_is_sunlight_forward():
    """A sky bright in a cone of 8 degrees: by escaping paths, and as 64 suns in the cone; two independent ways."""
    scene = _mirror_over_ground()
    half = np.deg2rad(8.0)
    k = np.arange(64) + 0.5
    height, turn = 1 - (1 - np.cos(half)) * k / 64, k * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - height**2)
    suns = np.stack([height, ring * np.cos(turn), ring * np.sin(turn)], axis=1)  # about +x
    solid_angle = 2 * np.pi * (1 - np.cos(half))
    beams = trace_sun_paths(*scene.traced, suns, rays=32)
    arriving, _ = _throughput(beams, scene.specular_reflectance, scene.transmittance)
    forward = np.asarray(_beams(beams, arriving, scene.area)).mean(axis=(0, 1)) * solid_angle
    paths = trace_mirror_paths(*scene.traced, rays=8192)
    _, leaving = _throughput(paths, scene.specular_reflectance, scene.transmittance)
    bright = (np.asarray(paths.direction)[:, 0] > np.cos(half)).astype(float)
    estimate = np.asarray(_sky(paths, leaving, bright, scene.area))[:, :8] * scene.area[:8]
    total, error = estimate.mean(axis=0).sum(), estimate.sum(axis=1).std(ddof=1) / np.sqrt(len(estimate))
    expected = (forward * scene.area)[:8].sum()
    assert error < 0.02 * expected
    assert abs(total - expected) < 4 * error
    lit = forward[:8] * scene.area[:8] > 0.1 * expected
    np.testing.assert_allclose(estimate.mean(axis=0)[lit], (forward * scene.area)[:8][lit], rtol=0.1)


def test_zero_specularity_has_no_paths_and_the_planet_by_rays_is_the_closed_form():
    """Plates at several tilts in the open: planet infrared by escaping paths within its standard error."""
    tilts = np.deg2rad([0.0, 40.0, 90.0, 130.0])
    sheets = [
        Sheet((10.0 * k, 0, 0), (np.cos(t), 0, -np.sin(t)), (0, 1, 0)) for k, t in enumerate(tilts)
    ]  # normals tilted from +z toward +x; the planet is up
    scene = scene_of(sheets)
    nadir, ratio, sun = jnp.array([0.0, 0.0, 1.0]), jnp.asarray(1.1), jnp.array([0.6, 0.0, -0.8])
    paths = trace_paths(*scene.traced, rays=1024)
    _, leaving = _throughput(paths, scene.specular_reflectance, scene.transmittance)
    infrared, albedo = jax.jit(planet_radiance)(paths.direction, nadir, ratio, sun)
    normal = jnp.asarray(np.stack([np.sin(tilts), 0 * tilts, np.cos(tilts)], axis=1))
    one = jnp.ones(1)
    exact = (
        planet_heating.planet_infrared_flux(normal, nadir[None], ratio[None], jnp.asarray(1.0))[0],
        planet_heating.albedo_flux(normal, nadir[None], sun[None], ratio[None], one)[0],
    )
    for radiance, plates in zip((infrared, albedo), exact, strict=True):
        estimate = np.asarray(_sky(paths, leaving, radiance, scene.area))
        error = estimate.std(axis=0, ddof=1) / np.sqrt(len(estimate))
        known = np.repeat(np.asarray(plates), 2)
        assert np.all(np.abs(estimate.mean(axis=0) - known) < 4 * error + 1e-3 * known.max())
    # The same by a table of directions: the limb is smoothed over 0.2 rad, the whole is kept.
    directions = 1000
    table = jnp.asarray(fibonacci_sphere(directions))
    nodes = escape_nodes(paths.direction, directions)
    points = planet_heating.cap_points(nadir[None], ratio[None])
    smooth = table_radiance(points, jnp.full(points.solid_angle.shape, 1 / np.pi), table, nodes.solid_angle)
    tabulated = np.asarray(smooth @ escape_response(paths, leaving, nodes, jnp.asarray(scene.area)))[0]
    np.testing.assert_allclose(tabulated, np.repeat(np.asarray(exact[0]), 2), atol=5e-3)
    assert np.asarray(nodes.solid_angle).sum() == pytest.approx(4 * np.pi, rel=1e-12)
    beams = trace_sun_paths(*scene.traced, np.array([[0.0, 0.0, 1.0]]))
    assert not np.any(np.asarray(_beams(beams, jnp.ones(len(beams.path)), scene.area)))
