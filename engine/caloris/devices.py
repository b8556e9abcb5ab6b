"""Devices and caches: compiled programs, traced rays, the ray caster that suits the machine."""

import hashlib
import importlib.util
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import jax
import numpy as np

_FOLDER: list[Path] = []  # of the caches, once they are on


def enable_compilation_cache(path: str | os.PathLike[str] | None = None) -> Path:
    """Keep compiled programs on disk between runs, for the whole process; return the folder.

    Default: the environment's CALORIS_CACHE, else ~/.cache/caloris/jax. The folder is made if need be; one
    that cannot be written makes JAX warn and compile anew, never fail.
    """
    folder = Path(path or os.environ.get("CALORIS_CACHE") or Path.home() / ".cache" / "caloris" / "jax")
    folder = folder.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return folder
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Small programs count too: a run has dozens of them and each costs 0.05 to 1 s to compile.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    _FOLDER[:] = [folder]
    return folder


def _cache_file(kind: str, inputs: Sequence[np.ndarray]) -> Path | None:
    """Where results for these inputs are kept: named by a hash of every number, shape and type of them."""
    if not _FOLDER:
        return None
    digest = hashlib.sha256(kind.encode())
    for array in inputs:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return _FOLDER[0] / kind / f"{digest.hexdigest()}.npz"


def load_arrays(kind: str, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray] | None:
    """Arrays stored for exactly these inputs; None where there are none, or they cannot be read whole."""
    file = _cache_file(kind, inputs)
    if file is None or not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def store_arrays(kind: str, inputs: Sequence[np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays for these inputs where the caches are on; a folder that cannot be written is no failure."""
    file = _cache_file(kind, inputs)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            np.savez(part, **arrays)  # pyright: ignore[reportArgumentType]
        os.replace(part.name, file)
    except OSError:
        return


def ray_backend() -> Literal["embree", "jax"]:
    """Return the ray caster for this machine: Embree where its wheel is installed, else brute force."""
    return "embree" if importlib.util.find_spec("embreex") is not None else "jax"


def describe_device() -> str:
    """Return one line on what computes: JAX's devices, their number, the processor cores, the ray caster."""
    devices = jax.devices()
    kind = devices[0].device_kind
    cores = os.cpu_count() or 1
    return f"{len(devices)} x {devices[0].platform} ({kind}), {cores} cores, rays by {ray_backend()}"
