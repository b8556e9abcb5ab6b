"""View factors that a case takes from a file: `[run] view_factors = "FILE"`.

The order of facets is that of /mesh in the run file and in the file of `caloris viewfactors`, counted from 0. Read are

- HDF5 as `caloris viewfactors` writes it (/view_factors with pairs), for all poses of the run;
- HDF5 with a dataset `view_factor` (F_ij from row i to column j) or `exchange_area` (A_i F_ij, m2), [facet, facet] or
  [pose, facet, facet], and optionally `inactive_view` [facet] or [pose, facet]: the part of the view that ends on
  inactive sides; what is left to 1 goes to space;
- CSV, for a case in which nothing moves: rows of the matrix F_ij, or three columns named i, j, F in the first line,
  where a pair that is listed one way stands for both, and one that is not listed is zero.

Wrong content raises ViewFactorFileError naming file, row and column.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from caloris.geometry.given_factors import (
    GivenFactors,
    GivenFactorsError,
    from_exchange_area,
    from_pairs,
    from_view_factor,
)

# Facets and joint angles are the file's own when they agree to this.
_SAME_AREA, _SAME_ANGLE = 1e-6, 1e-6  # relative; rad
_ROUNDING = 1e-9
_PAIRS = ("pair_pose", "pair_first", "pair_second", "exchange_area", "space_view", "inactive_view")


class ViewFactorFileError(ValueError):
    """A view-factor file that is unreadable or does not fit the case; the message names file, row and column."""


class _Matrix(NamedTuple):
    """One pose as the file has it."""

    values: np.ndarray  # [facet, facet]
    is_area: bool  # exchange areas; else view factors
    inactive_view: np.ndarray  # [facet]

    def factors(self, area: np.ndarray, excess: float) -> GivenFactors:
        """The same, checked."""
        make = from_exchange_area if self.is_area else from_view_factor
        return make(self.values, area, self.inactive_view, excess)


class _Pairs(NamedTuple):
    """One pose as `caloris viewfactors` writes it."""

    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]  # first facet, second, A_i F_ij (m2)
    inactive_view: np.ndarray  # [facet]
    excess: float  # by which views add up to more than 1 in the file itself

    def factors(self, area: np.ndarray, excess: float) -> GivenFactors:
        """The same, checked."""
        return from_pairs(self.pairs, area, self.inactive_view, max(excess, self.excess))


def read_view_factors(path: str | Path, area: np.ndarray, joint_angle: np.ndarray, excess: float) -> list[GivenFactors]:
    """View factors of every pose, checked against the facets' areas (m2) and the poses' angles [pose, joint] (rad).

    excess is by how much the views of a facet may exceed 1 in sum. Raises ViewFactorFileError.
    """
    path = Path(path)
    poses = len(joint_angle)
    found = _from_csv(path, area) if path.suffix.lower() == ".csv" else _from_hdf5(path, area, joint_angle)
    if len(found) != poses:
        many = f"{len(found)} matrix" if len(found) == 1 else f"{len(found)} matrices"
        moves = f"bodies move through {poses} poses in this run" if poses > 1 else "nothing moves in this run"
        cure = "give `view_factor` [pose, facet, facet] in an HDF5 file, or let `caloris viewfactors` write it"
        raise ViewFactorFileError(f"{path}: {many}, but {moves}; {cure}")
    factors = []
    for pose, one in enumerate(found):
        try:
            factors.append(one.factors(area, excess))
        except GivenFactorsError as error:
            where = f", pose {pose}" if poses > 1 else ""
            where += f", row {error.row}" if error.row is not None else ""
            where += f", column {error.column}" if error.column is not None else ""
            raise ViewFactorFileError(f"{path}{where}: {error}") from None
    return factors


def _from_hdf5(path: Path, area: np.ndarray, joint_angle: np.ndarray) -> list[_Matrix] | list[_Pairs]:
    """What an HDF5 file of either kind holds."""
    try:
        with h5py.File(path, "r") as file:
            if isinstance(file.get("view_factors"), h5py.Group):
                return _from_pairs(path, file, area, joint_angle)
            return _from_dense(path, file, len(area))
    except (OSError, KeyError, RuntimeError) as error:
        raise ViewFactorFileError(f"{path}: not readable as HDF5 ({error})") from None


def _from_dense(path: Path, file: h5py.File, count: int) -> list[_Matrix]:
    """Whole matrices."""
    names = [name for name in ("view_factor", "exchange_area") if isinstance(file.get(name), h5py.Dataset)]
    if len(names) != 1:
        found = ", ".join(str(name) for name in file) or "nothing"
        raise ViewFactorFileError(
            f"{path}: needs one dataset, `view_factor` or `exchange_area`, or the groups that `caloris viewfactors` "
            f"writes; the file holds {found}"
        )
    values = _numbers(path, file, names[0])
    shape = " x ".join(str(n) for n in values.shape) or "a single number"
    values = values[None] if values.ndim == 2 else values
    if values.ndim != 3 or values.shape[1:] != (count, count):
        raise ViewFactorFileError(f"{path}: `{names[0]}` is {shape}; the case has {count} facets")
    inactive = _numbers(path, file, "inactive_view") if "inactive_view" in file else np.zeros(count)
    inactive = np.broadcast_to(inactive, values.shape[:2]) if inactive.shape == (count,) else inactive
    if inactive.shape != values.shape[:2]:
        raise ViewFactorFileError(f"{path}: `inactive_view` has shape {inactive.shape}; needed {values.shape[:2]}")
    is_area = names[0] == "exchange_area"
    return [_Matrix(values[k], is_area, np.asarray(inactive[k])) for k in range(len(values))]


def _from_pairs(path: Path, file: h5py.File, area: np.ndarray, joint_angle: np.ndarray) -> list[_Pairs]:
    """The poses of a file of `caloris viewfactors`."""
    pose, first, second, exchange, space, inactive = (_numbers(path, file, f"view_factors/{name}") for name in _PAIRS)
    own_area = _numbers(path, file, "mesh/facet_area")
    count, poses = len(area), len(space)
    if len(own_area) != count:
        raise ViewFactorFileError(f"{path}: view factors of {len(own_area)} facets; the case has {count}")
    apart = np.abs(own_area - area) / area
    if not apart.max(initial=0.0) <= _SAME_AREA:
        k = int(np.argmax(apart))
        raise ViewFactorFileError(
            f"{path}: facet {k} has {own_area[k]:.6g} m^2 in the file and {area[k]:.6g} m^2 in the case; the geometry "
            "is another one"
        )
    if "view_factors/joint_angle" in file and poses == len(joint_angle):
        angle = _numbers(path, file, "view_factors/joint_angle")
        if angle.shape != joint_angle.shape or not np.abs(angle - joint_angle).max(initial=0.0) <= _SAME_ANGLE:
            raise ViewFactorFileError(f"{path}: its poses have other joint angles than those of this run")
    index = [column.astype(np.int64) for column in (pose, first, second)]
    fits = [np.all((0 <= column) & (column < most)) for column, most in zip(index, (poses, count, count), strict=True)]
    shapes = inactive.shape == space.shape == (poses, count), len({len(c) for c in (*index, exchange)}) == 1
    if not all((*fits, *shapes)):
        raise ViewFactorFileError(f"{path}: /view_factors contradicts itself; write it anew with `caloris viewfactors`")
    found = []
    for k in range(poses):
        mine = np.flatnonzero(index[0] == k)
        pairs = index[1][mine], index[2][mine], exchange[mine]
        below = float(np.nan_to_num(-space[k]).max(initial=0.0))
        found.append(_Pairs(pairs, np.asarray(inactive[k]), below + _ROUNDING))
    return found


def _numbers(path: Path, file: h5py.File, name: str) -> np.ndarray:
    """A dataset of real numbers."""
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        raise ViewFactorFileError(f"{path}: there is no dataset {name}")
    if item.dtype.kind not in "fiu":
        raise ViewFactorFileError(f"{path}: {name} holds no real numbers")
    return np.asarray(item[...], float)


def _from_csv(path: Path, area: np.ndarray) -> list[_Matrix]:
    """The matrix of a CSV file of either kind."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ViewFactorFileError(f"{path}: not readable as text ({error})") from None
    lines = [(n, row) for n, row in enumerate(text.splitlines(), 1) if row.strip() and not row.lstrip().startswith("#")]
    rows = [(n, [cell.strip() for cell in next(csv.reader([line]))]) for n, line in lines]
    if not rows:
        raise ViewFactorFileError(f"{path}: empty; needed a matrix, or columns i,j,F")
    values = np.zeros((len(area), len(area)))
    if [cell.lower() for cell in rows[0][1]] == ["i", "j", "f"]:
        _fill_pairs(path, rows[1:], values, area)
    else:
        _fill_matrix(path, rows, values)
    return [_Matrix(values, False, np.zeros(len(area)))]


