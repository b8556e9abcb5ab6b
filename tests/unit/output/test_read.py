"""Reading back: what was written comes back, anything else is refused with a message that helps."""

import h5py
import numpy as np
import pytest

from caloris.output.hdf5 import write_run
from caloris.output.items import group_items, item_mean, item_of, node_areas, time_mean
from caloris.output.quantities import QUANTITIES
from caloris.output.read import RunFileError, open_run


@pytest.fixture
def path(run, tmp_path):
    return write_run(tmp_path / "run.h5", run)


def test_round_trip(run, path):
    with open_run(path) as stored:
        for name, values in run.arrays.items():
            if QUANTITIES[name].kind == "text":
                assert stored.names(name) == list(values)
            else:
                np.testing.assert_array_equal(stored[name], values)
        assert stored.case_text == run.case_text
        assert stored.succeeded and stored.result == "success"
        assert stored.attribute("power", "sustained") is True
        assert stored.attribute("power", "margin") == 212.0
        assert stored.attribute("power", "nothing", 5) == 5
        assert stored.attributes("nothing") == {}
        assert "power" in stored and "sweep" not in stored
        assert stored.get("sweep/total") is None
        with pytest.raises(RunFileError, match="no dataset thermal/nothing"):
            stored["thermal/nothing"]
        with pytest.raises(RunFileError, match="no dataset thermal"):
            stored["thermal"]


def _missing(path):
    path.unlink()


def _folder(path):
    path.unlink()
    path.mkdir()


def _text(path):
    path.write_text("time,temperature\n0,300\n")


def _cut(path):
    path.write_bytes(path.read_bytes()[:5000])


def _other(path):
    with h5py.File(path, "w") as file:
        file["x"] = 1.0


def _without_result(path):
    with h5py.File(path, "a") as file:
        del file["status"].attrs["result"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_missing, "no such file"),
        (_folder, "a folder"),
        (_text, "not an HDF5 file"),
        (_cut, "cut short or damaged"),
        (_other, "not a Caloris run file .it lacks /case and /status"),
        (_without_result, "lacks the result in /status"),
    ],
)
def test_what_is_no_run_file_is_refused(path, spoil, words):
    spoil(path)
    with pytest.raises(RunFileError, match=words) as raised:
        open_run(path)
    assert str(path) in str(raised.value)


def test_damaged_data_is_named(run, path):
    """Overwrite the compressed chunks of one dataset: the file opens, that dataset says what is wrong."""
    with h5py.File(path) as file:
        dataset = file["thermal/facet_absorbed_solar"]
        assert isinstance(dataset, h5py.Dataset)
        chunk = dataset.id.get_chunk_info(0)
    raw = bytearray(path.read_bytes())
    raw[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(raw)
    with open_run(path) as stored, pytest.raises(RunFileError, match="facet_absorbed_solar cannot be read"):
        stored["thermal/facet_absorbed_solar"]


def test_items_of_nodes():
    assert item_of("wing[0,3]") == "wing"
    assert item_of("mesh[17]") == "mesh"
    assert item_of("wing[0,3].back") == "wing.back"
    assert item_of("bus.u-[1,0]") == "bus.u-"
    items = group_items(["a", "w[0,0]", "b", "w[0,1]"])
    assert {name: list(indices) for name, indices in items.items()} == {"a": [0], "w": [1, 3], "b": [2]}


def test_means_are_weighted():
    # Trapezoid: (0 + 2) / 2 * 1 + (2 + 2) / 2 * 3 = 7 over 4 s.
    assert time_mean(np.array([0.0, 2.0, 2.0]), np.array([0.0, 1.0, 4.0])) == 1.75
    assert time_mean(np.array([3.0]), np.array([0.0])) == 3.0
    values, indices = np.array([[1.0, 9.0, 5.0]]), np.array([0, 2])
    assert item_mean(values, indices, np.array([3.0, 1.0, 1.0])) == 2.0
    assert item_mean(values, indices, np.zeros(3)) == 3.0


def test_areas_from_facets_give_the_same_weights(run, tmp_path):
    with open_run(write_run(tmp_path / "cells.h5", run)) as stored:
        cells = node_areas(stored)
    del run.arrays["thermal/node_area"]
    with open_run(write_run(tmp_path / "facets.h5", run)) as stored:
        facets, names = node_areas(stored), stored.names("thermal/node")
        values = np.arange(len(names), dtype=float)
        for indices in group_items(names).values():
            assert item_mean(values, indices, cells) == pytest.approx(item_mean(values, indices, facets), rel=1e-12)
