"""The benchmarks of the solvers, small enough to run here: what they compute, not how fast."""

import json
from functools import partial
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks import (
    bench_gradient,
    bench_main_case,
    bench_network_size,
    bench_periodic,
    bench_transient,
    runner,
)
from caloris_benchmarks.error_time import all_reach, front, ratios, time_at
from caloris_benchmarks.network_scene import NETWORK, SPACE_TEMPERATURE, assemble, load, plate
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.system import linearization_mismatch


def test_time_at_equal_error() -> None:
    runs = [{"seconds": s, "error": e} for s, e in ((1.0, 1e-2), (4.0, 1e-4), (3.0, 5e-2), (8.0, 1e-4), (9.0, 1e-6))]
    assert [run["seconds"] for run in front(runs)] == [1.0, 4.0, 9.0]
    assert time_at(runs, 1e-3) == pytest.approx(2.0)  # halfway in both logarithms
    assert time_at(runs, 1.0) == 1.0  # no faster run was made
    assert np.isnan(time_at(runs, 1e-7))
    slower = [{"seconds": 10.0 * run["seconds"], "error": run["error"]} for run in runs]
    found = ratios(runs, slower, (1e-3, 1e-7))
    assert found == {"1e-03": pytest.approx(10.0), "1e-07": None}
    assert all_reach({"1e-03": 10.0}, 10.0) and not all_reach({"1e-03": 10.0}, 11.0) and not all_reach(found, 1.0)


def test_the_network_is_what_it_says() -> None:
    """Rates against dense matrices of the same links; hubs; the Jacobian's two products."""
    nodes = 1200
    links, numbers = plate(nodes, tries=10, hubs=1, algebraic=2)
    p, y = assemble(links, numbers), jnp.asarray(np.random.default_rng(1).uniform(200.0, 350.0, nodes))
    heat = np.zeros(nodes)
    exchange = STEFAN_BOLTZMANN * numbers.area
    for pair, value, x in ((links.conducting, numbers.conductance, y), (links.radiating, exchange, y**4)):
        first, second = np.asarray(pair).T
        flow = np.asarray(value) * (np.asarray(x)[second] - np.asarray(x)[first])
        np.add.at(heat, first, flow)
        np.add.at(heat, second, -flow)
    space = np.asarray(numbers.to_space) * (np.asarray(y) ** 4 - SPACE_TEMPERATURE**4)
    exact = heat + np.asarray(load(jnp.asarray(7.0), numbers, jnp.asarray(0))) - space
    np.testing.assert_allclose(NETWORK.rate(jnp.asarray(7.0), y, p, jnp.asarray(0)), exact, rtol=1e-11, atol=1e-11)
    assert np.bincount(np.asarray(links.radiating).ravel()).max() > 400  # the hub, whose links are in the tail
    assert int(np.sum(np.asarray(numbers.heat_capacity) == 0.0)) == 2
    direction = jnp.asarray(np.random.default_rng(2).normal(size=nodes))
    assert max(linearization_mismatch(NETWORK, p, jnp.asarray(7.0), y, jnp.asarray(0), direction)) < 1e-13
    foils = plate(400, foils=0.8)[1]
    assert 0.7 < float(jnp.mean(foils.heat_capacity == 1.0)) < 0.9
    assert float(jnp.min(foils.conductance)) >= 20.0 * 0.05


@pytest.mark.slow
def test_transient_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = (bench_transient.Scene("36 nodes", 36, 0.0, 1e-3), bench_transient.Scene("36 foils", 36, 0.8, 1e9))
    small = partial(bench_transient.bench_transient_peers, scenes, (1.0, 1e-2, 1e-4), (1.0, 1e-3, 1e-6), (1e-2, 1e-4))
    monkeypatch.setattr(runner, "load", lambda name: small)
    files = ["--json", str(tmp_path / "transient.json"), "--plot", str(tmp_path / "transient.png")]
    runner.main(["--only", "transient-peers", *files])
    rows = json.loads((tmp_path / "transient.json").read_text())["results"]
    assert [row["size"] for row in rows] == ["36 nodes", "36 foils"]
    assert [row["within"] for row in rows] == [True, False]
    for row in rows:
        for runs in row["runs"].values():
            assert all(run["seconds"] > 0 for run in runs)
            errors = [run["error"] for run in runs]
            # The tolerance is per step; some tens of steps add up. Two solvers of different kind agree to 1e-4 K.
            assert errors[-1] < 1e-4 < errors[0]
        assert set(row["ratio"]) == {"1e-02", "1e-04"} and all(ratio > 0 for ratio in row["ratio"].values())
        assert row["peers"]["scipy BDF"]["seconds"] > 0 and row["error"] == 1e-4
    assert (tmp_path / "transient.png").stat().st_size > 10_000


def test_network_size_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "load", lambda name: partial(bench_network_size.bench_network_size, (64,)))
    runner.main(["--only", "network-size", "--json", str(tmp_path / "size.json")])
    (row,) = json.loads((tmp_path / "size.json").read_text())["results"]
    assert row["nodes"] == 64 and row["conductive_links"] == 2 * 8 * 7 and row["radiative_links"] > 300
    assert 0 < row["error"] < 1e-2 and row["peak_memory"] > 2**26 and row["seconds_per_entry"] > 0


def test_mean_loads_are_the_integral() -> None:
    numbers = plate(36)[1]
    mean = bench_periodic.mean_loads(numbers)
    edges = np.array([0.0, 1800.0, 3900.0, 5700.0])
    total = np.zeros(36)
    for segment in range(3):
        times = np.linspace(edges[segment], edges[segment + 1], 2001)
        heat = np.array([load(jnp.asarray(t), numbers, jnp.asarray(segment)) for t in times[::20]])
        total += np.trapezoid(heat, times[::20], axis=0)
    # The trapezoidal rule on 100 intervals of at most a third of a wave: (2 pi / 300)^2 / 12 of the amplitude of 8 W.
    np.testing.assert_allclose(mean.heat_load, total / edges[-1], atol=4e-4)
    assert float(jnp.max(jnp.abs(mean.solar_load))) == 0.0


@pytest.mark.slow
def test_inertia_and_periodic_dry_run() -> None:
    row = bench_periodic.bench_inertia(36, (1e-2, 1e2))
    assert row["within"] and row["orbits"] <= bench_periodic.ORBITS and row["error"] < 1e-4
    assert {(run["inertia"], run["start"]) for run in row["runs"]} == {
        (inertia, start) for inertia in (1e-2, 1e2) for start in ("steady state", "290 K")
    }


@pytest.mark.slow
def test_gradient_dry_run() -> None:
    rows = bench_gradient.bench_gradient(36, 1)
    assert [row["name"] for row in rows] == ["gradient, transient", "gradient, cyclic"]
    assert all(row["error"] < bench_gradient.AGREEMENT for row in rows)
    assert set(rows[1]["ratio"]) == {"runs", "replays"}


@pytest.mark.slow
def test_main_cycle_dry_run() -> None:
    coarse = ("surface/array+x/divide=[2, 1]", "surface/array-x/divide=[2, 1]", "surface/radiator/divide=[2, 1]")
    coarse += ("surface/bus wall/divide=[1, 1, 1]", "run/joint_states=2", "run/view_factor_tolerance=5e-3")
    rows = bench_main_case.bench_main_cycle(coarse)
    assert len(rows) == 2
    for row in rows:
        (spun,) = row["peers"].values()
        assert row["error"] <= 1e-3 and spun["error"] <= 1e-3 and spun["orbits"] > row["orbits"] > 1
