"""Devices: the compilation cache, the ray caster that suits the machine, and a line that names both."""

import importlib.util
import os
from pathlib import Path
from typing import Literal

import jax


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
    return folder


def ray_backend() -> Literal["embree", "jax"]:
    """Return the ray caster for this machine: Embree where its wheel is installed, else brute force."""
    return "embree" if importlib.util.find_spec("embreex") is not None else "jax"


def describe_device() -> str:
    """Return one line on what computes: JAX's devices, their number, the processor cores, the ray caster."""
    devices = jax.devices()
    kind = devices[0].device_kind
    cores = os.cpu_count() or 1
    return f"{len(devices)} x {devices[0].platform} ({kind}), {cores} cores, rays by {ray_backend()}"
