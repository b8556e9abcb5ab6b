"""Scenes as files that other programs read: STL, OBJ and the .vs3 input of View3D."""

from pathlib import Path

import numpy as np

from caloris_validation.mesh_scenes import Scene, satellite

EXPORTED = (500, 2000, 10_000, 20_000)


def export_satellites(folder: Path, targets: tuple[int, ...] = EXPORTED) -> list[Path]:
    """Write the box satellite of about so many facets as .stl, .obj and .vs3; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for target in targets:
        scene = satellite(target)
        for suffix, content in (("stl", stl(scene)), ("obj", obj(scene)), ("vs3", vs3(scene))):
            file = folder / f"satellite_{target}.{suffix}"
            if isinstance(content, bytes):
                file.write_bytes(content)
            else:
                file.write_text(content)
            files.append(file)
    return files


def stl(scene: Scene) -> bytes:
    """Binary STL: float32 corners of each triangle and its normal."""
    corners = scene.vertices[scene.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    record = np.zeros(len(corners), np.dtype([("vectors", "<f4", (4, 3)), ("attribute", "<u2")]))
    record["vectors"] = np.concatenate([normal[:, None], corners], axis=1)
    header = b"Caloris benchmark scene, m".ljust(80)
    return header + np.uint32(len(corners)).astype("<u4").tobytes() + record.tobytes()


def obj(scene: Scene) -> str:
    """Wavefront OBJ: vertices to the last digit, faces counted from 1."""
    lines = ["# Caloris benchmark scene, m"]
    lines += [f"v {x!r} {y!r} {z!r}" for x, y, z in scene.vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (scene.triangles + 1).tolist()]
    return "\n".join(lines) + "\n"


def vs3(scene: Scene, control: str = "eps=1e-4") -> str:
    """View3D's input, format F=3: fronts are facets, results in binary; control holds its parameters."""
    if np.any(scene.facet_side != 0) or len(scene.facet_triangle) != len(scene.triangles):
        raise ValueError("a .vs3 file is written for scenes whose facets are the fronts of all triangles")
    lines = ["T Caloris benchmark scene, m", f"C out=1 {control}", "F 3"]
    lines += [f"V {k} {x!r} {y!r} {z!r}" for k, (x, y, z) in enumerate(scene.vertices.tolist(), 1)]
    lines += [f"S {k} {a} {b} {c} 0 0 0 0.9 f{k}" for k, (a, b, c) in enumerate((scene.triangles + 1).tolist(), 1)]
    return "\n".join([*lines, "End of data"]) + "\n"
