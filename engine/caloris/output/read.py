"""Read a run file back: arrays by path, names as str, clear errors for anything that is not a run file."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from caloris.output.run_data import SUCCESS


class RunFileError(ValueError):
    """The file is missing, is no run file, or is damaged."""


class RunFile:
    """An open run file, or one variant in it. Datasets are read when asked for and kept.

    Use as a context manager or `close()`; a variant is open as long as its file is.
    """

    def __init__(self, path: Path, file: h5py.Group, variant: str = "") -> None:
        """Wrap an open HDF5 file that `open_run` has checked, or the group of one variant in it."""
        self.path = path
        self.variant_name = variant
        self._file: Any = file
        self._kept: dict[str, np.ndarray] = {}

    def __enter__(self) -> Self:
        """Return the run file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; what was read stays."""
        self._file.file.close()

    def __contains__(self, path: str) -> bool:
        """Whether the run has the dataset or group `path` ("power", "thermal/temperature")."""
        return path in self._file

    def __getitem__(self, path: str) -> np.ndarray:
        """Return the dataset `path` as an array, text as an array of str.

        Raises RunFileError when the run has no such dataset or the file is damaged there.
        """
        if path not in self._kept:
            item = self._file.get(path)
            if not isinstance(item, h5py.Dataset):
                raise RunFileError(f"{self.path}: no dataset {path}")
            try:
                text = h5py.check_string_dtype(item.dtype) is not None
                self._kept[path] = np.asarray(item.asstr()[...] if text else item[...])
            except (OSError, UnicodeDecodeError) as error:
                raise RunFileError(f"{self.path}: {path} cannot be read ({error})") from error
        return self._kept[path]

    def get(self, path: str) -> np.ndarray | None:
        """Return the dataset `path`, or None when the run has none."""
        return self[path] if path in self else None

    def names(self, path: str) -> list[str]:
        """Return a text dataset as a list of str."""
        return [str(name) for name in self[path]]

    def attribute(self, path: str, name: str, default: Any = None) -> Any:
        """Return one attribute of the group or dataset `path`, or `default`."""
        item = self._file.get(path)
        value = default if item is None else item.attrs.get(name, default)
        return value.item() if isinstance(value, np.generic) else value

    def attributes(self, path: str) -> dict[str, Any]:
        """Return all attributes of the group or dataset `path`."""
        item = self._file.get(path)
        return {} if item is None else {name: self.attribute(path, name) for name in item.attrs}

    @property
    def variants(self) -> list[str]:
        """Names of the variants in the file, in the order of the case."""
        return list(self._file.get("variant", ()))

    def variant(self, name: str) -> "RunFile":
        """Return one variant, which has the layout of the file itself. Raises RunFileError for an unknown name."""
        if name not in self.variants:
            known = ", ".join(self.variants) or "the file has none"
            raise RunFileError(f"{self.path}: no variant {name!r}; known: {known}")
        return RunFile(self.path, self._file[f"variant/{name}"], name)

    @property
    def case_text(self) -> str:
        """The case file verbatim."""
        return str(self.attribute("case", "toml", ""))

    @property
    def result(self) -> str:
        """ "success", or the name of what failed."""
        return str(self.attribute("status", "result"))

    @property
    def succeeded(self) -> bool:
        """Whether the run ended with "success"."""
        return self.result == SUCCESS


def open_run(path: str | Path) -> RunFile:
    """Open the run file `path` for reading.

    Raises RunFileError, with a message that says what to do, when there is no such file, when it is not
    HDF5 or is cut short, or when it is HDF5 but not a run file.
    """
    path = Path(path)
    if not path.exists():
        raise RunFileError(f"{path}: no such file; `caloris run CASE.toml -o {path}` writes one")
    if path.is_dir():
        raise RunFileError(f"{path}: a folder, not a run file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        reason = "cut short or damaged" if _starts_as_hdf5(path) else "not an HDF5 file"
        raise RunFileError(f"{path}: {reason}; a run file comes from `caloris run`") from error
    run = RunFile(path, file)
    missing = [group for group in ("case", "status") if group not in run]
    if missing or run.attribute("status", "result") is None:
        run.close()
        lacking = " and ".join(f"/{group}" for group in missing) or "the result in /status"
        raise RunFileError(f"{path}: HDF5, but not a Caloris run file (it lacks {lacking})")
    return run


def _starts_as_hdf5(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(8) == b"\x89HDF\r\n\x1a\n"
