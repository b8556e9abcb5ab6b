"""The writer: metadata and scales on every dataset, xarray opens every group, wrong data is refused."""

from typing import Any

import h5py
import numpy as np
import pytest
import xarray

from caloris.output.hdf5 import RunDataError, write_run
from caloris.output.quantities import ATTRIBUTES, DIMENSIONS, GROUPS, QUANTITIES
from caloris.output.run_data import RunData

DATA_GROUPS = ("mesh", "orbit", "thermal", "power", "particle", "upset", "system", "limits", "margins", "view_factors")


def test_table_is_consistent():
    for path, quantity in QUANTITIES.items():
        assert path.split("/")[0] in GROUPS
        assert quantity.units and quantity.long_name
        assert set(quantity.dims) <= set(DIMENSIONS), path
    for name, dimension in DIMENSIONS.items():
        if dimension.coordinate:
            assert QUANTITIES[dimension.coordinate].dims == (name,)
    assert {path.split("/")[0] for path in ATTRIBUTES} <= set(GROUPS)


def test_synthetic_run_covers_the_table(run):
    # Otherwise the tests below would pass over quantities that nothing here writes.
    assert set(run.arrays) == set(QUANTITIES)


def test_every_dataset_has_metadata_and_scales(run, tmp_path):
    path = write_run(tmp_path / "run.h5", run)
    seen = []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        seen.append(name)
        assert isinstance(item.attrs["units"], str) and item.attrs["units"]
        assert isinstance(item.attrs["long_name"], str) and item.attrs["long_name"]
        for axis, dimension in enumerate(item.dims):
            assert dimension.label, name
            if item.is_scale:
                assert item.ndim == 1
            else:
                (scale,) = dimension.values()
                assert scale.parent == item.parent
                assert scale.shape == (item.shape[axis],)

    with h5py.File(path) as opened:
        file: Any = opened
        file.visititems(visit)
        assert set(run.arrays) <= set(seen)
        assert file["case"].attrs["toml"] == run.case_text
        assert file["status"].attrs["result"] == "success"
        assert bool(file["power"].attrs["sustained"]) is True
        assert h5py.check_string_dtype(file["thermal/node"].dtype).encoding == "utf-8"


@pytest.mark.parametrize("group", DATA_GROUPS)
def test_xarray_opens_every_group(run, tmp_path, group):
    path = write_run(tmp_path / "run.h5", run)
    with xarray.open_dataset(path, group=group, engine="h5netcdf") as data:
        for name, quantity in QUANTITIES.items():
            if name.startswith(group + "/"):
                variable = data[name.removeprefix(group + "/")]
                assert variable.dims == quantity.dims
                assert variable.attrs["units"] == quantity.units
                expected = run.arrays[name]
                if quantity.kind == "text":
                    assert [str(v) for v in variable.values] == list(expected)
                else:
                    np.testing.assert_array_equal(variable.values, expected)


def test_groups_share_their_coordinates(run, tmp_path):
    path = write_run(tmp_path / "run.h5", run)
    with xarray.open_dataset(path, group="power", engine="h5netcdf") as power:
        np.testing.assert_array_equal(power["array_power"]["time"], run.arrays["thermal/time"])
    with xarray.open_dataset(path, group="thermal", engine="h5netcdf") as thermal:
        assert thermal["temperature"].sel(node="gpu_tray").shape == run.arrays["thermal/time"].shape


@pytest.mark.parametrize(
    ("path", "values", "words"),
    [
        ("thermal/temprature", np.zeros(3), "not in the table"),
        ("thermal/energy_residual", np.zeros((97, 2)), "expected dimensions"),
        ("thermal/energy_residual", np.zeros(96), "along time"),
        ("thermal/energy_residual", np.full(97, np.nan), "97 non-finite"),
        ("limits/margin_high", np.full(4, np.inf), "4 non-finite"),
        ("thermal/energy_residual", np.full(97, "x"), "expected real numbers"),
        ("mesh/facet_node", np.zeros(80), "expected integers"),
        ("mesh/body", np.zeros(3), "expected text"),
    ],
)
def test_wrong_data_is_refused_before_any_file_is_touched(run, tmp_path, path, values, words):
    target = tmp_path / "run.h5"
    target.write_bytes(b"kept")
    run.arrays[path] = values
    with pytest.raises(RunDataError, match=words) as raised:
        write_run(target, run)
    assert path in str(raised.value)
    assert target.read_bytes() == b"kept"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("attributes", [{"thermal": {"mode": object()}}, {"termal": {"mode": "steady"}}])
def test_bad_attributes_leave_the_old_file(run, tmp_path, attributes):
    target = tmp_path / "run.h5"
    target.write_bytes(b"kept")
    run.attributes = attributes
    with pytest.raises(RunDataError):
        write_run(target, run)
    assert target.read_bytes() == b"kept"
    assert list(tmp_path.iterdir()) == [target]


def test_failed_run_keeps_its_last_state_and_result(run, tmp_path):
    run.status = {"result": "step_too_small", "iterations": 3}
    run.arrays["thermal/energy_residual"][5] = np.nan
    path = write_run(tmp_path / "run.h5", run)
    with h5py.File(path) as opened:
        file: Any = opened
        assert file["status"].attrs["result"] == "step_too_small"
        assert np.isnan(file["thermal/energy_residual"][5])


def test_long_case_text_and_empty_joints(run, tmp_path):
    # HDF5 keeps compact attributes below 64 KiB; a long case must still fit. Zero joints are normal.
    run.case_text = "# Größe 120 kW\n" * 20000
    run.arrays["orbit/joint"] = np.array([], dtype=str)
    run.arrays["orbit/joint_angle"] = np.zeros((97, 0))
    run.arrays["view_factors/joint_angle"] = np.zeros((2, 0))
    path = write_run(tmp_path / "run.h5", run)
    with h5py.File(path) as opened:
        file: Any = opened
        assert file["case"].attrs["toml"] == run.case_text
        assert file["orbit/joint_angle"].shape == (97, 0)


def test_run_without_a_spacecraft(device_run, tmp_path):
    path = write_run(tmp_path / "part.h5", device_run)
    with h5py.File(path) as opened:
        file: Any = opened
        assert set(file) == {"case", "provenance", "status", "particle", "upset"}


def test_empty_run_has_its_case_and_status(tmp_path):
    path = write_run(tmp_path / "empty.h5", RunData(case_text="x", status={"result": "not_finite"}))
    with h5py.File(path) as opened:
        file: Any = opened
        assert set(file) == {"case", "provenance", "status"}
