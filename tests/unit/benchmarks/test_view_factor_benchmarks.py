"""The benchmarks of view factors, small enough to run here: what they compute, not how fast."""

import json
import stat
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import trimesh

from caloris.geometry.view_factors import compute_view_factors
from caloris_benchmarks import bench_view_factor_peers, bench_view_factors_large, runner
from caloris_benchmarks.exchange_rows import exchange_rows
from caloris_benchmarks.own_process import Outcome
from caloris_benchmarks.pair_reference import reference
from caloris_benchmarks.scene_files import export_satellites, vs3
from caloris_benchmarks.view_factor_solvers import view3d
from caloris_validation.mesh_scenes import satellite


def test_rows_of_tiles() -> None:
    scene = satellite(150)
    factors = compute_view_factors(*scene.mesh, tolerance=1e-2)
    rows = np.array([0, 17, len(factors.area) - 1])
    assert np.array_equal(exchange_rows(factors.tiles, len(factors.area), rows), factors.exchange_area[rows])


def test_large_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = partial(bench_view_factors_large.bench_view_factors_large, reference_rows=8, rays=1000, copied=1 << 20)
    monkeypatch.setattr(runner, "load", lambda name: small)
    runner.main(["--only", "view-factors-large", "--facets", "300", "--json", str(tmp_path / "large.json")])
    report = json.loads((tmp_path / "large.json").read_text())
    assert report["command"].startswith("caloris-bench --only view-factors-large")
    factors, product, rays = report["results"]
    # The tolerance is for all rows together; eight of them and the reference's noise may take a few times as much.
    assert factors["error"] < 4e-3 and 0 < factors["reference_noise"] < 2e-3
    # Exchange areas are float32, sums float64 on both sides.
    assert product["error"] < 1e-12 and product["read_bandwidth"] > 0 and product["copy_bandwidth"] > 0
    assert rays["name"] == "ray-casting, any hit" and rays["rays_per_second"] > 0


def test_peers_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = reference(satellite(100), 10, 64)
    monkeypatch.setattr(bench_view_factor_peers, "reference", lambda scene: truth)

    def measured(name: str, target: int, setting: float, rows: np.ndarray, **more: object) -> Outcome | None:
        assert target == 100
        if name == "View3D":
            return None  # too slow
        assert np.array_equal(rows, truth.rows)
        return Outcome(truth.exchange * (1 + setting), [2.0, 1.0][: int(str(more.get("calls", 1)))], 3.0, 1 << 20)

    monkeypatch.setattr(bench_view_factor_peers, "measure", measured)
    monkeypatch.setattr(bench_view_factor_peers, "why_not", lambda name: "absent" if name == "raystrack" else None)
    files = ["--json", str(tmp_path / "peers.json"), "--plot", str(tmp_path / "peers.png")]
    runner.main(["--only", "view-factors-peers", "--facets", "100", *files])
    rows = json.loads((tmp_path / "peers.json").read_text())["results"]
    assert {row["who"] for row in rows} == set(bench_view_factor_peers.SETTINGS)
    for row in rows:
        if row["who"] == "Caloris":
            setting = float(row["setting"].split()[1])
            assert row["error"] == pytest.approx(setting, rel=1e-6)
            assert row["clear_difference"] == pytest.approx(setting, rel=1e-6)
            assert (row["seconds"], row["cold_seconds"], row["process_seconds"]) == (1.0, 2.0, 3.0)
        elif row["who"] in ("View3D", "raystrack"):
            assert row["reason"] in ("more than 300 s", "more than 300 s with 92 facets", "absent")
            assert "seconds" not in row
    assert (tmp_path / "peers.png").stat().st_size > 10_000
    with pytest.raises(SystemExit):
        runner.main(["--only", "transient", "--plot", str(tmp_path / "none.png")])


def test_exported_scenes(tmp_path: Path) -> None:
    scene = satellite(100)
    for file in export_satellites(tmp_path, (100,)):
        if file.suffix == ".vs3":
            continue
        mesh = trimesh.load_mesh(file, process=False)
        corners = scene.vertices[scene.triangles]
        # STL is float32; orientation is kept.
        assert np.allclose(np.asarray(mesh.triangles), corners, rtol=1e-7 if file.suffix == ".stl" else 1e-15)
    lines = vs3(scene).splitlines()
    number, *corner = (line.split() for line in lines if line.startswith("V 7 "))
    assert not corner and np.array_equal(np.array(number[2:], float), scene.vertices[6])
    assert sum(line.startswith("S ") for line in lines) == len(scene.triangles)
    assert [int(x) for x in next(x for x in lines if x.startswith("S 1 ")).split()[2:6]] == [
        *(scene.triangles[0] + 1).tolist(),
        0,
    ]


def test_view3d_input_and_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in View3D's place that writes its binary format: header, areas, rows, emittances, all float32."""
    program = tmp_path / "view3d"
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import struct, sys\n"
        "lines = open(sys.argv[1]).read().splitlines()\n"
        "assert 'out=1 eps=0.0001' in lines[1]\n"
        "n = sum(line.startswith('S ') for line in lines)\n"
        "numbers = [2.0] * n + [100.0 * i + j for i in range(n) for j in range(n)] + [0.9] * n\n"
        "open(sys.argv[2], 'wb').write(b'x' * 32 + struct.pack(f'<{len(numbers)}f', *numbers))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("caloris_benchmarks.view_factor_solvers.find_view3d", lambda: str(program))
    solved = view3d(satellite(100), 1e-4, np.array([3, 5]), 2)
    assert len(solved.seconds) == 2
    assert np.array_equal(solved.exchange[:, :4], [[600, 602, 604, 606], [1000, 1002, 1004, 1006]])
