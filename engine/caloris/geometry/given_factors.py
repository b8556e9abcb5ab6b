"""View factors that come from elsewhere: checked against the areas of a geometry, and made exactly reciprocal."""

from dataclasses import dataclass

import numpy as np

from caloris_kernels.radiative.exchange_tiles import LANE, ExchangeTiles

# Numbers below zero by less than this are rounding.
_ROUNDING = 1e-9
# A_i F_ij and A_j F_ji may differ by this part of the smaller area for any pair, and by this part of their sum in all.
RECIPROCITY = 1e-2


class GivenFactorsError(ValueError):
    """View factors that cannot be those of the facets; `row` and `column` say where it shows (None: all over)."""

    def __init__(self, message: str, row: int | None = None, column: int | None = None) -> None:
        """Error with what is wrong and where."""
        super().__init__(message)
        self.row, self.column = row, column


@dataclass(frozen=True)
class GivenFactors:
    """Given view factors of one pose, in the same terms as computed ones: each pair once."""

    area: np.ndarray  # [facet] m2
    pair_first: np.ndarray  # [pair] facet
    pair_second: np.ndarray  # [pair] facet, above the first
    pair_exchange_area: np.ndarray  # [pair] m2
    inactive_view: np.ndarray  # [facet] -
    error_estimate: float = 0.0  # -, of the exchange areas
    occluded: bool = True  # they do not follow the geometry

    @property
    def tiles(self) -> ExchangeTiles:
        """The same exchange areas in blocks, facets in their order."""
        return _blocks_of_pairs(self.pair_first, self.pair_second, self.pair_exchange_area, len(self.area))

    @property
    def facet_view(self) -> np.ndarray:
        """Row sums [facet], -."""
        count = len(self.area)
        total = np.bincount(self.pair_first, self.pair_exchange_area, count)
        return (total + np.bincount(self.pair_second, self.pair_exchange_area, count)) / self.area

    @property
    def space_view(self) -> np.ndarray:
        """1 - row sum - inactive_view [facet], -."""
        return 1.0 - self.facet_view - self.inactive_view


def from_view_factor(
    view_factor: np.ndarray, area: np.ndarray, inactive_view: np.ndarray, excess: float
) -> GivenFactors:
    """Given F_ij, from row i to column j [facet, facet], -; the rest as `from_exchange_area`."""
    _check_numbers(view_factor, "view factor")
    return from_exchange_area(area[:, None] * view_factor, area, inactive_view, excess)


def from_exchange_area(
    exchange_area: np.ndarray, area: np.ndarray, inactive_view: np.ndarray, excess: float
) -> GivenFactors:
    """Given A_i F_ij [facet, facet] (m2) of flat facets of these areas (m2), and their views of inactive sides (-).

    A_i F_ij = A_j F_ji holds for diffuse exchange (Howell, Menguc, Daun and Siegel, Thermal Radiation Heat Transfer,
    7th ed., eq. 4.15); what differs a little is replaced by the mean of both. Raises GivenFactorsError for numbers
    that are negative or not finite, a facet that sees itself, row sums above 1 + excess, and for a difference above
    a hundredth of the smaller area in one pair, or of the sum in all.
    """
    _check_numbers(exchange_area, "exchange area")
    diagonal = np.abs(np.diagonal(exchange_area)) / area
    if diagonal.max(initial=0.0) > _ROUNDING:
        k = int(np.argmax(diagonal))
        raise GivenFactorsError(f"{diagonal[k]:.4g}: a flat facet cannot see itself", k, k)
    _check_sums(exchange_area.sum(axis=1) / area, inactive_view, excess)
    _check_reciprocity(exchange_area, area)
    mean = np.maximum(0.5 * (exchange_area + exchange_area.T), 0.0)
    first, second = np.nonzero(np.triu(mean, 1))
    return GivenFactors(area, first, second, mean[first, second], np.maximum(inactive_view, 0.0))


