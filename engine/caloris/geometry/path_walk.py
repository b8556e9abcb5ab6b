"""Rays from mirror to mirror: follows paths until they end and writes down what they meet."""

from dataclasses import dataclass

import numpy as np

from caloris.geometry.path_scene import PathScene
from caloris_kernels.radiative.paths import CUT, END, ENDED, ESCAPED, INACTIVE, REFLECT, TRANSMIT

ROULETTE = 0.02
"""Where less than this part of a path's power is left, it goes on with a probability and more power."""

MOST_BOUNCES = 500
"""Paths that meet more facets are cut, and what they carry is counted as lost."""


@dataclass
class Walk:
    """Paths under way or done: arrays over paths, and over their bounces in the order of tracing."""

    outcome: np.ndarray  # [path]
    direction: np.ndarray  # [path, 3]
    carried: np.ndarray  # [path] nominal power on the last leg over that at the start
    path: np.ndarray  # [bounce]
    facet: np.ndarray
    cosine: np.ndarray
    event: np.ndarray
    probability: np.ndarray
    arriving: np.ndarray  # [bounce] nominal power that arrives, over that at the start


class _Log:
    """Bounces of one step after the other."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(self, *columns: np.ndarray) -> None:
        self._parts.append(columns)

    def columns(self) -> list[np.ndarray]:
        types = (np.int64, np.int32, np.float32, np.int8, np.float64, np.float64)
        if not self._parts:
            return [np.zeros(0, kind) for kind in types]
        return [np.concatenate(c).astype(kind) for c, kind in zip(zip(*self._parts, strict=True), types, strict=True)]


@dataclass
class _Choice:
    """What paths do at the facets that they have reached."""

    event: np.ndarray
    probability: np.ndarray
    factor: np.ndarray  # nominal power carried on over power that arrives
    importance: np.ndarray  # the same with the properties that choices are made by


def follow(scene: PathScene, point: np.ndarray, direction: np.ndarray, rng: np.random.Generator) -> Walk:
    """Follow paths that leave facets: rays from points lifted off them, [path, 3] each."""
    walk, log = _start(len(point)), _Log()
    alive = np.arange(len(point))
    walk.direction[:] = direction
    _advance(scene, walk, log, alive, point.astype(np.float32), np.ones(len(alive)), rng)
    return _with_log(walk, log)


def follow_from(
    scene: PathScene,
    facet: np.ndarray,
    point: np.ndarray,
    incoming: np.ndarray,
    uniform: np.ndarray,
    rng: np.random.Generator,
) -> Walk:
    """Follow paths that arrive at given points of facets along `incoming`; that arrival is their first bounce."""
    walk, log = _start(len(point)), _Log()
    walk.direction[:] = incoming
    everyone = np.arange(len(point))
    triangle, side = scene.facet_triangle[facet], scene.facet_side[facet]
    importance = np.ones(len(point))
    normal = _normals(scene, triangle, point)
    choice = _choose(scene, facet, importance, uniform, rng)
    log.add(everyone, facet, _cosine(normal, incoming), choice.event, choice.probability, np.ones(len(point)))
    walk.carried *= choice.factor
    on = choice.event != END
    alive, leaving = _leave(scene, walk, everyone[on], triangle[on], side[on], normal[on], point[on], choice.event[on])
    _advance(scene, walk, log, alive, leaving, choice.importance[on], rng)
    return _with_log(walk, log)


def _start(count: int) -> Walk:
    none = np.zeros(0)
    outcome, direction = np.full(count, ENDED, np.int8), np.zeros((count, 3), np.float32)
    return Walk(outcome, direction, np.ones(count), none, none, none, none, none, none)


def _with_log(walk: Walk, log: _Log) -> Walk:
    """Put the bounces path by path."""
    columns = log.columns()
    order = np.argsort(columns[0], kind="stable")
    fields = ("path", "facet", "cosine", "event", "probability", "arriving")
    for name, column in zip(fields, columns, strict=True):
        setattr(walk, name, column[order])
    return walk


def _advance(
    scene: PathScene,
    walk: Walk,
    log: _Log,
    alive: np.ndarray,
    origin: np.ndarray,
    importance: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Trace until no path is left."""
    for _ in range(MOST_BOUNCES):
        if not len(alive):
            return
        hit = scene.caster.hit(origin, walk.direction[alive])
        met = hit.triangle >= 0
        walk.outcome[alive[~met]] = ESCAPED
        facet = np.where(met, scene.facet_of_side[hit.triangle, hit.side], -1)
        walk.outcome[alive[met & (facet < 0)]] = INACTIVE
        on = facet >= 0
        alive, importance, facet = alive[on], importance[on], facet[on]
        triangle, side = hit.triangle[on], hit.side[on].astype(np.int64)
        point = np.einsum("rv,rvk->rk", hit.barycentrics[on], scene.corner[triangle])
        normal = _normals(scene, triangle, point)
        choice = _choose(scene, facet, importance, rng.random(len(facet)), rng)
        cosine = _cosine(normal, walk.direction[alive])
        log.add(alive, facet, cosine, choice.event, choice.probability, walk.carried[alive])
        walk.carried[alive] *= choice.factor
        on = choice.event != END
        alive, origin = _leave(scene, walk, alive[on], triangle[on], side[on], normal[on], point[on], choice.event[on])
        importance = choice.importance[on]
    walk.outcome[alive] = CUT


