"""Write a run to HDF5: metadata from the table of quantities, dimension scales in every group, atomic."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from caloris.output.quantities import DIMENSIONS, GROUPS, QUANTITIES
from caloris.output.quantity import Quantity
from caloris.output.run_data import RunData

_TEXT = h5py.string_dtype("utf-8")
# Below this size the chunk index and the filter cost more than they save.
_COMPRESS_ABOVE = 65536  # bytes


class RunDataError(ValueError):
    """The arrays handed to the writer contradict the table of quantities."""


def write_run(path: str | Path, run: RunData) -> Path:
    """Write `run` to `path` as HDF5 and return the path.

    The file is written as `path` + ".part" and renamed, so an existing file stays whole until the new one
    is complete, and no half-written file ever carries the name asked for. Every dataset gets `units`,
    `long_name` and its dimension scales; every group carries the scales of all its dimensions, so that
    `xarray.open_dataset(path, group="thermal", engine="h5netcdf")` opens each one.

    Each variant of the run is written the same way under /variant/NAME. A run whose status is not "success" is
    written too (its last accepted state and its result) and may hold non-finite numbers. Raises RunDataError, before
    any file is touched, for a path that the table of quantities lacks, a wrong rank or type, lengths of one dimension
    that differ, and a non-finite number in a successful run; OSError when the file cannot be written.
    """
    path = Path(path)
    contents = _contents(run)
    variants = {name: _contents(variant) for name, variant in run.variants.items()}
    part = path.with_name(path.name + ".part")
    try:
        with h5py.File(part, "w") as file:
            _write_contents(file, contents)
            if variants:
                group = file.create_group("variant", track_order=True)
                for name, variant in variants.items():
                    _write_contents(group.create_group(name), variant)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


class _Contents(NamedTuple):
    """A run whose arrays are checked, with the length of every dimension."""

    run: RunData
    arrays: dict[str, np.ndarray]
    lengths: dict[str, int]


def _contents(run: RunData) -> _Contents:
    arrays = {name: _checked(name, values, run.succeeded) for name, values in run.arrays.items()}
    return _Contents(run, arrays, _dimension_lengths(arrays))


def _write_contents(root: h5py.Group, contents: _Contents) -> None:
    """Write the groups of one run, or of one variant, below `root`."""
    run, arrays, lengths = contents
    root.create_group("case").attrs["toml"] = run.case_text
    _write_attributes(root, "provenance", run.attributes.get("provenance", {}))
    _write_attributes(root, "status", run.status)
    for group in sorted({name.split("/")[0] for name in arrays}):
        _write_group(root.create_group(group), group, arrays, lengths)
    for target, values in run.attributes.items():
        if target not in ("provenance", "status"):
            _write_attributes(root, target, values)


def _checked(name: str, values: Any, succeeded: bool) -> np.ndarray:
    """Return `values` as an array of the kind and rank that the table gives for `name`."""
    quantity = QUANTITIES.get(name)
    if quantity is None:
        raise RunDataError(f"{name}: not in the table of quantities (caloris/output/quantities.py)")
    array = np.asarray(values)
    if array.ndim != len(quantity.dims):
        raise RunDataError(f"{name}: shape {array.shape}, expected dimensions {quantity.dims}")
    if quantity.kind == "text":
        if array.size and array.dtype.kind not in "UO":
            raise RunDataError(f"{name}: expected text, got {array.dtype}")
        return array.astype(object)
    if quantity.kind == "integer":
        if array.dtype.kind not in "iu":
            raise RunDataError(f"{name}: expected integers, got {array.dtype}")
        return array
    if array.dtype.kind not in "fiu":
        raise RunDataError(f"{name}: expected real numbers, got {array.dtype}")
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    bad = ~np.isfinite(array)
    if quantity.may_be_missing:
        bad &= ~np.isnan(array)
    if succeeded and bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise RunDataError(f"{name}: {int(bad.sum())} non-finite of {array.size} numbers, first at {first}")
    return array


def _dimension_lengths(arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Return the length of every dimension in use, one for the whole file."""
    lengths: dict[str, int] = {}
    first: dict[str, str] = {}
    for name, array in arrays.items():
        for dimension, length in zip(QUANTITIES[name].dims, array.shape, strict=True):
            if lengths.setdefault(dimension, length) != length:
                raise RunDataError(
                    f"{name}: {length} along {dimension}, but {first[dimension]} has {lengths[dimension]}"
                )
            first.setdefault(dimension, name)
    return lengths


def _write_group(group: h5py.Group, table: str, arrays: Mapping[str, np.ndarray], lengths: Mapping[str, int]) -> None:
    """Write the datasets of one group, each with its metadata and dimension scales."""
    prefix = table + "/"
    members = {name.removeprefix(prefix): name for name in arrays if name.startswith(prefix)}
    dimensions = dict.fromkeys(d for name in members.values() for d in QUANTITIES[name].dims)
    for dimension in dimensions:
        _write_scale(group, dimension, arrays, lengths[dimension])
    for local, name in members.items():
        if local in dimensions:
            continue  # already written as a scale
        quantity = QUANTITIES[name]
        dataset = _create(group, local, arrays[name], quantity)
        for axis, dimension in enumerate(quantity.dims):
            dataset.dims[axis].attach_scale(group[dimension])
            dataset.dims[axis].label = dimension


def _write_scale(group: h5py.Group, dimension: str, arrays: Mapping[str, np.ndarray], length: int) -> None:
    """Write the scale of one dimension: its coordinate where the run has one, else 0, 1, 2, ..."""
    description = DIMENSIONS[dimension]
    coordinate = description.coordinate
    if coordinate is not None and coordinate in arrays:
        dataset = _create(group, dimension, arrays[coordinate], QUANTITIES[coordinate])
    else:
        counter = Quantity("1", (dimension,), description.long_name, "integer")
        dataset = _create(group, dimension, np.arange(length), counter)
    dataset.make_scale(dimension)
    dataset.dims[0].label = dimension


def _create(group: h5py.Group, name: str, array: np.ndarray, quantity: Quantity) -> h5py.Dataset:
    options: dict[str, Any] = {}
    if array.nbytes > _COMPRESS_ABOVE and quantity.kind != "text":
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    if quantity.kind == "text":
        dataset = group.create_dataset(name, data=array, dtype=_TEXT)
    else:
        dataset = group.create_dataset(name, data=array, **options)
    dataset.attrs["units"] = quantity.units
    dataset.attrs["long_name"] = quantity.long_name
    return dataset


def _write_attributes(root: h5py.Group, target: str, values: Mapping[str, Any]) -> None:
    """Write attributes of a group or dataset; None is left out, flags become 0 or 1 of HDF5's own boolean."""
    if target not in root and target not in GROUPS:
        raise RunDataError(f"{target}: attributes for neither a group of the run file nor a dataset of this run")
    owner = root.require_group(target) if target in GROUPS else root[target]
    for name, value in values.items():
        if value is None:
            continue
        try:
            owner.attrs[name] = value
        except TypeError as error:
            raise RunDataError(f"{target}: attribute {name} has no HDF5 form: {value!r}") from error
