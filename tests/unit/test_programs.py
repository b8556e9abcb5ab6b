"""Programs kept on disk: found again by another process, never stale, transparent to derivatives."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from caloris import devices, programs

TRACES: list[str] = []


class Spring(eqx.Module):
    """A result with a name, an array and nothing else."""

    name: str = eqx.field(static=True)
    force: jax.Array
    energy: jax.Array | None


def stretch(spring: Spring, length: jax.Array, power: int) -> Spring:
    """Counts how often it is traced."""
    TRACES.append(spring.name)
    return Spring(spring.name, spring.force * length**power, None)


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    """An empty cache folder for the programs alone; JAX's own stays where the tests have it."""
    monkeypatch.setattr(devices, "_FOLDER", [tmp_path])
    devices.keep_programs()
    TRACES.clear()
    return tmp_path


def another_process():
    """The verb as a fresh interpreter would have it: nothing in memory."""
    return programs.kept(stretch)


SPRING, LENGTH = Spring("coil", jnp.array([2.0, 3.0]), None), jnp.array(2.0)


def test_second_process_does_not_trace(folder):
    first = another_process()(SPRING, LENGTH, 2)
    second = another_process()(SPRING, LENGTH, 2)
    assert TRACES == ["coil"]
    assert len(list(folder.glob("programs/*"))) == 1
    assert second.name == "coil" and second.energy is None
    assert second.force.tolist() == first.force.tolist() == [8.0, 12.0]


def test_new_numbers_use_the_same_program(folder):
    another_process()(SPRING, LENGTH, 2)
    other = another_process()(Spring("coil", jnp.array([1.0, -1.0]), None), jnp.array(3.0), 2)
    assert other.force.tolist() == [9.0, -9.0]
    assert len(TRACES) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (SPRING, LENGTH, 3),  # a static number
        (Spring("leaf", SPRING.force, None), LENGTH, 2),  # a static field
        (Spring("coil", jnp.ones(3), None), LENGTH, 2),  # a shape
        (Spring("coil", SPRING.force.astype(jnp.float32), None), LENGTH, 2),  # a type
        (Spring("coil", SPRING.force, LENGTH), LENGTH, 2),  # the structure
    ],
)
def test_what_tracing_depends_on_makes_another_program(folder, arguments):
    another_process()(SPRING, LENGTH, 2)
    found = another_process()(*arguments)
    assert len(TRACES) == 2
    assert found.name == arguments[0].name
    assert jnp.array_equal(found.force, arguments[0].force * 2.0 ** arguments[2])


def test_changed_source_makes_another_program(folder, monkeypatch):
    another_process()(SPRING, LENGTH, 2)
    monkeypatch.setattr(programs, "_code", lambda: b"another version")
    another_process()(SPRING, LENGTH, 2)
    assert len(TRACES) == 2


@pytest.mark.parametrize("content", [b"", b"not a program", b"\x80\x04N."])
def test_damaged_file_is_made_anew(folder, content):
    another_process()(SPRING, LENGTH, 2)
    (file,) = folder.glob("programs/*")
    file.write_bytes(content)
    assert another_process()(SPRING, LENGTH, 2).force.tolist() == [8.0, 12.0]
    assert len(TRACES) == 2 and len(file.read_bytes()) > 500


def test_program_cut_short_is_made_anew(folder):
    another_process()(SPRING, LENGTH, 2)
    (file,) = folder.glob("programs/*")
    file.write_bytes(file.read_bytes()[:-200])
    assert another_process()(SPRING, LENGTH, 2).force.tolist() == [8.0, 12.0]


def test_derivatives_and_batches_pass_through(folder):
    verb = another_process()
    verb(SPRING, LENGTH, 2)
    assert jax.grad(lambda x: verb(SPRING, x, 2).force.sum())(LENGTH) == 20.0
    assert jax.jvp(lambda x: verb(SPRING, x, 2).force, (LENGTH,), (1.0,))[1].tolist() == [8.0, 12.0]
    assert jax.vmap(lambda x: verb(SPRING, x, 2).force)(jnp.arange(3.0)).tolist() == [[0, 0], [2, 3], [8, 12]]


def test_unwritable_folder_is_no_failure(monkeypatch, tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "programs").write_text("")
    monkeypatch.setattr(devices, "_FOLDER", [tmp_path])
    devices.keep_programs()
    assert another_process()(SPRING, LENGTH, 2).force.tolist() == [8.0, 12.0]


def test_caches_off_is_plain_compilation(monkeypatch):
    monkeypatch.setattr(devices, "_FOLDER", [])
    devices.keep_programs()
    assert another_process()(SPRING, LENGTH, 2).force.tolist() == [8.0, 12.0]
