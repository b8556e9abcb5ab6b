"""The example with belts, cutoff and solar protons: run, run file, tables and pictures."""

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from rich.console import Console

import caloris
from caloris.output.plot import plot
from caloris.output.show import show
from caloris_kernels.particle.solar_modulation import monthly_modulation

EXAMPLE = Path(__file__).parents[2] / "examples" / "low_orbit_memory.toml"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    run = caloris.run(caloris.load_case(EXAMPLE))
    return run.save(tmp_path_factory.mktemp("particles") / "memory.h5")


@pytest.mark.slow
def test_run_file(path):
    with h5py.File(path) as file:
        group: Any = file["particle"]
        rates: Any = file["upset"]
        words = group.attrs["environment"]
        for part in ("galactic cosmic rays", "cutoff", "AP8MIN in the field of its own epoch, 1964", "ESP", "AE8MAX"):
            assert part in words
        assert group.attrs["epoch"] == "2027-03-21T00:00:00Z"
        assert (group.attrs["proton_field_epoch"], group.attrs["electron_field_epoch"]) == (1964.0, 1970.0)
        names = [name.decode() for name in group["component"][...]]
        assert names == ["galactic cosmic rays", "trapped protons (AP8MIN)"]
        components, outside = group["component_flux"][...], group["flux_outside"][...]
        np.testing.assert_allclose(components.sum(axis=0), outside, rtol=1e-12)
        assert np.isfinite(components).all() and components.min() >= 0.0
        fluence = group["event_fluence"][...]
        assert fluence.max() > 0.0 and group["electron_flux"][...].max() > 0.0
        # The mean above 30 MeV and that of one day of the track, 14 revolutions of which 9 cross the anomaly: 10 %.
        mean, day = group["trapped_proton_mean"][...], group["track_proton_flux"][...]
        assert day[:, 2].mean() == pytest.approx(mean[2], rel=0.1)
        assert (np.diff(mean) < 0.0).all() and mean[2] * 1e-4 == pytest.approx(54.0, rel=0.05)
        assert "cutoff" not in group and group["track_cutoff"].shape == group["track_time"].shape
        for name in group:
            assert "units" in group[name].attrs and "long_name" in group[name].attrs
        # One day's mean upsets and the orbit's, as the trapped fluxes above: 10 %.
        track, trapped = rates["track_rate"][...], rates["track_trapped_rate"][...]
        assert track.shape == (len(rates["device"]), len(group["track_time"]))
        np.testing.assert_allclose(track[:, :-1].mean(axis=1), rates["rate_per_day"][...], rtol=0.1)
        assert (trapped <= track).all() and int(track[0].argmax()) == int(day[:, 2].argmax())
        assert (rates["heavy_ion_rate_per_bit"][0] > 0.0) and (rates["proton_rate_per_bit"][0] > 0.0)


@pytest.mark.slow
def test_tables_and_pictures(path, tmp_path):
    text = io.StringIO()
    show(path, Console(file=text, width=120))
    for words in ("trapped protons, field of 1964", "AP-8 and AE-8 are uncertain by a factor of 2", "GV"):
        assert words in " ".join(text.getvalue().split())
    assert "Upsets along a day of the orbit" in text.getvalue()
    drawn = {picture.stem for picture in plot(path, tmp_path)}
    assert {
        "particle_components",
        "trapped_map",
        "particle_track",
        "transmission",
        "particle_flux",
        "upset_track",
    } <= drawn


def test_modulation_by_date():
    """The example's date is that of the deepest minimum."""
    case = caloris.load_case(EXAMPLE)
    assert case.particles is not None and case.particles.galactic is not None
    assert case.particles.galactic.solar_modulation == monthly_modulation(2009, 12)
