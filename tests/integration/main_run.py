"""The shipped example as a test object: its run file, and a coarse copy of it that solves in seconds."""

import tomllib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import caloris

EXAMPLE = Path(__file__).parents[2] / "examples" / "orbital_data_center.toml"

# About 120 facets instead of 2000 and three poses: temperatures within a few kelvin of the full case.
COARSE = (
    "surface/bus wall/divide=[2, 1, 1]",
    "surface/array+x/divide=[4, 2]",
    "surface/array-x/divide=[4, 2]",
    "surface/radiator/divide=[4, 2]",
    "run/joint_states=3",
    "run/view_factor_tolerance=5e-3",
    "run/temperature_tolerance=10 mK",
    "run/output_every=120 s",
)


def write_main_run(folder: Path) -> Path:
    """Run the example and write its file."""
    return caloris.run(caloris.load_case(EXAMPLE)).save(folder / "main.h5")


def coarse_case(*overrides: str) -> caloris.Case:
    """The coarse copy with more overrides."""
    return caloris.load_case(EXAMPLE, (*COARSE, *overrides))


class RunFile:
    """Reads a run file by path, with h5py alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = h5py.File(path)

    def __getitem__(self, name: str) -> np.ndarray:
        """A dataset; texts as str."""
        dataset = self.file[name]
        assert isinstance(dataset, h5py.Dataset)
        return np.asarray(dataset.asstr()[()] if h5py.check_string_dtype(dataset.dtype) else dataset[()])

    def attribute(self, group: str, name: str) -> Any:
        """An attribute of a group."""
        return self.file[group].attrs[name]

    @property
    def case(self) -> dict[str, Any]:
        """The case file that made the run, parsed."""
        return tomllib.loads(self.attribute("case", "toml"))

    def datasets(self) -> dict[str, h5py.Dataset]:
        """Every dataset by path."""
        found: dict[str, h5py.Dataset] = {}
        self.file.visititems(lambda name, item: found.update({name: item} if isinstance(item, h5py.Dataset) else {}))
        return found

    def nodes_of(self, surface: str) -> np.ndarray:
        """Indices of the nodes of a surface."""
        return np.array([k for k, name in enumerate(self["thermal/node"]) if name.split("[")[0] == surface])
