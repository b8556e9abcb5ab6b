"""Traced paths as records for the kernels: compact, of rounded lengths, with pairs and closing variances."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np

from caloris.geometry.path_walk import Walk
from caloris_kernels.radiative.paths import ENDED, ESCAPED, INACTIVE, Paths


@dataclass
class PathBook:
    """Collects walks part by part; only paths and bounces that count for something are kept."""

    _paths: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    _bounces: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    _count: int = 0

    def add(self, source: np.ndarray, replicate: np.ndarray, weight: np.ndarray, walk: Walk) -> None:
        """Add the paths of one walk with their sources, replicates and weights (m2)."""
        self._paths.append(
            (
                source.astype(np.int32), replicate.astype(np.int32), weight.astype(np.float64),
                walk.outcome, walk.direction, walk.carried,
            )
        )  # fmt: skip
        self._bounces.append(
            (
                (walk.path + self._count).astype(np.int32), walk.facet, walk.cosine, walk.event, walk.probability,
                walk.arriving,
            )
        )  # fmt: skip
        self._count += len(source)

    def paths(self) -> dict[str, np.ndarray]:
        """All paths."""
        names = ("source", "replicate", "weight", "outcome", "direction", "carried")
        return {name: np.concatenate(c) for name, c in zip(names, zip(*self._paths, strict=True), strict=True)}

    def bounces(self) -> dict[str, np.ndarray]:
        """All bounces, path by path."""
        names = ("path", "facet", "cosine", "event", "probability", "arriving")
        return {name: np.concatenate(c) for name, c in zip(names, zip(*self._bounces, strict=True), strict=True)}

    @property
    def empty(self) -> bool:
        """Whether there is no path at all."""
        return self._count == 0


def pooled_records(book: PathBook, density: np.ndarray, facets: int, replicates: int, skip_first: bool) -> Paths:
    """Records whose pairs are unordered pairs of facets, their two directions pooled by `density`.

    density [facet] (m-2) is the number of paths of a facet and replicate over its area: the weight of its
    estimate of A_i F_ij against that of A_j F_ji. skip_first leaves the paths' first arrival out.
    """
    path, bounce = book.paths(), book.bounces()
    source, met = path["source"][bounce["path"]].astype(np.int64), bounce["facet"].astype(np.int64)
    low, high = np.minimum(source, met), np.maximum(source, met)
    total = density[source] + density[met]
    share = np.where(source == met, 1.0, density[source] / total)
    share = np.where(_first(bounce["path"]) & skip_first, 0.0, share)
    code, pair = np.unique(low * facets + high, return_inverse=True)
    return _paths(path, bounce, (code // facets, code % facets, pair.ravel(), share), facets, replicates)


def directed_records(book: PathBook, sources: int, facets: int, replicates: int) -> Paths:
    """Records of paths whose sources are no facets: pairs are (source, facet met), first arrivals left out."""
    path, bounce = book.paths(), book.bounces()
    source = path["source"][bounce["path"]].astype(np.int64)
    share = np.where(_first(bounce["path"]), 0.0, 1.0)
    code, pair = np.unique(source * facets + bounce["facet"], return_inverse=True)
    return _paths(path, bounce, (code // facets, code % facets, pair.ravel(), share), sources, replicates)


def no_paths(sources: int, replicates: int) -> Paths:
    """Records of a scene without mirrors or sheets: one path and one bounce of weight 0."""
    book, one = PathBook(), np.zeros(1)
    walk = Walk(np.full(1, ENDED), np.zeros((1, 3)), one, one.astype(int), one.astype(int), one, one, one + 1, one)
    book.add(one.astype(int), one.astype(int), one, walk)
    nothing = (one.astype(int), one.astype(int), one.astype(int), one)
    return _paths(book.paths(), book.bounces(), nothing, sources, replicates)


def _first(path: np.ndarray) -> np.ndarray:
    """Whether each bounce is the first of its path."""
    return np.concatenate([[True], path[1:] != path[:-1]]) if len(path) else np.zeros(0, bool)


def _paths(
    path: dict[str, np.ndarray],
    bounce: dict[str, np.ndarray],
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    sources: int,
    replicates: int,
) -> Paths:
    """Fill up to rounded lengths, so that records of similar size share one compiled program."""
    first, second, pair, share = pairs
    paths, bounces = _rounded(len(path["source"])), _rounded(len(bounce["path"]))
    last = np.full(len(path["source"]), -1)
    last[bounce["path"]] = np.arange(len(bounce["path"]))  # the last one written stays
    start = _first(bounce["path"])
    longest = np.bincount(bounce["path"]).max(initial=1)
    power = path["weight"][bounce["path"]] * bounce["arriving"] * share
    escaped = path["outcome"] == ESCAPED
    ends = path["weight"] * path["carried"]

    def variance(outcome: int) -> np.ndarray:
        return np.bincount(path["source"], np.where(path["outcome"] == outcome, ends, 0.0), sources) ** 2

    def filled(array: np.ndarray, length: int, kind: type, value: float = 0) -> np.ndarray:
        rest = np.full((length - len(array), *array.shape[1:]), value)
        return np.concatenate([array, rest]).astype(kind)

    length = _rounded(len(first))
    arrays = {
        "source": filled(path["source"], paths, np.int32),
        "weight": filled(path["weight"], paths, np.float64),
        "replicate": filled(path["replicate"], paths, np.int32),
        "outcome": filled(path["outcome"], paths, np.int32, ENDED),
        "direction": filled(np.where(escaped[:, None], path["direction"], 0), paths, np.float64),
        "last": filled(last, paths, np.int32, -1),
        "path": filled(bounce["path"], bounces, np.int32),
        "first": filled(start, bounces, np.bool_, 1),
        "facet": filled(bounce["facet"], bounces, np.int32),
        "cosine": filled(bounce["cosine"], bounces, np.float64, 1),
        "event": filled(bounce["event"], bounces, np.int32),
        "probability": filled(bounce["probability"], bounces, np.float64, 1),
        "pair": filled(pair, bounces, np.int32),
        "share": filled(share, bounces, np.float64),
        "pair_first": filled(first, length, np.int32),
        "pair_second": filled(second, length, np.int32),
        "pair_variance": filled(np.bincount(pair, power, len(first)) ** 2, length, np.float64),
        "space_variance": variance(ESCAPED),
        "inactive_variance": variance(INACTIVE),
        "replicates": np.arange(replicates),
        "doublings": np.arange(int(longest - 1).bit_length()),
    }
    return Paths(**{name: jnp.asarray(array) for name, array in arrays.items()})


def _rounded(count: int) -> int:
    """The next of 4, 5, 6, 7 times a power of two; 64 at least."""
    step = 1 << max(4, int(count - 1).bit_length() - 3)
    return max(64, -(-count // step) * step)


def stacked_records(records: Sequence[Paths]) -> Paths:
    """Records of several poses with a leading axis of poses (numpy): filled up to the longest, as each one is."""
    lengths = _longest(records)
    filled = [_filled_up(paths, lengths) for paths in records]
    return Paths(*(np.stack(fields) for fields in zip(*filled, strict=True)))  # pyright: ignore[reportArgumentType]


def joined_records(records: Sequence[Paths]) -> Paths:
    """Records of several sets of sunlight's directions as one, their directions numbered on (numpy).

    The pairs of source and facet are left out: `beam_irradiation` counts by bounce.
    """
    parts = [{name: np.asarray(field) for name, field in paths._asdict().items()} for paths in records]
    if len(parts) > 1:
        source, path, bounce = (
            np.cumsum([0, *(len(part[name]) for part in parts[:-1])]) for name in ("space_variance", "source", "path")
        )
        for part, s, p, b in zip(parts, source, path, bounce, strict=True):
            part["source"] = part["source"] + s
            part["path"] = part["path"] + p
            part["last"] = np.where(part["last"] < 0, -1, part["last"] + b)
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    none = np.zeros(1, np.int32)
    whole |= {"pair": 0 * whole["pair"], "pair_first": none, "pair_second": none, "pair_variance": np.zeros(1)}
    whole["replicates"] = parts[0]["replicates"]
    whole["doublings"] = max((part["doublings"] for part in parts), key=len)
    joined = Paths(**whole)  # pyright: ignore[reportArgumentType]
    lengths = _longest([joined]) | {name: _rounded(len(whole[name])) for name in ("source", "path")}
    return _filled_up(joined, lengths)


_PATH_FIELDS = ("source", "weight", "replicate", "outcome", "direction", "last")
_PAIR_FIELDS = ("pair_first", "pair_second", "pair_variance")
_FILL = {"outcome": ENDED, "last": -1, "first": 1, "cosine": 1, "probability": 1}


def _longest(records: Sequence[Paths]) -> dict[str, int]:
    """Largest number of paths, bounces, pairs and doublings."""
    return {
        name: max(len(getattr(paths, name)) for paths in records)
        for name in ("source", "path", "pair_first", "doublings")
    }


def _filled_up(paths: Paths, lengths: dict[str, int]) -> Paths:
    """The records with entries of weight and share 0 up to these lengths (numpy)."""

    def longer(name: str, array: np.ndarray) -> np.ndarray:
        if name in ("space_variance", "inactive_variance", "replicates"):
            return array
        if name == "doublings":
            return np.arange(lengths["doublings"])
        kind = "source" if name in _PATH_FIELDS else "pair_first" if name in _PAIR_FIELDS else "path"
        rest = np.full((lengths[kind] - len(array), *array.shape[1:]), _FILL.get(name, 0), array.dtype)
        return np.concatenate([array, rest])

    arrays = {name: longer(name, np.asarray(field)) for name, field in paths._asdict().items()}
    return Paths(**arrays)  # pyright: ignore[reportArgumentType]
