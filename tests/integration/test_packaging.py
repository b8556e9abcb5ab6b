"""The wheel: what it holds, and that importing it from outside the checkout has no side effect."""

import configparser
import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "caloris": ROOT / "engine" / "caloris",
    "caloris_kernels": ROOT / "kernels" / "caloris_kernels",
    "caloris_validation": ROOT / "validation" / "caloris_validation",
    "caloris_benchmarks": ROOT / "benchmarks" / "caloris_benchmarks",
}
# What pip says when it cannot fetch the build backend: a matter of the machine, not of the package.
NO_NETWORK = ("No matching distribution found for hatchling", "Could not find a version that satisfies")

# Run in a process of its own: imports every module of the four packages and reports what that did.
IMPORT_ALL = """
import importlib, pkgutil, sys
folder = sys.argv[1]
import caloris, caloris_kernels, caloris_validation, caloris_benchmarks
import jax
for package in (caloris, caloris_kernels, caloris_validation, caloris_benchmarks):
    assert package.__file__.startswith(folder), package.__file__
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
assert not jax.config.jax_enable_x64, "importing switched on float64"
assert jax.config.jax_compilation_cache_dir is None, "importing chose a compilation cache"
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized(), "importing started JAX's devices"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, built in an isolated environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--wheel-dir", str(folder), "--retries=0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    if done.returncode != 0 and any(words in done.stderr + done.stdout for words in NO_NETWORK):
        pytest.skip("the build backend (hatchling) cannot be fetched: no package index within reach")
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _information(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [entry for entry in archive.namelist() if entry.endswith(f".dist-info/{name}")]
        return archive.read(path).decode()


def test_wheel_holds_the_four_packages_and_nothing_else(names):
    top = {name.split("/")[0] for name in names}
    information = {name for name in top if name.endswith(".dist-info")}
    assert top - information == set(PACKAGES)
    assert len(information) == 1


def test_wheel_holds_every_file_of_the_packages(names):
    for package, folder in PACKAGES.items():
        present = {
            f"{package}/{path.relative_to(folder).as_posix()}"
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert f"{package}/__init__.py" in present
        # the example that is a reference case too stands beside the cases
        present |= {f"{package}/iss_atcs.toml"} if package == "caloris_validation" else set()
        assert {name for name in names if name.startswith(package + "/")} == present


def test_wheel_metadata(wheel):
    metadata = Parser().parsestr(_information(wheel, "METADATA"))
    assert metadata["Name"] == "caloris"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "Apache License" in _information(wheel, "licenses/LICENSE")
    required = {re.split(r"[<>=!~;\[ ]", line)[0] for line in metadata.get_all("Requires-Dist") or []}
    assert {"jax", "equinox", "h5py", "pydantic", "typer"} <= required
    assert _information(wheel, "WHEEL").count("Tag: py3-none-any") == 1


def test_wheel_commands(wheel):
    parsed = configparser.ConfigParser()
    parsed.read_string(_information(wheel, "entry_points.txt"))
    assert dict(parsed["console_scripts"]) == {
        "caloris": "caloris.cli:main",
        "caloris-validate": "caloris_validation.runner:main",
        "caloris-bench": "caloris_benchmarks.runner:main",
    }


def test_importing_the_wheel_changes_nothing(wheel, tmp_path):
    """Every module imports from the wheel alone, prints nothing and leaves JAX as it was."""
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JAX_", "CALORIS_"))}
    environment["PYTHONPATH"] = str(unpacked)
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, str(unpacked)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""
    assert {path.name for path in tmp_path.iterdir()} == {"unpacked"}


def test_the_commands_of_the_wheel_exist(wheel, tmp_path):
    """Each entry point answers --help from the wheel."""
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    for module in ("caloris", "caloris_validation", "caloris_benchmarks"):
        command = [sys.executable, "-m", module, "--help"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        assert "--help" in done.stdout
