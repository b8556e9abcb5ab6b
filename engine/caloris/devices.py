"""Devices and caches: compiled programs, traced rays, the ray caster that suits the machine."""

import contextlib
import functools
import hashlib
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Literal

import jax

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


def caches_are_on() -> bool:
    """Whether anything is kept on disk."""
    return bool(_FOLDER)


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
    name = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            name = part.name
            part.write(content)
        os.replace(name, file)
    except OSError:
        if name is not None:
            with contextlib.suppress(OSError):
                os.unlink(name)


@functools.cache
def source_digest() -> bytes:
    """Digest of the engine's and the kernels' source code, as it lies on disk."""
    digest = hashlib.sha256()
    for package in ("caloris", "caloris_kernels"):
        found = importlib.util.find_spec(package)
        assert found is not None and found.submodule_search_locations is not None
        for folder in found.submodule_search_locations:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.read_bytes())
    return digest.digest()


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
    platform = devices[0].platform
    name = platform if kind == platform else f"{platform} ({kind})"  # a processor has no other kind than "cpu"
    return f"{len(devices)} x {name}, {cores} cores, rays by {ray_backend()}"
