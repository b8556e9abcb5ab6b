"""Meshes for reference cases, benchmarks and tests of rays: arrays only, sized by a target number of facets."""

from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class Scene:
    """A triangle mesh, the sides that are facets, and the rigid groups of its triangles."""

    vertices: np.ndarray  # [vertex, xyz] m
    triangles: np.ndarray  # [triangle, 3]
    facet_triangle: np.ndarray  # [facet]
    facet_side: np.ndarray  # [facet] 0 front, 1 back
    triangle_group: np.ndarray  # [triangle]

    @property
    def mesh(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The four arrays that the view-factor verbs take."""
        return self.vertices, self.triangles, self.facet_triangle, self.facet_side


@dataclass(frozen=True)
class Sheet:
    """A rectangle corner + s edge_u + t edge_v in square-like cells of two triangles; normal edge_u x edge_v."""

    corner: tuple[float, float, float]
    edge_u: tuple[float, float, float]
    edge_v: tuple[float, float, float]
    sides: tuple[int, ...] = (0,)
    group: int = 0
    divide: tuple[int, int] | None = None


def build(sheets: list[Sheet], cell: float) -> Scene:
    """Mesh the sheets with cells of about the given size (m), or as each sheet's own division says."""
    vertices, triangles, owner, facet_triangle, facet_side = [], [], [], [], []
    points = count = 0
    for sheet in sheets:
        u, v = np.array(sheet.edge_u, float), np.array(sheet.edge_v, float)
        nu, nv = sheet.divide or tuple(max(1, round(float(np.linalg.norm(e)) / cell)) for e in (u, v))
        s, t = np.meshgrid(np.linspace(0, 1, nu + 1), np.linspace(0, 1, nv + 1), indexing="ij")
        vertices.append(np.array(sheet.corner) + s.reshape(-1, 1) * u + t.reshape(-1, 1) * v)
        i, j = np.meshgrid(np.arange(nu), np.arange(nv), indexing="ij")
        a = (i * (nv + 1) + j).ravel() + points
        b, c, d = a + nv + 1, a + nv + 2, a + 1
        new = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
        triangles.append(new)
        owner.append(np.full(len(new), sheet.group))
        for side in sheet.sides:
            facet_triangle.append(np.arange(count, count + len(new)))
            facet_side.append(np.full(len(new), side))
        points += len(vertices[-1])
        count += len(new)
    return Scene(
        np.concatenate(vertices),
        np.concatenate(triangles),
        np.concatenate(facet_triangle) if facet_triangle else np.zeros(0, int),
        np.concatenate(facet_side) if facet_side else np.zeros(0, int),
        np.concatenate(owner),
    )


def box(low: tuple[float, float, float], high: tuple[float, float, float], group: int = 0) -> list[Sheet]:
    """Six sheets with outward normals, outsides active."""
    lo, hi = np.array(low), np.array(high)
    x, y, z = np.diag(hi - lo)
    corners = [(lo, y, x), (lo + z, x, y), (lo, x, z), (lo + y, z, x), (lo, z, y), (lo + x, y, z)]
    return [Sheet(tuple(c), tuple(u), tuple(v), (0,), group) for c, u, v in corners]


def satellite(target: int) -> Scene:
    """A bus 2 x 2 x 3 m, two solar wings 6 x 2 m and two radiators 4 x 2.5 m across them: closed thin boxes.

    As many facets as fit in target. Wings start 0.2 m, radiators 0.1 m from the bus.
    """
    parts = box((-1, -1, -1.5), (1, 1, 1.5))
    for sign in (1, -1):
        parts += box(*_span(sign, 0, (1.2, 7.2), (-1, 1), (-0.02, 0.02)))
        parts += box(*_span(sign, 1, (1.1, 5.1), (-1.25, 1.25), (-0.02, 0.02)))
    return _fitted(parts, target)


def sheet_satellite(target: int) -> Scene:
    """A bus box, two wings and a radiator as sheets with both sides active; about target facets.

    The wings, along +-y, are groups 1 and 2 and turn about the y axis (`turned`); the radiator stands
    on the bus's top face, touching it.
    """
    parts = box((-1, -1, -1.5), (1, 1, 1.5))
    for group, sign in ((1, 1), (2, -1)):
        parts.append(Sheet((-1.0, sign * 1.5, 0.0), (2, 0, 0), (0, sign * 6.0, 0), (0, 1), group))
    parts.append(Sheet((0.0, -1.0, 1.5), (0, 2, 0), (0, 0, 4), (0, 1)))
    return _fitted(parts, target)


def rod_satellite(target: int) -> Scene:
    """The box satellite with seven square rods of 3 cm across its wings and radiators, thinner than its facets."""
    scene = satellite(target)
    places = ((2.5, 0.25), (4.0, 0.25), (5.5, 0.25), (-2.5, 0.25), (-4.0, 0.25), (-5.5, 0.25))
    rods = [box((x, -1.5, z), (x + 0.03, 1.5, z + 0.03)) for x, z in places]
    rods.append(box((0.3, 1.5, -1.5), (0.33, 1.53, 1.5)))
    for rod in rods:
        scene = joined(scene, build(rod, 0.2))
    return scene


def dish_satellite(target: int) -> Scene:
    """A bus with a dish on a thin boom, two cylindrical tanks and a wing: curved occluders of about target facets."""
    cell = np.sqrt(2 * 46.0 / target)  # 46 m2 in all
    parts = box((-0.8, -0.8, -1.0), (0.8, 0.8, 1.0))
    parts.append(Sheet((1.2, -1.0, 0.2), (4.0, 0, 0), (0, 2.0, 0), (0, 1)))
    scene = build(parts, cell)
    around = max(12, round(2 * np.pi * 0.35 / cell))
    for y in (-1.4, 1.4):
        scene = joined(scene, revolved([(0.35, -0.9), (0.35, 0.9)], around, (0.0, y, 0.0), cell, (0,)))
    scene = joined(scene, revolved([(0.03, 1.0), (0.03, 1.8)], 8, (0.0, 0.0, 0.0), cell, (0,)))
    rim = [(r, 1.8 + r * r / 4.0) for r in np.linspace(0.03, 1.2, max(3, round(1.2 / cell)) + 1)]
    return joined(scene, revolved(rim, max(16, round(2 * np.pi * 0.8 / cell)), (0.0, 0.0, 0.0), 10.0, (0, 1)))


def revolved(
    profile: list[tuple[float, float]], around: int, center: Point, cell: float, sides: tuple[int, ...]
) -> Scene:
    """A profile (radius, height; m) turned about z: the front looks outward for a profile that rises."""
    rings = [np.array(profile[0])]
    for start, end in zip(profile[:-1], profile[1:], strict=True):
        steps = max(1, round(float(np.hypot(end[0] - start[0], end[1] - start[1])) / cell))
        rings += [np.array(start) + (np.array(end) - np.array(start)) * k / steps for k in range(1, steps + 1)]
    angle = 2 * np.pi * np.arange(around) / around
    vertices = np.concatenate(
        [np.stack([r * np.cos(angle), r * np.sin(angle), np.full(around, z)], axis=1) for r, z in rings]
    )
    i, j = np.meshgrid(np.arange(len(rings) - 1), np.arange(around), indexing="ij")
    a, b = (i * around + j).ravel(), (i * around + (j + 1) % around).ravel()
    triangles = np.concatenate([np.stack([a, b, b + around], axis=1), np.stack([a, b + around, a + around], axis=1)])
    every = np.arange(len(triangles))
    return Scene(
        vertices + np.array(center),
        triangles,
        np.concatenate([every for _ in sides]),
        np.concatenate([np.full(len(triangles), side) for side in sides]),
        np.zeros(len(triangles), int),
    )


def joined(first: Scene, second: Scene) -> Scene:
    """Two scenes as one."""
    return Scene(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.triangles, second.triangles + len(first.vertices)]),
        np.concatenate([first.facet_triangle, second.facet_triangle + len(first.triangles)]),
        np.concatenate([first.facet_side, second.facet_side]),
        np.concatenate([first.triangle_group, second.triangle_group]),
    )