def _choose(
    scene: PathScene, facet: np.ndarray, importance: np.ndarray, uniform: np.ndarray, rng: np.random.Generator
) -> _Choice:
    """Reflection or transmission by their importance; end by Russian roulette where little is left."""
    reflect, transmit = scene.reflect_importance[facet], scene.transmit_importance[facet]
    total = reflect + transmit
    passing = total > 0
    share = np.divide(reflect, total, out=np.zeros_like(total), where=passing)
    mirrored = uniform < share
    left = importance * np.minimum(total, 1.0)
    survival = np.minimum(left / ROULETTE, 1.0)
    on = passing & (rng.random(len(facet)) < survival)
    event = np.where(on, np.where(mirrored, REFLECT, TRANSMIT), END).astype(np.int8)
    chosen = np.where(mirrored, share, 1 - share)
    probability = np.where(on, chosen * survival, 1.0)
    nominal = np.where(mirrored, scene.specular_reflectance[facet], scene.transmittance[facet])
    factor = np.where(on, nominal / probability, 0.0)
    return _Choice(event, probability, factor, np.maximum(left, ROULETTE))


def _leave(
    scene: PathScene,
    walk: Walk,
    alive: np.ndarray,
    triangle: np.ndarray,
    side: np.ndarray,
    normal: np.ndarray,
    point: np.ndarray,
    event: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn the paths' directions and return them with the points from which they go on.

    A mirrored ray is turned about the true surface's normal, d - 2 (d.n) n. Where that would lead behind the flat
    facet (grazing rays on curved mirrors) its part along the facet's normal is turned round, too: it then leaves
    the side that it met, with the direction unchanged where the two cases meet.
    """
    incoming = walk.direction[alive]
    flat = np.where(side == 1, -1, 1).astype(np.float32)[:, None] * scene.normal[triangle]
    mirror = (event == REFLECT)[:, None]
    turned = incoming - 2 * np.einsum("rk,rk->r", incoming, normal)[:, None] * normal
    height = np.einsum("rk,rk->r", turned, flat)[:, None]
    turned = turned - 2 * np.minimum(height, 0) * flat
    outgoing = np.where(mirror, turned, incoming)
    walk.direction[alive] = outgoing / np.linalg.norm(outgoing, axis=1, keepdims=True)
    off = np.float32(scene.lift) * np.where(mirror, flat, -flat)
    return alive, (point + off).astype(np.float32)


def _normals(scene: PathScene, triangle: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Unit normals of the true surfaces."""
    if scene.normal_at is None:
        return scene.normal[triangle]
    return np.asarray(scene.normal_at(triangle, point), np.float32)


def _cosine(normal: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Cosine of the angle of incidence, at most 1."""
    return np.minimum(np.abs(np.einsum("rk,rk->r", normal, direction)), 1.0)
