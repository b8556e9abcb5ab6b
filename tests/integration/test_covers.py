"""Coatings under a transparent cover from the case file: closed forms, closed balances, nothing elsewhere."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import tree_util

import caloris
from caloris.solve import covered_sunlight
from caloris.solve.pose_radiosity import PoseResults, solve_poses
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_validation.cases_covers import absorbed_by_passes, roof
from caloris_validation.scenes import Result, Vector, rectangle, section, steady, sunlight, table

_SUN = 1361.0


def _coating(name: str, absorptance: Any, emittance: Any = 0.8, **keys: object) -> str:
    return table("coating", name=name, solar_absorptance=absorptance, infrared_emittance=emittance, **keys)


def _plate(name: str, corner: Vector, edge_u: Vector, edge_v: Vector, front: str, **keys) -> str:
    return rectangle(
        name, corner, edge_u, edge_v, front=front, **({"back": "inactive", "heat_capacity": 2000.0} | keys)
    )


def _thermal(*parts: str) -> Any:
    return caloris.build(caloris.parse_case("\n".join(parts))).thermal


def _radiosity(thermal) -> PoseResults:
    """Traced anew at every call: tests plant defects."""
    nodes = len(thermal.nodes.name)
    return jax.jit(lambda t: solve_poses(t, nodes))(thermal)


def test_tilted_plates_by_band_and_age():
    """Two solar bands, aged by time and fluence: absorbed power, temperature and cells against closed forms.

    alpha_b = beginning + (1 - e^-2.5) (end - beginning) at normal incidence, the emittance likewise; at 60 deg by
    adding passes one by one. The reference and the engine are exact; temperatures are solved to 1e-9 K, and
    T = (q/(eps sigma))^(1/4).
    """
    law = {"time_constant": "1 year", "fluence_constant": "1e15 1/cm^2", "exponent": 1.0}
    ageing = {"beginning": [0.10, 0.05], "end": [0.30, 0.08]} | law
    cover = {"refractive_index": [1.47, 1.45], "optical_depth": [0.05, 0.0]}
    cells = {"efficiency": 0.3, "temperature_coefficient": 0.0}
    result = Result(
        sunlight(),
        section("bands", solar=["0.7 um"], solar_fraction=[0.4, 0.6]),
        _coating("mirror", ageing, {"beginning": 0.8, "end": 0.6} | law, cover=cover),
        _coating("plain", ageing),
        _coating("cell", [0.95, 0.80], cover={"refractive_index": 1.5}),
        *roof(mirror=(60.0, "mirror"), plain=(-60.0, "plain"), cell=(75.0, "cell"), flat=(0.0, "cell")),
        *(
            table("solar_array", on=[f"{name}/front"], packing=0.5, degradation=1.0, **cells)
            for name in ("cell", "flat")
        ),
        steady(life={"time": "2 year", "fluence": "5e14 1/cm^2"}),
    )
    done = 1.0 - math.exp(-2.0 - 0.5)
    aged = [0.10 + done * 0.20, 0.05 + done * 0.03]
    covers = ((1.47, 0.05), (1.45, 0.0))
    slanted = [absorbed_by_passes(math.radians(60), a, *c) for a, c in zip(aged, covers, strict=True)]
    for name, bands, emittance in (("mirror", slanted, 0.8 - 0.2 * done), ("plain", aged, 0.8)):
        flux = _SUN * 0.5 * (0.4 * bands[0] + 0.6 * bands[1])
        assert result.total("node_absorbed_solar", name) == pytest.approx(0.2 * flux, rel=1e-9), name
        assert result.temperature(name) == pytest.approx((flux / (emittance * STEFAN_BOLTZMANN)) ** 0.25, rel=1e-8)
    assert slanted[0] > 1.02 * aged[0]  # the longer way through a lossy cover
    # Cells take power as if the light, less what the angle costs them, met them at normal incidence.
    ratio = sum(f * absorbed_by_passes(math.radians(75), a, 1.5) / a for f, a in ((0.4, 0.95), (0.6, 0.80)))
    power = 0.3 * 0.5 * 0.2 * _SUN * np.array([math.cos(math.radians(75)) * ratio, 1.0])
    np.testing.assert_allclose(result.arrays["power/array_power"][-1], power, rtol=1e-9)
    assert 0.6 < ratio < 0.9


@pytest.mark.slow
def test_a_beam_from_mirror_to_mirror():
    """A mirror at 60 deg throws its beam on one at 30 deg, and that on a black wall: three closed products.

    Every path takes the same facets: nothing but float32 directions is between the result and the closed form, and what
    the three absorb is the beam's whole power. Cells see light that would do as much at normal incidence.
    """
    sine, cosine = math.sqrt(0.75), 0.5
    cover = {"refractive_index": 1.46, "optical_depth": 0.03}
    result = Result(
        sunlight(),
        _coating("mirror", 0.1, cover=cover, solar_specularity=1.0),
        _coating("cell", 0.7, cover={"refractive_index": 1.5}, solar_specularity=1.0),
        _coating("black", 1.0, 1.0),
        _plate("mirror", [-0.5 * cosine, -0.5, 0.5 * sine], [cosine, 0, -sine], [0, 1, 0], "mirror"),
        _plate("cell", [2, -1, -2.2], [0, 0, 2], [0, 2, 0], "cell"),
        _plate("wall", [-2, -2, -6], [0, 4, 0], [0, 0, 5], "black"),
        table("solar_array", on=["cell/front"], efficiency=0.3, packing=0.5, temperature_coefficient=0.0),
        steady(),
    )
    first = absorbed_by_passes(math.radians(60), 0.1, 1.46, 0.03)
    second = absorbed_by_passes(math.radians(30), 0.7, 1.5)
    expected = [first, (1 - first) * second, (1 - first) * (1 - second)]
    found = [result.total("node_absorbed_solar", name) for name in ("mirror", "cell", "wall")]
    np.testing.assert_allclose(np.array(found) / (_SUN * cosine), expected, rtol=1e-6)
    light = _SUN * cosine * (1 - first) * second / 0.7
    assert result.arrays["power/array_power"][-1, 0] == pytest.approx(0.3 * 0.5 * light, rel=1e-6)
    assert abs(result.arrays["thermal/energy_residual"]).max() < 1e-9


def _pit() -> Any:
    """A plate of cells under glass, tilted by 60 deg, between black walls that are open above."""
    tilt = [0.5, 0, -math.sqrt(0.75)]
    walls = {
        "floor": ([-1, -1, -1], [2, 0, 0], [0, 2, 0]),
        "left": ([-1, -1, -1], [0, 2, 0], [0, 0, 2]),
        "right": ([1, -1, -1], [0, 0, 2], [0, 2, 0]),
        "near": ([-1, -1, -1], [0, 0, 2], [2, 0, 0]),
        "far": ([-1, 1, -1], [2, 0, 0], [0, 0, 2]),
    }
    return _thermal(
        sunlight(),
        _coating("cell", 0.9, cover={"refractive_index": 1.5}),
        _coating("black", 1.0, 1.0),
        *(_plate(name, *edges, "black") for name, edges in walls.items()),
        _plate("cell", [-0.25, -0.5, 0.4], tilt, [0, 1, 0], "cell"),
        steady(),
    )


def _unaccounted(thermal) -> float:
    """Part of the sunlight that is neither absorbed nor leaves: scattered light sees its view of space go, once.

    Only the tilted plate scatters, (1 - alpha(60 deg)) of what meets it, and only black walls get it.
    """
    exchange, sun = thermal.exchange, np.asarray(thermal.incident.solar)[0]
    area, view = np.asarray(exchange.area), np.asarray(exchange.space_view)[0]
    tilted = np.asarray(exchange.facet_coating) == thermal.coatings.name.index("cell")
    scattered = 1.0 - absorbed_by_passes(math.radians(60), 0.9, 1.5)
    escaping = np.sum((area * sun * view)[tilted]) * scattered
    absorbed = np.sum(np.asarray(_radiosity(thermal).absorbed)[0, 0] * area)
    assert np.all(sun[tilted] > 0) and 0.2 < view[tilted].mean() < 0.8
    return float(1.0 - (absorbed + escaping) / np.sum(area * sun))


@pytest.mark.slow
def test_sunlight_is_all_accounted_for(monkeypatch):
    """What comes is absorbed or leaves, to the rounding of the view factors (float32); a planted defect shows.

    The defect scatters with the absorptance at normal incidence, 3 % of what the plate takes, 0.3 % of the pit's light.
    """
    thermal = _pit()
    assert abs(_unaccounted(thermal)) < 1e-6
    steep = eqx.tree_at(lambda t: t.incident.sun_angle.cosine, thermal, replace_fn=lambda c: 0.0 * c + 0.1)
    assert abs(_unaccounted(steep)) > 1e-3  # an angle that is not the Sun's
    monkeypatch.setattr(
        covered_sunlight.CoverBand, "absorptance", lambda band, cosine, coating: band.normal[coating] + 0.0 * cosine
    )
    assert abs(_unaccounted(thermal)) > 1e-3


@pytest.mark.slow
def test_a_turning_wing_in_orbit():
    """A mirror on a wing that turns on a bus that points at the planet: alpha(theta) S cos(theta) at every output.

    Outputs fall on moments of the traced grid, between which the flux is interpolated; the angle comes from the run
    file's own position, velocity and pose. The audit's bound of every run is 1e-4 of the largest total.
    """
    planet = section("planet", albedo=0.0, infrared_flux=0.0)
    turns = {"phase": [0.0, 0.5], "value": ["-60 deg", "90 deg"], "between": "linear"}
    result = Result(
        planet,
        section("orbit", altitude="500 km", beta="40 deg"),
        section("attitude", point="+z", toward="nadir", align="+x", to="velocity"),
        table("body", name="wing", origin=[0, 5, 0], joint={"axis": "+x", "angle": turns}),
        _coating("mirror", 0.08, cover={"refractive_index": 1.46, "optical_depth": 0.03}),
        _coating("plain", 0.08),
        _plate("wing", [0, 0, 0], [0, 1, 0], [1, 0, 0], "mirror", body="wing"),
        _plate("bare", [2, 0, 0], [0, 1, 0], [1, 0, 0], "plain", body="wing"),
        section("run", mode="transient", duration="1 orbit", output_every="0.05 orbit", joint_states=3),
    )
    orbit = {name: np.asarray(result.arrays[f"orbit/{name}"]) for name in ("position", "velocity", "sun_direction")}
    down = -orbit["position"] / np.linalg.norm(orbit["position"], axis=1, keepdims=True)
    ahead = orbit["velocity"] / np.linalg.norm(orbit["velocity"], axis=1, keepdims=True)
    bus = np.stack([ahead, np.cross(down, ahead), down], axis=1)
    sun = np.einsum("tij,tj->ti", bus, orbit["sun_direction"])
    pose = np.asarray(result.arrays["orbit/body_pose"])[:, :, :3, :3]
    bodies = [str(name) for name in result.arrays["mesh/body"]]
    lit = np.asarray(result.arrays["orbit/lit_fraction"])
    cosine = np.maximum(np.sum(-pose[:, bodies.index("wing"), :, 2] * sun, axis=1), 0.0)
    share = np.array([absorbed_by_passes(math.acos(min(c, 1.0)), 0.08, 1.46, 0.03) for c in cosine])
    seen = lit * cosine > 0
    assert share[seen].max() / share[seen].min() > 1.1 and seen.sum() > 8  # the angle counts
    for name, fraction in (("wing", share), ("bare", 0.08)):
        absorbed = np.asarray(result.arrays["thermal/node_absorbed_solar"])[:, result.nodes(name)[0]]
        np.testing.assert_allclose(absorbed, lit * _SUN * cosine * fraction, atol=1e-6)
    total = float(np.abs(result.arrays["thermal/node_emitted_to_space"]).sum(axis=1).max())
    assert abs(result.arrays["thermal/energy_residual"]).max() < 1e-4 * total


@pytest.mark.slow
def test_what_has_no_cover_stays_as_it_was():
    """No leaf and no angle without a cover; and bit by bit the same light where another coating has one."""
    plates = roof(a=(30.0, "gray"), b=(0.0, "gray"), c=(-40.0, "gray"))
    other = _coating("other", 0.5, cover={"refractive_index": 1.5})
    gray = _coating("gray", 0.4)
    plain = _thermal(sunlight(), gray, *plates, steady())
    assert plain.coatings.covered is None and plain.incident.sun_angle is None
    unused = _thermal(sunlight(), gray, other, *plates, steady())
    assert unused.coatings.covered is not None and unused.incident.sun_angle is None
    beside = _thermal(sunlight(), gray, other, *plates[:2], plates[2].replace('"gray"', '"other"'), steady())
    results = [_radiosity(thermal) for thermal in (plain, unused, beside)]
    same = [np.array_equal(a, b) for a, b in zip(*map(tree_util.tree_leaves, results[:2]), strict=True)]
    assert all(same) and same
    mine = np.asarray(plain.exchange.facet_node) < 2
    for name in ("absorbed", "light"):
        first, last = (np.asarray(getattr(found, name))[:, :, mine] for found in (results[0], results[2]))
        assert np.array_equal(first, last)
    third = [np.asarray(found.absorbed)[0, 0, ~mine].max() for found in (results[0], results[2])]
    assert third[0] != third[1] and jnp.isfinite(third[1])
