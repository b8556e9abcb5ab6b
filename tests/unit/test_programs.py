"""Programs kept on disk: found again by another process, never stale, transparent to derivatives."""

from pathlib import Path

import equinox as eqx
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from caloris import devices, executables, programs

TRACES: list[str] = []


class Spring(eqx.Module):
    """A result with a name, an array and nothing else."""

    name: str = eqx.field(static=True)
    force: jax.Array
    energy: jax.Array | None


def stretch(spring: Spring, length: jax.Array, power: float) -> Spring:
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


def test_static_numbers_of_another_type_make_another_program(folder):
    verb = another_process()
    assert verb(SPRING, LENGTH, 2).force.tolist() == verb(SPRING, LENGTH, 2.0).force.tolist()
    assert len(TRACES) == 2


def test_disabled_compilation_runs_the_function_itself(folder):
    with jax.disable_jit():
        assert another_process()(SPRING, LENGTH, 2).force.tolist() == [8.0, 12.0]
    assert not list(folder.glob("programs/*"))


# What is the same in each call of a small program, and wide enough that printing it could leave some out.
TABLE = np.arange(5000.0)


def scaled(arrays: tuple[jax.Array, jax.Array], factor: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """A small function of arrays."""
    TRACES.append("scaled")
    return arrays[0] * factor, arrays[1] + jnp.sum(TABLE) * factor


def solved(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """A small function that calls LAPACK."""
    return jnp.linalg.solve(matrix, right)


ARRAYS = (jnp.arange(3.0), jnp.array(1.0)), np.array(2.0)
known_processor = pytest.mark.skipif(executables._machine() is None, reason="kept where the processor is known")


def small_program(function=scaled):
    """The small program as a fresh interpreter would have it."""
    return programs.kept_on_arrays(function)


@pytest.fixture
def no_lowering(monkeypatch):
    """Fail where anything is traced or lowered by JAX's export."""

    def refuse(*_):
        raise AssertionError("a program is lowered")

    def start() -> None:
        monkeypatch.setattr(programs, "_make", refuse)
        monkeypatch.setattr(jax.export, "deserialize", refuse)

    return start


@known_processor
def test_second_process_does_not_lower_a_small_program(folder, no_lowering):
    first = small_program()(*ARRAYS)
    assert len(list(folder.glob("executables/*"))) == 1
    no_lowering()
    again = small_program()
    second, third = again(*ARRAYS), again(((ARRAYS[0][0] + 1), ARRAYS[0][1]), np.array(3.0))
    assert TRACES == ["scaled"]
    assert isinstance(second, tuple) and second[0].tolist() == first[0].tolist() == [0.0, 2.0, 4.0]
    assert second[1] == first[1] == 1.0 + TABLE.sum() * 2.0
    assert third[0].tolist() == [3.0, 6.0, 9.0]


@known_processor
@pytest.mark.parametrize("damage", [lambda c: b"", lambda c: c[:-9], lambda c: c[:99] + b"!" + c[100:]])
def test_damaged_executable_is_made_anew(folder, damage):
    small_program()(*ARRAYS)
    (file,) = folder.glob("executables/*")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert small_program()(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]
    assert TRACES == ["scaled"] and len(file.read_bytes()) > 1000


@known_processor
def test_program_that_jax_cannot_store_is_asked_for_once(folder, monkeypatch):
    """The first process finds out; later ones take JAX's own way, with its cache."""
    monkeypatch.setattr(executables, "_read", lambda content: lambda *arrays: [jnp.zeros(3), jnp.zeros(())])
    for _ in range(3):
        assert small_program()(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]
    (file,) = folder.glob("executables/*")
    assert len(file.read_bytes()) == 32
    monkeypatch.setattr(executables, "_checked", lambda *_: pytest.fail("asked again"))
    assert small_program()(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]


@known_processor
def test_executable_that_jax_cannot_load_is_made_anew(folder):
    small_program()(*ARRAYS)
    (file,) = folder.glob("executables/*")
    file.write_bytes(executables._sealed(b"another format"))
    assert small_program()(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]
    assert len(file.read_bytes()) > 1000


@known_processor
def test_another_processor_or_constant_or_shape_has_another_executable(folder, monkeypatch):
    small_program()(*ARRAYS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executables, "_machine", lambda: b"another processor")
        small_program()(*ARRAYS)
    assert len(list(folder.glob("executables/*"))) == 2
    small_program()((jnp.arange(4.0), ARRAYS[0][1]), ARRAYS[1])
    assert len(list(folder.glob("executables/*"))) == 3
    table = TABLE.copy()
    table[2500] += 1.0
    monkeypatch.setattr(f"{__name__}.TABLE", table)
    monkeypatch.setattr(programs, "_code", lambda: b"another version")
    assert small_program()(*ARRAYS)[1] == 1.0 + table.sum() * 2.0
    assert len(list(folder.glob("executables/*"))) == 4


@known_processor
def test_other_source_of_the_same_program_has_the_same_executable(folder, monkeypatch):
    small_program()(*ARRAYS)
    monkeypatch.setattr(programs, "_code", lambda: b"another version")
    small_program()(*ARRAYS)
    assert TRACES == ["scaled", "scaled"]
    assert len(list(folder.glob("executables/*"))) == 1


def test_calls_out_of_a_program_are_not_stored_compiled(folder):
    """LAPACK's functions are made ready when a program that calls them is lowered: it is lowered each time."""
    arguments = jnp.array([[2.0, 0.0], [0.0, 4.0]]), jnp.array([2.0, 2.0])
    for _ in range(2):
        assert small_program(solved)(*arguments).tolist() == [1.0, 0.5]
    assert len(list(folder.glob("programs/*"))) == 1 and not list(folder.glob("executables/*"))


def test_small_programs_where_the_processor_is_not_known(folder, monkeypatch):
    monkeypatch.setattr(executables, "_machine", lambda: None)
    for _ in range(2):
        assert small_program()(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]
    assert TRACES == ["scaled"] and not list(folder.glob("executables/*"))


def test_small_programs_inside_transformations(folder):
    """They are jax.jit's there, and where programs are not kept."""
    program = small_program()
    program(*ARRAYS)
    gradient = jax.grad(lambda x: program((x, ARRAYS[0][1]), ARRAYS[1])[0].sum())(ARRAYS[0][0])
    assert gradient.tolist() == [2.0, 2.0, 2.0]
    devices._PROGRAMS.clear()
    assert program(*ARRAYS)[0].tolist() == [0.0, 2.0, 4.0]