def icosphere(level: int) -> Scene:
    """The unit sphere's inside as 20 x 4^level triangles: an icosahedron, its edges halved again and again."""
    from scipy.spatial import ConvexHull  # here, because processes that are timed want the other scenes

    golden = (1 + 5**0.5) / 2
    cyclic = [np.roll([0, a, b * golden], k) for k in range(3) for a in (-1, 1) for b in (-1, 1)]
    vertices = np.array(cyclic) / np.hypot(1, golden)
    triangles = ConvexHull(vertices).simplices
    for _ in range(level):
        edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        unique, place = np.unique(edges, axis=0, return_inverse=True)
        middle = vertices[unique].mean(axis=1)
        new = place.reshape(3, -1) + len(vertices)
        vertices = np.concatenate([vertices, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        a, b, c = triangles.T
        ab, bc, ca = new
        corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
        triangles = np.concatenate([np.stack(corner, axis=1) for corner in corners])
    corner = vertices[triangles]
    outward = (
        np.einsum("tk,tk->t", np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), corner[:, 0]) > 0
    )
    triangles = np.where(outward[:, None], triangles[:, ::-1], triangles)
    every = np.arange(len(triangles))
    return Scene(vertices, triangles, every, np.zeros_like(every), np.zeros_like(every))


def turned(scene: Scene, angle: float) -> np.ndarray:
    """Vertices [vertex, xyz] with all groups but group 0 turned about the y axis by angle (rad)."""
    moving = np.zeros(len(scene.vertices), bool)
    moving[scene.triangles[scene.triangle_group > 0]] = True
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.where(moving[:, None], scene.vertices @ rotation.T, scene.vertices)


def _span(sign: int, axis: int, along: Range, wide: Range, thick: Range) -> tuple[Point, Point]:
    """Low and high corner of a thin box along +-axis; solar wings lie flat in z, radiators stand in x."""
    start, stop = (along[0], along[1]) if sign > 0 else (-along[1], -along[0])
    if axis == 0:
        return (start, wide[0], thick[0]), (stop, wide[1], thick[1])
    return (thick[0], start, wide[0]), (thick[1], stop, wide[1])


def _fitted(sheets: list[Sheet], target: int) -> Scene:
    """Bisect the cell size for the most facets within target."""
    low, high = 0.01, 3.0
    for _ in range(40):
        cell = float(np.sqrt(low * high))
        if _facet_count(sheets, cell) > target:
            low = cell
        else:
            high = cell
    return build(sheets, high)


def _facet_count(sheets: list[Sheet], cell: float) -> int:
    """Facets that `build` would make."""
    total = 0
    for sheet in sheets:
        nu, nv = (max(1, round(float(np.linalg.norm(e)) / cell)) for e in (sheet.edge_u, sheet.edge_v))
        total += 2 * nu * nv * len(sheet.sides)
    return total
