"""Mirrors and transmitting sheets from the case file: exact beams, closed balances, no cost elsewhere."""

from typing import Any

import numpy as np
import pytest
from jax import tree_util

import caloris
from caloris_validation.scenes import Result, deep_space, rectangle, section, steady, sunlight, table

_LEAN = 2**-0.5


def _coating(name: str, absorptance: float, emittance: float, **keys: object) -> str:
    return table("coating", name=name, solar_absorptance=absorptance, infrared_emittance=emittance, **keys)


def _plate(name: str, corner: list[float], edge_u: list[float], edge_v: list[float], front: str, **keys) -> str:
    rest = {"back": "inactive", "heat_capacity": 2000.0} | keys
    return rectangle(name, corner, edge_u, edge_v, front=front, **rest)


@pytest.mark.slow
def test_a_mirror_throws_sunlight_on_plates_and_a_sheet_lets_it_through():
    """A mirror of rho_s = 0.9 at 45 deg under the Sun lights two black plates edge-on, half its beam each: S cos 0.45.

    A sheet of tau = 0.4 without reflectance takes 0.6 S, the black ground below it 0.4 S. Exact but for the stratified
    points near the line between the plates: 4 x 64 or more on a facet, which it crosses in a few of them (1e-3).
    """
    result = Result(
        sunlight(),
        _coating("mirror", 0.1, 0.3, solar_specularity=1.0),
        _coating("black", 1.0, 1.0),
        _coating("film", 0.6, 0.5, solar_transmittance=0.4, infrared_transmittance=0.3),
        _plate("mirror", [0, -0.5, -_LEAN / 2], [0, 1, 0], [-_LEAN, 0, _LEAN], "mirror"),
        _plate("low", [2, -1, -1], [0, 0, 1], [0, 2, 0], "black"),
        _plate("high", [2, -1, 0], [0, 0, 1], [0, 2, 0], "black"),
        _plate("film", [10, 0, 1], [1, 0, 0], [0, 1, 0], "film", back="film"),
        _plate("ground", [10, 0, 0], [1, 0, 0], [0, 1, 0], "black"),
        steady(),
    )
    found = {name: result.total("node_absorbed_solar", name) / 1361.0 for name in ("mirror", "film", "ground")}
    assert found == pytest.approx({"mirror": 0.1 * _LEAN, "film": 0.6, "ground": 0.4}, rel=1e-9)
    halves = [result.total("node_absorbed_solar", name) / 1361.0 for name in ("low", "high")]
    assert sum(halves) == pytest.approx(0.9 * _LEAN, rel=1e-6)
    np.testing.assert_allclose(halves, 0.45 * _LEAN, rtol=1e-3)
    assert abs(result.arrays["thermal/exchange_residual"]).max() < 1e-9
    assert abs(result.arrays["thermal/energy_residual"]).max() < 1e-9


_NADIR = section("attitude", point="+z", toward="nadir", align="+x", to="velocity")


@pytest.mark.slow
def test_a_sheet_that_lets_all_through_is_not_there():
    """Under it, a plate turned to the planet gets the same sunlight, albedo and infrared as one in the open.

    Bounds: 5e-3 for sunlight, whose stratified points err at the edge of the sheet's beam; 1e-2 for the planet's light,
    for the noise of the paths and the planet's limb, which the table of directions smooths over 0.2 rad.
    """
    result = Result(
        section("orbit", altitude="500 km", beta="30 deg"),
        _NADIR,
        _coating("gray", 0.7, 0.8),
        _coating("clear", 0.0, 0.0, solar_transmittance=1.0, infrared_transmittance=1.0),
        _plate("covered", [0, 0, 0], [1, 0, 0], [0, 1, 0], "gray"),
        _plate("film", [0, 0, 0.4], [1, 0, 0], [0, 1, 0], "clear", back="clear", heat_capacity=None, temperature=200.0),
        _plate("open", [10, 0, 0], [1, 0, 0], [0, 1, 0], "gray"),
        steady(),
    )
    for source, bound in (("solar", 5e-3), ("albedo", 1e-2), ("infrared", 1e-2)):
        covered, bare = (result.total(f"node_absorbed_{source}", name) for name in ("covered", "open"))
        assert covered == pytest.approx(bare, rel=bound), source
    plates = ("covered", "open")
    emitted = [result.total("node_emitted_to_space", name) / result.temperature(name) ** 4 for name in plates]
    assert emitted[0] == pytest.approx(emitted[1], rel=1e-9)
    assert abs(result.total("node_absorbed", "film")) < 1e-9


@pytest.mark.slow
def test_energy_is_conserved_while_a_mirror_turns():
    """A wing with a mirror that follows the Sun beside a box with a sheet: the audit of a transient run closes.

    The audit's bound of every run is 1e-4 of the largest total; exchange is symmetric to rounding in every pose.
    """
    result = Result(
        section("orbit", altitude="500 km", beta="10 deg"),
        _NADIR,
        table("body", name="wing", origin=[0, 0.6, 0], joint={"axis": "+y", "point": "+z", "toward": "sun"}),
        _coating("mirror", 0.2, 0.4, solar_specularity=0.8, infrared_specularity=0.5),
        _coating("film", 0.3, 0.4, solar_transmittance=0.4, infrared_transmittance=0.1, solar_specularity=0.5),
        _plate("wing", [-0.5, 0, 0], [1, 0, 0], [0, 1, 0], "mirror", back="mirror", body="wing"),
        _plate("deck", [-0.5, -0.5, 0], [1, 0, 0], [0, 1, 0], "mirror", back="mirror"),
        _plate("film", [-0.5, -0.5, 0.4], [1, 0, 0], [0, 1, 0], "film", back="film"),
        section("run", mode="transient", duration="0.3 orbit", output_every="0.1 orbit", joint_states=3),
    )
    largest = float(np.abs(result.arrays["thermal/node_emitted_to_space"]).sum(axis=1).max())
    assert abs(result.arrays["thermal/exchange_residual"]).max() < 1e-9 * largest
    assert abs(result.arrays["thermal/energy_residual"]).max() < 1e-4 * largest
    assert np.all(result.arrays["thermal/node_absorbed_solar"] > 0)


def test_zeros_change_nothing():
    """Keys that are zero make the same model, number by number, as no keys: no path is traced, no leaf is added."""

    def thermal(**keys: object) -> Any:
        plates = (
            _plate("a", [0, 0, 0], [1, 0, 0], [0, 1, 0], "gray"),
            _plate("b", [0, 0, 1], [0, 1, 0], [1, 0, 0], "gray"),
        )
        text = "\n".join([deep_space(), _coating("gray", 0.4, 0.6, **keys), *plates, steady()])
        return caloris.build(caloris.parse_case(text)).thermal

    zero = {f"{kind}_{what}": 0.0 for kind in ("solar", "infrared") for what in ("specularity", "transmittance")}
    plain, zeros = thermal(), thermal(**zero)
    assert zeros.coatings.specular is None and zeros.mirrors is None
    assert tree_util.tree_structure(plain) == tree_util.tree_structure(zeros)
    same = [np.array_equal(a, b) for a, b in zip(*map(tree_util.tree_leaves, (plain, zeros)), strict=True)]
    assert all(same) and same
