"""What a process imports before it computes: in a process of its own, since the tests have imported everything."""

import ast
import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import caloris
from caloris import executables, process
from caloris.devices import ray_backend

HEAVY = {"pydantic", "pint", "scipy", "matplotlib", "h5py", "equinox", "rich", "typer", "trimesh"}
EXAMPLE = Path(__file__).parents[2] / "examples" / "two_plates.toml"


def python(*lines: str, **variables: str) -> str:
    """What a fresh interpreter prints that finds packages where this one does; variables of its environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JAX_", "CALORIS_"))}
    environment |= variables
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_by(*lines: str, **variables: str) -> set[str]:
    """The top packages that these lines import."""
    listed = python(
        *lines,
        "import json, sys",
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))",
        **variables,
    )
    return set(json.loads(listed.splitlines()[-1]))


def test_importing_caloris_imports_nothing_else() -> None:
    assert not imported_by("import caloris") & (HEAVY | {"jax", "numpy"})


def test_view_factors_want_jax_alone() -> None:
    found = imported_by("import caloris.geometry.view_factors", "import caloris_validation.mesh_scenes")
    assert "jax" in found and not found & HEAVY


@pytest.mark.skipif(ray_backend() != "embree", reason="elsewhere programs are compiled for the device")
@pytest.mark.skipif(executables._machine() is None, reason="compiled programs are kept where the processor is known")
def test_kept_programs_of_view_factors_import_nothing_either(tmp_path) -> None:
    """A first process traces, lowers and compiles them; a later one only loads them, and finds the same.

    Two squares that face each other, with a smaller one between.
    """
    lines = (
        "from caloris.process import prepare_process",
        "prepare_process()",
        "from caloris.geometry.view_factors import compute_view_factors",
        "from caloris_validation.mesh_scenes import Sheet, build",
        "sheets = [Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0)), Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0))]",
        "sheets.append(Sheet((0.3, 0.3, 0.5), (0.4, 0, 0), (0, 0.4, 0), (0, 1)))",
        "print(compute_view_factors(*build(sheets, 0.5).mesh, tolerance=1e-2).pair_exchange_area.sum())",
    )
    first = python(*lines, CALORIS_CACHE=str(tmp_path))
    assert python(*lines, CALORIS_CACHE=str(tmp_path)) == first
    assert not imported_by(*lines, CALORIS_CACHE=str(tmp_path)) & HEAVY


def test_help_does_not_import_jax() -> None:
    assert not imported_by("from caloris.cli import app", "app(['--help'], standalone_mode=False)") & (
        HEAVY - {"rich", "typer"} | {"jax", "numpy"}
    )


def test_check_does_without_scipy_and_plots() -> None:
    found = imported_by("from caloris.cli import app", f"app(['check', {str(EXAMPLE)!r}], standalone_mode=False)")
    assert {"jax", "pydantic"} <= found and not found & {"matplotlib", "trimesh"}


@pytest.mark.parametrize("name", caloris.__all__)
def test_public_names_are_what_their_modules_hold(name: str) -> None:
    value = getattr(caloris, name)
    assert value is getattr(sys.modules[caloris._MODULE_OF[name]], name)
    assert name in dir(caloris) and vars(caloris)[name] is value


def test_type_checkers_see_the_same_names() -> None:
    """The imports that are for type checkers alone, and the table that serves the interpreter."""
    (block,) = (node for node in ast.parse(Path(caloris.__file__).read_text()).body if isinstance(node, ast.If))
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names:
            assert alias.asname == alias.name
            seen[alias.name] = node.module
    assert seen == caloris._MODULE_OF


def test_unknown_names_are_missing_as_everywhere() -> None:
    with pytest.raises(AttributeError, match="module 'caloris' has no attribute 'solve_everything'"):
        caloris.solve_everything  # noqa: B018 # pyright: ignore
    assert not hasattr(caloris, "solve_everything")


def test_star_import_takes_the_public_names() -> None:
    lines = "from caloris import *", "print(sorted(name for name in dir() if not name.startswith('_')))"
    assert ast.literal_eval(python(*lines)) == caloris.__all__


def test_a_process_of_its_own_is_prepared(tmp_path) -> None:
    """Every cache, float64, and garbage collection that goes on, but not among what was imported."""
    printed = python(
        "import gc",
        "from caloris.process import prepare_process",
        "prepare_process()",
        "from caloris import devices",
        "import jax",
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)",
        "print(devices.programs_are_kept(), jax.config.jax_enable_x64)",
        CALORIS_CACHE=str(tmp_path),
    )
    assert printed.split() == ["True"] * 4


def test_a_process_with_jax_in_it_keeps_its_garbage_collection(monkeypatch) -> None:
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    frozen = gc.get_freeze_count()
    process.prepare_process()
    assert gc.isenabled() and gc.get_freeze_count() == frozen
