"""View factors with all lists on JAX's device: equal to the host's, in little memory, by programs compiled once."""

import jax
import numpy as np
import pytest

from caloris.geometry import device_clear, device_occlusion, device_partial, device_points
from caloris.geometry.device_lists import PAIRS, make_plan, places, roomy
from caloris.geometry.raycast import ray_caster
from caloris.geometry.view_factors import ViewFactors, compute_pose_view_factors, compute_view_factors
from caloris_validation.mesh_scenes import Scene, Sheet, box, build, icosphere, satellite, sheet_satellite, turned

# A few chunks of eight blocks where the default is one.
LITTLE = 8_000_000


def _rods() -> Scene:
    """Two squares a meter apart with two rods of 3 cm between them, thinner than the squares' cells."""
    squares = [
        Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0,), 0, (4, 4)),
        Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), (0,), 0, (4, 4)),
    ]
    rods = [sheet for x in (0.31, 0.62) for sheet in box((x, -0.2, 0.4), (x + 0.03, 1.2, 0.43))]
    return build([*squares, *rods], 1.0)


def _assert_equal(device: ViewFactors, host: ViewFactors) -> None:
    """The same but for rays at edges, whose fate another caster may see differently.

    One of n rays of a partial pair weighs a n-th of the pair; such rays are one in 10 000 (measured: 1e-11 to 8e-9 of
    all exchange), so 1e-5 leaves room for other processors.
    """
    assert isinstance(device.tiles.value, jax.Array) and isinstance(host.tiles.value, np.ndarray)
    np.testing.assert_array_equal(device.tiles.facet, host.tiles.facet)
    np.testing.assert_array_equal(device.tiles.first, host.tiles.first)
    np.testing.assert_array_equal(device.tiles.second, host.tiles.second)
    difference = np.abs(device.exchange_area - host.exchange_area).sum()
    assert difference < 1e-5 * host.exchange_area.sum()
    # A pair is seldom more than a hundredth of a facet's view.
    np.testing.assert_allclose(device.space_view, host.space_view, atol=1e-3)
    np.testing.assert_allclose(device.inactive_view, host.inactive_view, atol=1e-3)
    np.testing.assert_allclose(device.facet_view, device.exchange_area.sum(axis=1) / device.area, atol=1e-12)
    assert device.error_estimate == pytest.approx(host.error_estimate, rel=1e-2, abs=1e-12)
    assert device.rays == pytest.approx(host.rays, rel=1e-2)
    assert device.occluded == host.occluded


def test_clear_view_is_the_hosts_to_rounding() -> None:
    mesh = icosphere(2).mesh
    device, host = compute_view_factors(*mesh, place="device"), compute_view_factors(*mesh)
    _assert_equal(device, host)
    assert device.rays == 0
    # The same kernels in float32, compiled in larger pieces.
    np.testing.assert_allclose(device.exchange_area, host.exchange_area, rtol=2e-6, atol=1e-9)
    np.testing.assert_array_equal(device.pair_first, host.pair_first)


@pytest.mark.slow
def test_satellite_is_the_hosts_and_no_program_is_compiled_again_for_another_of_its_size() -> None:
    mesh = satellite(300).mesh
    host = compute_view_factors(*mesh)
    _assert_equal(compute_view_factors(*mesh, place="device"), host)
    programs = [
        program
        for module in (device_clear, device_occlusion, device_partial, device_points)
        for program in vars(module).values()
        if hasattr(program, "_cache_size")
    ]
    before = [program._cache_size() for program in programs]
    longer = compute_view_factors(mesh[0] * np.array([1.0, 1.0, 1.1]), *mesh[1:], place="device")
    assert [program._cache_size() for program in programs] == before and sum(before) > 10
    assert np.abs(longer.exchange_area - host.exchange_area).sum() > 0.01 * host.exchange_area.sum()


@pytest.mark.slow
def test_poses_and_little_memory() -> None:
    scene = sheet_satellite(300)
    poses = np.stack([turned(scene, angle) for angle in (0.0, 0.6)])
    arguments = (poses, scene.triangles, scene.triangle_group, *scene.mesh[2:])
    # A tolerance of 4e-3 to trace fewer rays: the loop in JAX is slow.
    hosts = compute_pose_view_factors(*arguments, tolerance=4e-3)
    devices = compute_pose_view_factors(*arguments, tolerance=4e-3, place="device", memory_limit=LITTLE)
    for device, host in zip(devices, hosts, strict=True):
        _assert_equal(device, host)
        # Expected errors, with room for what does not average.
        assert 0 < device.error_estimate < 5e-3
    assert np.abs(devices[0].exchange_area - devices[1].exchange_area).max() > 1e-3


@pytest.mark.slow
def test_thin_parts_are_found_on_the_device() -> None:
    mesh = _rods().mesh
    # Few facets, whose errors do not average: a tolerance that asks for few rays.
    device = compute_view_factors(*mesh, tolerance=1e-2, place="device", memory_limit=LITTLE)
    host = compute_view_factors(*mesh, tolerance=1e-2)
    _assert_equal(device, host)
    # Howell C-11: what two unit squares exchange in clear view. Each rod is 3.0 to 4.2 cm wide as seen across it, and
    # lines between the squares crowd toward the middle: 3 % to 6 % each.
    hidden = 1 - device.exchange_area[:32, 32:64].sum() / 0.1998249
    assert 0.06 < hidden < 0.12


def test_lists_grow_and_shrink_with_the_memory_limit() -> None:
    plans = [make_plan(1 << 20, 64, limit, "pallas") for limit in (LITTLE, 1 << 28, 1 << 32)]
    for small, large in zip(plans[:-1], plans[1:], strict=True):
        assert small.blocks < large.blocks and small.pairs < large.pairs and small.rays < large.rays
    # What a chunk takes, and a slice of rays, with the bytes that `device_lists` counts for each.
    assert plans[0].blocks * PAIRS * 64 + plans[0].blocks * 64**2 * 40 <= LITTLE / 2
    assert plans[0].rays * 192 <= LITTLE / 4
    assert make_plan(5, 64, 1 << 32, "lax").blocks == 8
    assert make_plan(5, 64, 1, "lax").blocks == 1


def test_lists_of_places() -> None:
    mask = np.array([0, 1, 1, 0, 1, 0], bool)
    place, count = places(jax.numpy.asarray(mask))
    assert count == 3 and place.tolist() == [1, 2, 4, 6, 6, 6]
    lengths = [roomy(count, 4) for count in range(1, 3000)]
    assert all(count <= length <= max(4, 1.125 * count + 4) for count, length in enumerate(lengths, 1))
    assert len(set(lengths)) < 90


def test_casters_that_are_not_on_the_device() -> None:
    scene = satellite(300)
    embree = ray_caster(scene.vertices, scene.triangles, "embree")
    with pytest.raises(ValueError, match="HierarchyRayCaster"):
        compute_view_factors(*scene.mesh, caster=embree, place="device")
