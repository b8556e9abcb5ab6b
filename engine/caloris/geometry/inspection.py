"""What `caloris check` tells about a geometry: data only, nothing is printed here."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.body_findings import closed_body_findings
from caloris.geometry.caps import WALLS
from caloris.geometry.connected import close_pairs, connected_parts
from caloris.geometry.edge_joint import SAME_PLACE, coincident_segments, outline, scene_diagonal
from caloris.geometry.finding import Finding
from caloris.geometry.interpenetration import interpenetrating_surfaces
from caloris.geometry.mesh_file import Mesh
from caloris.geometry.solid_patches import SolidFace
from caloris_kernels.conduction.overlap import overlap_area
from caloris_kernels.conduction.shell import overlap_length

# Planes count as one when their unit normals differ by less than this (0.06 mrad would lift a 20 m panel's
# end by 1 mm).
_SAME_DIRECTION = 6e-5


@dataclass(frozen=True)
class SceneSize:
    """Extent of the spacecraft at zero joint angles, in the bus frame (m)."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    diagonal: float


def inspect_geometry(geometry: Geometry) -> list[Finding]:
    """All findings at zero joint angles, the gravest kinds first: shared edges and short caps may be meant."""
    return [
        *overlapping_surfaces(geometry),
        *interpenetrating_surfaces(geometry),
        *closed_body_findings(geometry),
        *shared_edges(geometry),
        *short_caps(geometry),
        *mesh_winding(geometry),
    ]


