"""The benchmark of ray casters, small enough to run here."""

import json
from functools import partial
from pathlib import Path

import pytest

from caloris_benchmarks import bench_ray_casting, runner


@pytest.mark.parametrize("backend", ["embree", "lax"])
def test_dry_run(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if backend == "embree":
        pytest.importorskip("embreex")
    monkeypatch.setattr(bench_ray_casting, "ray_backend", lambda: backend)
    small = partial(bench_ray_casting.bench_ray_casting, triangles=(200,), rays=1000, copied=1 << 20)
    monkeypatch.setattr(runner, "load", lambda name: small)
    runner.main(["--only", "ray-casting", "--json", str(tmp_path / "results" / "some.json")])
    report = json.loads((tmp_path / "results" / "some.json").read_text())
    assert [row["name"] for row in report["results"]] == ["ray-casting, any hit", "ray-casting, closest hit"]
    for row in report["results"]:
        assert row["rays"] == 1000 and row["size"].endswith(f"triangles, 1e6 rays, {backend}")
        assert row["rays_per_second"] == pytest.approx(1e6 / row["seconds"])
        assert row["copy_bandwidth"] > 0 and row["build_seconds"] > 0 and row["compile_seconds"] >= 0
        for peer in row["peers"].values():
            # Rays that pass an edge within rounding, 1e-6 of a facet's size, are a few in a million.
            assert peer["rays_per_second"] > 0 and peer["error"] < 1e-3


def test_one_ray_in_ten_meets_the_satellite() -> None:
    scene = bench_ray_casting.satellite(500)
    caster = bench_ray_casting._caster(scene.vertices[scene.triangles], "lax")
    met = bench_ray_casting._answers(caster, "any hit").mean()
    # 16384 rays: 0.0025 of noise.
    assert 0.09 < met < 0.12
