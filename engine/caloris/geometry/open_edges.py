"""Open edges of pieces of surface: where they lie on each other, what stays free, and what that spans."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from caloris.geometry.connected import close_pairs, connected_parts

# Edges run along each other when the cosine of their angle is at least this (1.8 degrees).
_PARALLEL = 0.9995
_BLOCK = 512


class Common(NamedTuple):
    """Lengths that open edges of two parts have in common; columns of part and edge belong together."""

    part: np.ndarray  # [length, 2]
    edge: np.ndarray  # [length, 2] number among the part's open edges
    low: np.ndarray  # [length, 2] m along that edge
    high: np.ndarray  # [length, 2] m
    gap: np.ndarray  # [length] m, largest distance of the two
    same_way: np.ndarray  # [length] bool: both edges run in one direction

    def take(self, rows: np.ndarray) -> "Common":
        """Some of the rows."""
        return Common(*(column[rows] for column in self))


class Rim(NamedTuple):
    """Free edges that hang together."""

    length: float  # m
    area: float  # m2, what they span
    center: tuple[float, float, float]  # m
    part: tuple[int, ...]  # parts to which the edges belong


def outline_edges(triangles: np.ndarray) -> tuple[np.ndarray, bool]:
    """Open edges [edge, 2] of triangles in the direction of their winding, and whether neighbors face one way."""
    directed = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, first, uses = np.unique(np.sort(directed, axis=1), axis=0, return_index=True, return_counts=True)
    return directed[first[uses == 1]], len(np.unique(directed, axis=0)) == len(directed)


def common_edges(edges: list[np.ndarray], reach: np.ndarray, least: float) -> Common:
    """Where edges [edge, 2, xyz] of two different parts run along each other.

    reach [part, part] is the distance (m) within which they count as one line, least the shortest length (m).
    """
    none = np.full((0, 2, 3), np.inf)
    low = np.array([np.append(e, none, 0).min((0, 1), initial=np.inf) for e in edges]).reshape(-1, 3)
    high = np.array([np.append(e, none, 0).max((0, 1), initial=-np.inf) for e in edges]).reshape(-1, 3)
    found: list[Common] = []
    for a in range(len(edges)):
        near = np.all((low <= high[a] + reach[a][:, None]) & (high >= low[a] - reach[a][:, None]), axis=1)
        for b in np.flatnonzero(near[a + 1 :]) + a + 1:
            found.append(_common(edges[a], edges[b], (a, int(b)), float(reach[a, b]), least))
    if not found:
        two = np.zeros((0, 2))
        return Common(two.astype(int), two.astype(int), two, two, np.zeros(0), np.zeros(0, bool))
    return Common(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _common(first: np.ndarray, second: np.ndarray, part: tuple[int, int], reach: float, least: float) -> Common:
    """Common lengths of the edges of two parts."""
    found = []
    along_b = second[:, 1] - second[:, 0]
    length_b = np.linalg.norm(along_b, axis=1)
    for block in range(0, len(first), _BLOCK):
        start, end = np.moveaxis(first[block : block + _BLOCK], 1, 0)
        length = np.linalg.norm(end - start, axis=1)
        along = (end - start) / length[:, None]
        offset = second[None] - start[:, None, None]
        place = np.einsum("ijkx,ix->ijk", offset, along)
        gap = np.linalg.norm(offset - place[..., None] * along[:, None, None], axis=3).max(axis=2)
        low = np.maximum(place.min(axis=2), 0.0)
        high = np.minimum(place.max(axis=2), length[:, None])
        cosine = along @ (along_b / length_b[:, None]).T
        i, j = np.nonzero((gap <= reach) & (high - low > least) & (np.abs(cosine) >= _PARALLEL))
        low, high, start_b = low[i, j], high[i, j], place[i, j, 0]
        # The same ends along the other edge.
        ends = np.sort(np.stack([low - start_b, high - start_b], 1) * np.sign(cosine[i, j])[:, None], axis=1)
        ends = np.clip(ends, 0.0, length_b[j][:, None])
        found.append(
            Common(
                np.tile(part, (len(i), 1)),
                np.stack([i + block, j], axis=1),
                np.stack([low, ends[:, 0]], axis=1),
                np.stack([high, ends[:, 1]], axis=1),
                gap[i, j],
                cosine[i, j] > 0,
            )
        )
    return Common(*(np.concatenate(column) for column in zip(*found, strict=True)))


def single(common: Common, least: float) -> np.ndarray:
    """Whether a common length belongs to two edges alone [length]; elsewhere three or more parts meet."""
    covers: dict[tuple[int, int], list[tuple[float, float, int]]] = defaultdict(list)
    for row in range(len(common.gap)):
        for end in (0, 1):
            key = int(common.part[row, end]), int(common.edge[row, end])
            covers[key].append((float(common.low[row, end]), float(common.high[row, end]), row))
    alone = np.ones(len(common.gap), bool)
    for rows in covers.values():
        rows.sort()
        for k, (_, high, row) in enumerate(rows):
            for low, other_high, other in rows[k + 1 :]:
                if low >= high - least:
                    break
                if min(high, other_high) - low > least:
                    alone[[row, other]] = False
    return alone


def free_pieces(edges: np.ndarray, common: Common, part: int, least: float) -> np.ndarray:
    """What of a part's open edges no other part covers, longer than least (m): [piece, 2, xyz]."""
    covered: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for end in (0, 1):
        for row in np.flatnonzero(common.part[:, end] == part):
            covered[int(common.edge[row, end])].append((float(common.low[row, end]), float(common.high[row, end])))
    pieces = []
    for number, (start, end) in enumerate(edges):
        length = float(np.linalg.norm(end - start))
        reached = 0.0
        for low, high in [*sorted(covered[number]), (length, length)]:
            # An edge shorter than what counts is free as a whole or not at all.
            if low - reached > min(least, 0.5 * length):
                pieces.append([start + (end - start) * (place / length) for place in (reached, low)])
            reached = max(reached, high)
    return np.array(pieces).reshape(-1, 2, 3)