def from_pairs(
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray], area: np.ndarray, inactive_view: np.ndarray, excess: float
) -> GivenFactors:
    """Given A_i F_ij (m2) of pairs (i, j, A_i F_ij), each once for both ways; the rest as `from_exchange_area`."""
    first, second, exchange_area = pairs
    wrong = ~np.isfinite(exchange_area) | (exchange_area < 0)
    if wrong.any():
        k = int(np.argmax(wrong))
        message = f"exchange area {exchange_area[k]:.6g} m^2: must be finite and not below zero"
        raise GivenFactorsError(message, int(first[k]), int(second[k]))
    code = np.minimum(first, second) * len(area) + np.maximum(first, second)
    _, place, uses = np.unique(code, return_index=True, return_counts=True)
    if np.any(uses > 1) or np.any(first == second):
        k = int(place[np.argmax(uses)]) if np.any(uses > 1) else int(np.argmax(first == second))
        raise GivenFactorsError(
            "this pair stands there twice, or joins a facet with itself", int(first[k]), int(second[k])
        )
    factors = GivenFactors(area, np.minimum(first, second), np.maximum(first, second), exchange_area, inactive_view)
    _check_sums(factors.facet_view, inactive_view, excess)
    return factors


def _check_sums(facet_view: np.ndarray, inactive_view: np.ndarray, excess: float) -> None:
    """The views of a facet add up to 1 at most."""
    wrong = ~np.isfinite(inactive_view) | (inactive_view < -_ROUNDING)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise GivenFactorsError(f"view toward inactive sides {inactive_view[k]:.6g}: must be from 0 to 1", k)
    sums = facet_view + inactive_view
    if sums.max(initial=0.0) > 1.0 + excess:
        k = int(np.argmax(sums))
        raise GivenFactorsError(f"the views of this facet add up to {sums[k]:.6g}; allowed 1 + {excess:.1e}", k)


def _check_numbers(values: np.ndarray, name: str) -> None:
    """Finite and not negative."""
    wrong = ~np.isfinite(values) | (values < -_ROUNDING)
    if wrong.any():
        row, column = (int(k) for k in np.argwhere(wrong)[0])
        what = "not a finite number" if not np.isfinite(values[row, column]) else "below zero"
        raise GivenFactorsError(f"{name} {values[row, column]:.6g} is {what}", row, column)


def _check_reciprocity(exchange_area: np.ndarray, area: np.ndarray) -> None:
    """A_i F_ij = A_j F_ji, near enough."""
    apart = np.abs(exchange_area - exchange_area.T)
    worst = apart / np.minimum(area[:, None], area[None, :])
    total = float(exchange_area.sum())
    share = float(apart.sum()) / (2.0 * total) if total > 0 else 0.0
    if worst.max(initial=0.0) > RECIPROCITY or share > RECIPROCITY:
        i, j = (int(k) for k in np.unravel_index(np.argmax(worst), worst.shape))
        raise GivenFactorsError(
            f"A_i F_ij is {exchange_area[i, j]:.6g} m^2 one way and {exchange_area[j, i]:.6g} m^2 the other; they may "
            f"differ by {RECIPROCITY:g} of the smaller area, and in all pairs together by {RECIPROCITY:g} of the sum "
            f"(here {share:.2g}). Are rows and columns exchanged, or the facets in another order?",
            i,
            j,
        )


def _blocks_of_pairs(first: np.ndarray, second: np.ndarray, area: np.ndarray, count: int) -> ExchangeTiles:
    """Blocks of pairs of facets, each given once with its exchange area (m2), in the order of the facets."""
    tiles = -(-count // LANE)
    low, high = np.minimum(first, second), np.maximum(first, second)
    code, block = np.unique(low // LANE * tiles + high // LANE, return_inverse=True)
    value = np.zeros((len(code), LANE, LANE))  # as exact as it was given
    value[block, low % LANE, high % LANE] = area
    own = code // max(tiles, 1) == code % max(tiles, 1)
    value[own] += value[own].swapaxes(1, 2)
    facet = np.minimum(np.arange(tiles * LANE), count).reshape(tiles, LANE)
    return ExchangeTiles(facet, code // max(tiles, 1), code % max(tiles, 1), value)  # pyright: ignore[reportArgumentType]