def _fill_matrix(path: Path, rows: Sequence[tuple[int, list[str]]], values: np.ndarray) -> None:
    """Rows of the matrix."""
    count = len(values)
    if len(rows) != count:
        raise ViewFactorFileError(f"{path}: {len(rows)} rows; the case has {count} facets")
    for row, (line, cells) in enumerate(rows):
        if len(cells) != count:
            raise ViewFactorFileError(f"{path}, line {line} (row {row}): {len(cells)} columns; there must be {count}")
        for column, cell in enumerate(cells):
            values[row, column] = _number(path, line, f"column {column}", cell)


def _fill_pairs(path: Path, rows: Sequence[tuple[int, list[str]]], values: np.ndarray, area: np.ndarray) -> None:
    """Rows i, j, F; a pair that is listed one way alone stands for both."""
    listed: dict[tuple[int, int], int] = {}
    for line, cells in rows:
        if len(cells) != 3:
            raise ViewFactorFileError(f"{path}, line {line}: {len(cells)} values; there must be three: i, j, F")
        pair = _facet(path, line, "i", cells[0], len(values)), _facet(path, line, "j", cells[1], len(values))
        if pair in listed:
            raise ViewFactorFileError(
                f"{path}, line {line}: row {pair[0]}, column {pair[1]} stands in line {listed[pair]} too"
            )
        listed[pair] = line
        values[pair] = _number(path, line, "column F", cells[2])
    for i, j in listed:
        if (j, i) not in listed:
            values[j, i] = values[i, j] * area[i] / area[j]


def _facet(path: Path, line: int, column: str, cell: str, count: int) -> int:
    value = _number(path, line, f"column {column}", cell)
    if value != int(value) or not 0 <= value < count:
        raise ViewFactorFileError(f"{path}, line {line}, column {column}: {cell} is no facet; 0 to {count - 1} are")
    return int(value)


def _number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ViewFactorFileError(f"{path}, line {line}, {column}: {cell!r} is not a finite number")
    return value
