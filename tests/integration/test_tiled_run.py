"""A run whose exchange areas stay in tiles gives what the dense one gives."""

import jax
import numpy as np
import pytest

import caloris
from caloris.case.build import build_visibility
from caloris.case.load import load_case
from caloris.solve import pose_tiles
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles, tiles_to_dense

# A box beside a panel that turns: two poses, facets that see others and facets that see space alone.
CASE = """
title = "Box and panel"
[orbit]
altitude = "500 km"
beta = "30 deg"
[[body]]
name = "wing"
origin = ["0 m", "1.2 m", "0 m"]
joint = { axis = "+x", angle = { phase = [0, 0.5], value = ["0 deg", "40 deg"], between = "linear" } }
[[coating]]
name = "white"
solar_absorptance = 0.3
infrared_emittance = 0.4
[[surface]]
name = "bus"
shape = "box"
corner = [-0.5, -0.5, -0.5]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
edge_w = [0, 0, 1]
divide = [3, 3, 3]
front = "white"
heat_capacity = "20 kJ/K"
[[surface]]
name = "panel"
shape = "rectangle"
body = "wing"
corner = [-0.5, -0.5, 0.2]
edge_u = [1, 0, 0]
edge_v = [0, 2, 0]
divide = [4, 6]
front = "white"
back = "white"
heat_capacity = "5 kJ/K"
[run]
mode = "steady"
joint_states = 2
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory):
    file = tmp_path_factory.mktemp("tiles") / "case.toml"
    file.write_text(CASE)
    return load_case(file)


@pytest.mark.slow
def test_tiles_and_dense_arrays_give_the_same_run(case, monkeypatch: pytest.MonkeyPatch) -> None:
    dense, found = caloris.run(case), build_visibility(case)[1]
    monkeypatch.setattr(pose_tiles, "_DENSE_BYTES", 0)
    tiled, tiles = caloris.run(case), build_visibility(case)[1]

    assert isinstance(tiles.exchange_area, ExchangeTiles) and not isinstance(found.exchange_area, ExchangeTiles)
    for pose in range(2):
        one = jax.tree.map(lambda part, pose=pose: part[pose], tiles.exchange_area)
        np.testing.assert_array_equal(tiles_to_dense(one, len(found.seeing)), found.exchange_area[pose])
    for ours, theirs in zip(tiles.pairs(), found.pairs(), strict=True):
        assert len(ours) == len(theirs)
    # The same numbers by another solver, converged to 1e-13 of the largest flux.
    np.testing.assert_allclose(
        tiled.data.arrays["thermal/temperature"], dense.data.arrays["thermal/temperature"], atol=1e-6
    )
    assert np.abs(np.asarray(tiled.data.arrays["thermal/exchange_residual"])).max() < 1e-9
