"""Every test runs in float64 on a persistent compilation cache."""

import gc
import itertools
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

# Tests compile many small programs once: XLA's older loop emitters take a third less time for them (two thermal
# reference cases, empty cache: 36 s -> 24 s and 26 s -> 17 s). A later XLA that no longer knows the flag would stop.
if version("jaxlib").startswith("0.10."):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false".strip()

# Workers of a parallel run are given a terminal's width; tables are tested at their own.
os.environ.pop("COLUMNS", None)

import jax
import pytest

from caloris import devices

jax.config.update("jax_enable_x64", True)
jax.config.update(
    "jax_compilation_cache_dir",
    os.environ.get("CALORIS_CACHE", str(Path(__file__).parents[1] / ".cache" / "jax")),
)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip gpu-marked tests where JAX sees no GPU."""
    if any(device.platform == "gpu" for device in jax.devices()):
        return
    skip = pytest.mark.skip(reason="no GPU on this machine")
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(skip)


# Linux gives a process 65530 memory maps, and every compiled program holds several until JAX lets go of it: a worker
# that keeps the programs of all its tests ends in a segmentation fault.
PROGRAM_MAPS = 20000
# Counting them takes 20 ms; so many tests add some thousands.
_TESTS_PER_COUNT = 8
_tests_run = itertools.count(1)


@pytest.fixture(autouse=True)
def few_programs() -> Iterator[None]:
    """Compiled programs are dropped when there are many; the cache on disk keeps them."""
    yield
    maps = Path("/proc/self/maps")
    if next(_tests_run) % _TESTS_PER_COUNT or not maps.exists():
        return
    if maps.read_bytes().count(b"\n") > PROGRAM_MAPS:
        jax.clear_caches()
        gc.collect()


@pytest.fixture(autouse=True)
def caches_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test, or a command run inside it, switches on ends with it: other tests plant defects."""
    monkeypatch.setattr(devices, "_FOLDER", list(devices._FOLDER))
    monkeypatch.setattr(devices, "_PROGRAMS", [])