def rims(pieces: np.ndarray, part: np.ndarray, tolerance: float) -> list[Rim]:
    """Free pieces [piece, 2, xyz] joined where their ends meet, with the area that each chain of them spans."""
    if not len(pieces):
        return []
    ends = pieces.reshape(-1, 3)
    node = connected_parts(len(ends), close_pairs(ends, tolerance)).reshape(-1, 2)
    count = int(node.max()) + 1
    label = connected_parts(count, node)[node[:, 0]]
    point = np.zeros((count, 3))
    point[node.ravel()] = ends
    found = []
    for number in np.unique(label):
        mine = np.flatnonzero(label == number)
        length = np.linalg.norm(pieces[mine, 1] - pieces[mine, 0], axis=1)
        x, y, z = np.average(pieces[mine].mean(axis=1), axis=0, weights=length).tolist()
        area = sum(_spanned(point[loop]) for loop in _loops(node[mine]))
        found.append(Rim(float(length.sum()), float(area), (x, y, z), tuple(np.unique(part[mine]).tolist())))
    return found


def _loops(node: np.ndarray) -> list[list[int]]:
    """Pieces [piece, 2] as closed chains of nodes without repetition; open chains are closed straight."""
    at: dict[int, list[int]] = defaultdict(list)
    for piece, ends in enumerate(node.tolist()):
        for end in ends:
            at[end].append(piece)
    used = [False] * len(node)
    loops = []
    for first in range(len(node)):
        if used[first]:
            continue
        path = [int(node[first, 0])]
        place = {path[0]: 0}
        while True:
            piece = next((k for k in at[path[-1]] if not used[k]), None)
            if piece is None:
                break
            used[piece] = True
            a, b = node[piece].tolist()
            following = b if path[-1] == a else a
            if following in place:
                start = place[following]
                loops.append(path[start:])
                for gone in path[start + 1 :]:
                    del place[gone]
                del path[start + 1 :]
            else:
                place[following] = len(path)
                path.append(following)
        if len(path) > 2:
            loops.append(path)
    return loops


def _spanned(polygon: np.ndarray) -> float:
    """Area of the vector area of a closed polygon [corner, xyz], m2."""
    from_first = polygon - polygon[0]
    return 0.5 * float(np.linalg.norm(np.cross(from_first, np.roll(from_first, -1, axis=0)).sum(axis=0)))
