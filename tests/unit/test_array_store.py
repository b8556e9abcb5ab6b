"""Arrays kept on disk: found again for exactly their inputs, and never anything but what was stored."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import equinox as eqx
import h5py
import numpy as np
import pytest

from caloris import array_store, devices
from caloris.array_store import load_arrays, store_arrays
from caloris.geometry.assembly import Body, Geometry, Surface
from caloris.geometry.shapes import Rectangle
from caloris.solve import trace as tracing

INPUTS = {"vertices": np.linspace(0.0, 3.0, 12).reshape(4, 3), "settings": np.array([5e-4, 0.0])}
ARRAYS = {"pair": np.arange(6, dtype=np.int32).reshape(2, 3), "view": np.array([0.1, 0.2]), "none": np.zeros((0, 3))}


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(devices, "_FOLDER", [tmp_path])
    return tmp_path


@pytest.fixture
def file(folder) -> Path:
    store_arrays("rays", INPUTS, ARRAYS)
    (path,) = folder.glob("rays/*")
    return path


def same(found) -> bool:
    return found is not None and all(
        found[k].dtype == v.dtype and np.array_equal(found[k], v) for k, v in ARRAYS.items()
    )


def changed(name: str, array: np.ndarray) -> dict[str, np.ndarray]:
    return INPUTS | {name: array}


def test_arrays_come_back(file):
    assert same(load_arrays("rays", INPUTS))


def test_the_file_is_hdf5_and_says_what_it_is(file):
    with h5py.File(file) as content:
        assert content.attrs["key"] == file.stem and content.attrs["kind"] == "rays"
        assert np.array_equal(content["pair"], ARRAYS["pair"])  # pyright: ignore
        assert content.userblock_size == 512
    assert file.read_bytes().startswith(b"caloris arrays 1\nkey " + file.stem.encode())


@pytest.mark.parametrize(
    "inputs",
    [
        changed("vertices", INPUTS["vertices"] + np.eye(4, 3) * 1e-6),
        changed("vertices", np.nextafter(INPUTS["vertices"], 9.0)),
        changed("settings", np.array([4e-4, 0.0])),
        changed("settings", np.array([5e-4, 1.0])),
        changed("vertices", INPUTS["vertices"].astype(np.float32)),
        changed("vertices", INPUTS["vertices"].reshape(3, 4)),
        changed("more", np.zeros(0)),
        {"vertices": INPUTS["vertices"]},
        {"points": INPUTS["vertices"], "settings": INPUTS["settings"]},
    ],
)
def test_other_inputs_find_nothing(file, inputs):
    assert load_arrays("rays", inputs) is None


def test_another_kind_or_code_finds_nothing(file, monkeypatch):
    assert load_arrays("sky", INPUTS) is None
    monkeypatch.setattr(array_store, "source_digest", lambda: b"another version")
    assert load_arrays("rays", INPUTS) is None


def test_no_flipped_bit_is_believed(file):
    """A sample of the bytes, one after the other."""
    content = file.read_bytes()
    places = [*range(0, 512, 3), *np.linspace(512, len(content) - 1, 150).astype(int)]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        file.write_bytes(damaged)
        assert load_arrays("rays", INPUTS) is None, place
    file.write_bytes(content)
    assert same(load_arrays("rays", INPUTS))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, -1, -100])
def test_a_file_cut_short_is_not_believed(file, length):
    file.write_bytes(file.read_bytes()[:length])
    assert load_arrays("rays", INPUTS) is None


def test_a_longer_file_is_not_believed(file):
    file.write_bytes(file.read_bytes() + b"\0")
    assert load_arrays("rays", INPUTS) is None


@pytest.mark.parametrize("content", [b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(2000), b"\0" * 4096])
def test_a_foreign_file_is_not_believed(file, content):
    file.write_bytes(content)
    assert load_arrays("rays", INPUTS) is None
    store_arrays("rays", INPUTS, ARRAYS)
    assert same(load_arrays("rays", INPUTS))


def test_a_whole_file_under_another_key_is_not_believed(file, folder):
    other = changed("settings", np.array([1.0]))
    store_arrays("rays", other, ARRAYS)
    (second,) = set(folder.glob("rays/*")) - {file}
    shutil.copy(file, second)
    assert load_arrays("rays", other) is None
    assert same(load_arrays("rays", INPUTS))


def test_a_folder_in_the_place_of_the_file(file):
    file.unlink()
    file.mkdir()
    assert load_arrays("rays", INPUTS) is None
    store_arrays("rays", INPUTS, ARRAYS)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_unwritable_folder_is_no_failure(monkeypatch, tmp_path):
    (tmp_path / "rays").write_text("a file where the folder should be")
    monkeypatch.setattr(devices, "_FOLDER", [tmp_path])
    store_arrays("rays", INPUTS, ARRAYS)
    assert load_arrays("rays", INPUTS) is None


def test_caches_off(monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "_FOLDER", [])
    store_arrays("rays", INPUTS, ARRAYS)
    assert load_arrays("rays", INPUTS) is None


def test_many_at_once(folder):
    """Writers and readers of one file: a reader finds the whole of it or nothing."""
    large = {"array": np.random.default_rng(0).random(200_000)}

    def work(number: int) -> bool:
        found = load_arrays("rays", INPUTS)
        store_arrays("rays", INPUTS, large)
        again = load_arrays("rays", INPUTS)
        return again is not None and all(
            one is None or np.array_equal(one["array"], large["array"]) for one in (found, again)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(24)))
    assert len(list(folder.glob("rays/*"))) == 1


# Two plates that face each other, 1 m apart.
PLATES = Geometry(
    (Body("bus"),),
    (
        Surface("low", Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0]), 0, 0),
        Surface("high", Rectangle([0, 0, 1], [0, 1, 0], [1, 0, 0]), 0, 0),
    ),
)


def test_view_factors_are_never_stale(folder, monkeypatch):
    """What is traced again: another place, tolerance or seed, a damaged file; nothing else."""
    traced = []
    compute = tracing.compute_pose_view_factors
    monkeypatch.setattr(tracing, "compute_pose_view_factors", lambda *a, **k: traced.append(1) or compute(*a, **k))

    def trace(geometry=PLATES, tolerance=1e-3, seed=0):
        before = len(traced)
        found = tracing.trace(geometry, None, 1.0, False, tolerance=tolerance, joint_states=2, seed=seed)
        return float(np.sum(np.asarray(found.exchange_area))), len(traced) > before

    first, new = trace()
    assert new
    again, new = trace()
    assert not new and again == first
    moved = eqx.tree_at(lambda g: g.surfaces[1].shape.corner, PLATES, np.array([0.0, 0.0, 1.0 + 1e-6]))
    other, new = trace(moved)
    # F between opposed unit squares (Howell C-11) falls as the gap to the power 1.3 here; to float32's 6e-8 and the
    # quadrature's change.
    assert new and other / first - 1 == pytest.approx(-1.3e-6, abs=3e-7)
    assert trace(tolerance=2e-3)[1] and trace(seed=1)[1]
    for path in folder.glob("rays/*"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    again, new = trace()
    assert new and again == first
    assert trace() == (first, False)
