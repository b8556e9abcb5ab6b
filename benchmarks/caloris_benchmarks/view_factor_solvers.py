"""View factors of one scene by Caloris and by each peer, behind one call: what a peer wants, and what it gives back.

All return rows of exchange areas A_i F_ij (m2) between the fronts of a scene's triangles, and the seconds of each call.
"""

import importlib
import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from caloris.process import prepare_process
from caloris_benchmarks.scene_files import vs3
from caloris_validation.mesh_scenes import Scene

_VIEW3D_HEADER = 32  # bytes before the areas in its binary output


class Solved(NamedTuple):
    """What a solver found."""

    exchange: np.ndarray  # [row, facet] m2
    seconds: list[float]  # of each call in the same process


Solver = Callable[[Scene, float, np.ndarray, int], Solved]


def caloris(scene: Scene, tolerance: float, rows: np.ndarray, calls: int) -> Solved:
    """This engine at a tolerance, in a process prepared as the command line prepares its own."""
    prepare_process()
    from caloris.geometry.view_factors import compute_view_factors
    from caloris_benchmarks.exchange_rows import exchange_rows

    seconds, factors = _repeat(lambda: compute_view_factors(*scene.mesh, tolerance=tolerance), calls)
    return Solved(exchange_rows(factors.tiles, len(factors.area), rows), seconds)


def view3d(scene: Scene, eps: float, rows: np.ndarray, calls: int) -> Solved:
    """View3D (adaptive integration; public domain, NISTIR 6925): eps is its convergence criterion.

    Seconds are those of the program, from reading its input to writing its (binary, float32) output.
    """
    program = find_view3d()
    if program is None:
        raise FileNotFoundError("View3D is not on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scene.vs3").write_text(vs3(scene, f"eps={eps:g}"))

        def run() -> None:
            command = [program, "scene.vs3", "factors.bin"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)

        seconds, _ = _repeat(run, calls)
        content = (Path(folder) / "factors.bin").read_bytes()
    count = len(scene.triangles)
    values = np.frombuffer(content, "<f4", count * (count + 1), _VIEW3D_HEADER).reshape(count + 1, count)
    return Solved(values[1:][rows].astype(float) * values[0][rows, None], seconds)


def pyviewfactor(scene: Scene, setting: float, rows: np.ndarray, calls: int) -> Solved:
    """pyviewfactor: contour integrals in closed form; its hiding test is one ray a pair, from centroid to centroid.

    It has no accuracy setting: `setting` is 1 where it tests for what hides, 0 where it is told that nothing does.
    """
    import pyviewfactor
    import pyvista

    faces = np.concatenate([np.full((len(scene.triangles), 1), 3), scene.triangles], axis=1).ravel()
    mesh = pyvista.PolyData(scene.vertices, faces)

    def run() -> np.ndarray:
        skip = setting == 0
        return pyviewfactor.compute_viewfactor_matrix(mesh, rounding_decimal=12, skip_obstruction=skip)

    seconds, factor = _repeat(run, calls)
    # Its matrix is [to, from].
    return Solved(np.asarray(factor).T[rows] * areas(scene)[rows, None], seconds)


def raystrack(scene: Scene, rays: float, rows: np.ndarray, calls: int) -> Solved:
    """raystrack (quasi Monte Carlo), one surface a facet, about `rays` from each in one replicate.

    One query a sender, its documented `Query.row`: in `Query.matrix` it hands out rays in parts that grow from 1,
    which at 450 facets takes several times as long. Both directions of a pair are averaged here, as its own
    reciprocity does more slowly, which takes part of the noise away for nothing.
    """
    peer = importlib.import_module("raystrack")  # not for every Python: types cannot rely on it
    face = np.array([[0, 1, 2]], np.int32)
    corners = scene.vertices[scene.triangles].astype(np.float32)
    names = [str(k) for k in range(len(corners))]
    options = peer.SolveOptions(
        # Its least grid has 16 cells a facet.
        sampling=peer.Sampling(density=1, rays_per_cell=max(int(rays) // 16, 1)),
        accuracy=peer.Accuracy(max_replicates=1, min_replicates=1),
    )

    def run() -> np.ndarray:
        surfaces = {name: peer.Mesh(corner, face) for name, corner in zip(names, corners, strict=True)}
        factor = np.zeros((len(names), len(names)))
        with peer.Solver(peer.Scene.from_meshes(surfaces), device="cpu", bvh="builtin", auto_tune=False) as solver:
            for k, name in enumerate(names):
                result = solver.solve(peer.Query.row(name, receiver_sides=("front",)), options)
                met = [result.channels[c] for c in result.data.channel_indices]
                surface = [c.kind == "surface" for c in met]
                to = [int(c.surface_id) for c in met if c.kind == "surface"]
                factor[k, to] = result.data.estimates[surface]
        return factor

    seconds, factor = _repeat(run, calls)
    exchange = factor * areas(scene)[:, None]
    return Solved((exchange + exchange.T)[rows] / 2, seconds)


SOLVERS: dict[str, Solver] = {
    "Caloris": caloris,
    "View3D": view3d,
    "pyviewfactor": pyviewfactor,
    "raystrack": raystrack,
}


def why_not(name: str) -> str | None:
    """Why a solver cannot run here; None where it can."""
    if name == "View3D":
        return None if find_view3d() else "not on the PATH"
    if name == "Caloris" or importlib.util.find_spec(name) is not None:
        return None
    return f"not installed (pip install {name})"


def find_view3d() -> str | None:
    """View3D's program, by either name that its builds have."""
    return shutil.which("view3d") or shutil.which("View3D")


def areas(scene: Scene) -> np.ndarray:
    """Areas of the triangles [triangle], m2."""
    corner = scene.vertices[scene.triangles]
    return np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2


def _repeat(function: Callable[[], Any], calls: int) -> tuple[list[float], Any]:
    """Seconds of each call and the last result."""
    seconds, result = [], None
    for _ in range(calls):
        begin = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - begin)
    return seconds, result