def scene_size(geometry: Geometry) -> SceneSize:
    """Box around all vertices at zero joint angles."""
    vertices = np.asarray(geometry.vertices())
    if not len(vertices):
        return SceneSize((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)
    low, high = (tuple(float(x) for x in edge) for edge in (vertices.min(0), vertices.max(0)))
    return SceneSize(low, high, scene_diagonal(vertices))  # pyright: ignore[reportArgumentType]


def overlapping_surfaces(geometry: Geometry, joint_angle: Float[Array, " joint"] | None = None) -> list[Finding]:
    """Pairs of surfaces that lie in one plane and cover each other, with the area they share (m2).

    Rays cannot tell which of the two comes first. Planes agree within 6e-5 in direction and a millionth of
    the scene in place; a common area of less than a millionth of the smaller triangle's is touching.
    """
    topology = geometry.topology()
    vertices = np.asarray(geometry.vertices(joint_angle))
    corners = vertices[topology.triangles]
    planes, plane_of = _planes(corners, scene_diagonal(vertices))
    shared: dict[tuple[int, int], float] = {}
    for plane in range(len(planes)):
        members = np.flatnonzero(plane_of == plane)
        if len(np.unique(topology.triangle_surface[members])) > 1:
            flat = _in_plane(corners[members], planes[plane])
            first, second = _boxes_overlap(flat, topology.triangle_surface[members]).T
            common = overlap_area(corners[members[first]], corners[members[second]], np)
            covered = common > SAME_PLACE * np.minimum(_flat_area(flat[first]), _flat_area(flat[second]))
            for a, b, area in zip(first[covered], second[covered], common[covered], strict=True):
                low, high = sorted(int(topology.triangle_surface[members[k]]) for k in (a, b))
                shared[low, high] = shared.get((low, high), 0.0) + float(area)
    findings = []
    for (a, b), area in sorted(shared.items()):
        names = geometry.surfaces[a].name, geometry.surfaces[b].name
        text = f"{names[0]!r} and {names[1]!r} lie in one plane and cover each other over {area:.4g} m^2"
        findings.append(Finding("overlap", names, area, text + ": move one of them out of the plane"))
    return findings


def shared_edges(geometry: Geometry) -> list[Finding]:
    """Pairs of surfaces (a box by its faces) that touch along open edges, with the common length (m)."""
    topology = geometry.topology()
    vertices = np.asarray(geometry.vertices(nominal=True))
    tolerance = SAME_PLACE * scene_diagonal(vertices)
    sheets = [(name, index, *outline(topology, topology.cells(name))) for index, name in _sheets(geometry, topology)]
    sheets = [sheet for sheet in sheets if len(sheet[2])]
    boxes = [(vertices[s[2]].min((0, 1)) - tolerance, vertices[s[2]].max((0, 1)) + tolerance) for s in sheets]
    # Faces of one box or one solid conduct to each other without an [[edge]].
    owner = [
        ("solid", surface.shape.solid) if isinstance(surface.shape, SolidFace) else index
        for index, surface in enumerate(geometry.surfaces)
    ]
    findings = []
    for a, first in enumerate(sheets):
        for b in range(a + 1, len(sheets)):
            second = sheets[b]
            apart = np.any(boxes[a][0] > boxes[b][1]) or np.any(boxes[b][0] > boxes[a][1])
            if owner[first[1]] == owner[second[1]] or apart:
                continue
            i, j = coincident_segments(vertices, first[2], second[2], tolerance)
            if i.size:
                length = float(overlap_length(vertices, first[2][i], second[2][j], np).sum())
                text = f"{first[0]!r} and {second[0]!r} touch along {length:.4g} m; they conduct only with an [[edge]]"
                findings.append(Finding("shared edge", (first[0], second[0]), length, text))
    return findings


def short_caps(geometry: Geometry) -> list[Finding]:
    """Discs and annuli that take a wall's polygon, with the share of their area that this costs."""
    findings = []
    for surface in geometry.surfaces:
        if surface.cap_of is None:
            continue
        wall = geometry.surfaces[surface.cap_of]
        assert isinstance(wall.shape, WALLS)
        angle = np.pi / wall.shape.divide[0]
        missing = float(1.0 - np.asarray(wall.shape.wall_factor()) ** 2 * np.sin(2 * angle) / (2 * angle))
        text = (
            f"{surface.name!r} closes {wall.name!r} and shares its polygon of {wall.shape.divide[0]} sides: its area "
            f"is {100 * missing:.2g} % short (more divisions around make it smaller)"
        )
        findings.append(Finding("short cap", (surface.name, wall.name), missing, text))
    return findings


def mesh_winding(geometry: Geometry) -> list[Finding]:
    """Meshes in which neighboring triangles face opposite ways, with the number of such edges."""
    findings = []
    for surface in geometry.surfaces:
        if isinstance(surface.shape, Mesh):
            corners = surface.shape.topology().triangles
            directed = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
            twice = int(np.sum(np.unique(directed, axis=0, return_counts=True)[1] > 1))
            if twice:
                text = (
                    f"{surface.name!r}: {twice} edges join triangles that face opposite ways; front and back are mixed"
                )
                findings.append(Finding("winding", (surface.name,), float(twice), text))
    return findings


def _sheets(geometry: Geometry, topology: Topology) -> list[tuple[int, str]]:
    """Surfaces by index and name; a box as its six faces."""
    sheets: dict[str, int] = {}
    for name, index in zip(topology.cell_name, topology.cell_surface, strict=True):
        surface = geometry.surfaces[index].name
        face = name[len(surface) :].split("[")[0]
        sheets[surface + face] = int(index)
    return [(index, name) for name, index in sheets.items()]


def _planes(corners: np.ndarray, diagonal: float) -> tuple[np.ndarray, np.ndarray]:
    """Planes (unit normal, distance) and the plane of each triangle, opposite normals made one."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    # One sign for both sides: against a direction that no drawing's plane contains.
    normal *= np.where(normal @ np.array([0.5377, 0.6181, 0.5735]) < 0, -1.0, 1.0)[:, None]
    # Measured from the middle of the scene, so that a normal's rounding does not move the plane.
    middle = corners.reshape(-1, 3).mean(axis=0) if len(corners) else np.zeros(3)
    distance = np.einsum("tx,tx->t", corners.mean(axis=1) - middle, normal)
    scale = np.array([1.0 / _SAME_DIRECTION] * 3 + [1.0 / max(SAME_PLACE * diagonal, 1e-300)])
    key = np.column_stack([normal, distance]) * scale
    plane_of = _clusters(key)
    first = np.unique(plane_of, return_index=True)[1]
    return np.column_stack([normal, distance])[first], plane_of


def _clusters(points: np.ndarray) -> np.ndarray:
    """Number of the cluster of each point; points within distance 1 of each other share a cluster."""
    # Exactly equal planes first: a panel's thousand triangles would otherwise make a million pairs.
    unique, number = np.unique(np.round(points, 3), axis=0, return_inverse=True)
    return connected_parts(len(unique), close_pairs(unique, 1.0))[number.ravel()]


def _in_plane(corners: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """Corners in the plane's own two coordinates [triangle, 3, 2], all wound counterclockwise."""
    normal = plane[:3]
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    flat = corners @ np.stack([first, np.cross(normal, first)], axis=1)
    return np.where((_flat_area(flat, signed=True) < 0)[:, None, None], flat[:, ::-1], flat)


def _flat_area(triangle: np.ndarray, signed: bool = False) -> np.ndarray:
    u, v = triangle[..., 1, :] - triangle[..., 0, :], triangle[..., 2, :] - triangle[..., 0, :]
    area = 0.5 * (u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
    return area if signed else np.abs(area)


def _boxes_overlap(flat: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Pairs of triangles of different surfaces whose bounding boxes overlap."""
    low, high = flat.min(axis=1), flat.max(axis=1)
    pairs = []
    for a in range(len(flat)):
        later = slice(a + 1, None)
        near = np.all((low[later] < high[a]) & (high[later] > low[a]), axis=1) & (surface[later] != surface[a])
        b = np.flatnonzero(near) + a + 1
        pairs.append(np.column_stack([np.full(len(b), a), b]))
    return np.concatenate(pairs)
