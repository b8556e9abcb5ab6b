"""Devices and caches: compiled programs, traced rays, the ray caster that suits the machine."""

import hashlib
import importlib.util
import io
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import jax
import numpy as np

_FOLDER: list[Path] = []  # of the caches, once they are on
_PROGRAMS: list[bool] = []  # holds True once lowered programs are kept


def enable_compilation_cache(path: str | os.PathLike[str] | None = None) -> Path:
    """Keep compiled programs on disk between runs, for the whole process; return the folder.

    Default: the environment's CALORIS_CACHE, else ~/.cache/caloris/jax. The folder is made if need be; one
    that cannot be written makes JAX warn and compile anew, never fail. Python programs keep what JAX compiles and
    what rays found; the command line keeps lowered programs as well (`keep_programs`).
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


def keep_programs() -> None:
    """Keep lowered programs too (`caloris.programs`), where the caches are on.

    They are found again by a hash of the source code on disk: not for a process that changes functions or
    constants while it runs, whose programs others would then find.
    """
    _PROGRAMS[:] = [True]


def programs_are_kept() -> bool:
    """Whether lowered programs are kept."""
    return bool(_FOLDER and _PROGRAMS)


def load_bytes(kind: str, digest: str) -> bytes | None:
    """What was stored under this digest; None where nothing was, or the caches are off."""
    if not _FOLDER:
        return None
    try:
        return (_FOLDER[0] / kind / digest).read_bytes()
    except OSError:
        return None


def store_bytes(kind: str, digest: str, content: bytes) -> None:
    """Keep `content` where the caches are on; a folder that cannot be written is no failure."""
    if not _FOLDER:
        return
    file = _FOLDER[0] / kind / digest
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            part.write(content)
        os.replace(part.name, file)
    except OSError:
        return


def _digest(inputs: Sequence[np.ndarray]) -> str:
    """Hash of every number, shape and type of the inputs."""
    digest = hashlib.sha256()
    for array in inputs:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def load_arrays(kind: str, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray] | None:
    """Arrays stored for exactly these inputs; None where there are none, or they cannot be read whole."""
    content = load_bytes(kind, _digest(inputs)) if _FOLDER else None
    if content is None:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def store_arrays(kind: str, inputs: Sequence[np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays for these inputs where the caches are on; a folder that cannot be written is no failure."""
    if not _FOLDER:
        return
    content = io.BytesIO()
    np.savez(content, **arrays)  # pyright: ignore[reportArgumentType]
    store_bytes(kind, _digest(inputs), content.getvalue())


RayBackend = Literal["embree", "pallas", "lax"]


def ray_backend() -> RayBackend:
    """Return the ray caster for JAX's device: one kernel on a GPU; Embree on a processor, where its wheel is installed.

    Elsewhere a loop in JAX: on a TPU, whose kernels cannot gather, and on a processor without Embree.
    """
    platform = jax.default_backend()
    if platform == "cpu" and importlib.util.find_spec("embreex") is not None:
        return "embree"
    return "pallas" if platform in ("gpu", "cuda", "rocm") else "lax"


def describe_device() -> str:
    """Return one line on what computes: JAX's devices, their number, the processor cores, the ray caster."""
    devices = jax.devices()
    kind = devices[0].device_kind
    cores = os.cpu_count() or 1
    return f"{len(devices)} x {devices[0].platform} ({kind}), {cores} cores, rays by {ray_backend()}"
