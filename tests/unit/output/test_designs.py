"""Figures of designs: each against the arrays it comes from, what is lacking stays lacking; the table of them."""

import csv
import io
import json

import numpy as np
import pytest
from rich.console import Console

from caloris.output.designs import Design, read_designs, write_csv, write_json
from caloris.output.figures import FIGURES
from caloris.output.hdf5 import write_run
from caloris.output.read import RunFileError
from caloris.output.run_data import RunData
from caloris.output.show_designs import show_designs

WIDTH = 100


@pytest.fixture
def designs_of(tmp_path):
    """Return the designs that a run is read back as."""

    def read(run: RunData, name: str = "alpha", **options) -> list[Design]:
        return read_designs(write_run(tmp_path / f"{name}.h5", run), name, **options)

    return read


def printed(designs, width=WIDTH) -> str:
    stream = io.StringIO()
    show_designs(designs, Console(file=stream, width=width, color_system=None))
    text = stream.getvalue()
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    assert "…" not in text  # nothing is cut off
    return text


def row(text: str, label: str) -> list[str]:
    """The cells of a row: columns are right-aligned and at least two spaces apart."""
    (line,) = [line for line in text.splitlines() if line.strip().startswith(label + "  ")]
    return line.split(label, 1)[1].split()


def test_figures_of_heat_and_power(run, designs_of):
    (design,) = designs_of(run)
    arrays, time = run.arrays, run.arrays["thermal/time"]
    temperature = arrays["thermal/temperature"]
    assert design.number("hottest") == temperature.max() and design.text("hottest_item") == "gpu_tray"
    assert design.number("coldest") == temperature.min() and design.text("coldest_item").startswith("array")
    # Quadratures of constants, to rounding.
    assert design.number("heat_load") == pytest.approx(1500.0, rel=1e-12)
    assert design.number("electric_load") == pytest.approx(1500.0, rel=1e-12)
    assert design.number("unserved_power") == 0.0 and design.number("power_margin") == 212.0
    assert design.number("lowest_charge") == arrays["power/state_of_charge"].min()
    assert design.number("lowest_charge_allowed") == pytest.approx(0.55) and time[-1] > 0
    assert design.number("energy_residual") == 3.1e-8
    assert design.number("eclipse_share") == pytest.approx(0.376, rel=1e-12)


def test_radiator_by_name(run, designs_of):
    """A plate of 2 m2 that radiates from both sides; its heat is what its twelve cells emit less what they absorb."""
    (design,) = designs_of(run)
    assert design.text("radiator") == "radiator"
    assert design.number("radiator_panel_area") == pytest.approx(2.0, rel=1e-12)
    assert design.number("radiator_radiating_area") == pytest.approx(4.0, rel=1e-12)
    assert design.number("radiator_mass") == 8.1
    nodes = [k for k, name in enumerate(run.arrays["thermal/node"]) if name.startswith("radiator[")]
    mean = {name: run.arrays[f"thermal/mean_{name}"][nodes].sum() for name in ("emitted_to_space", "exchanged")}
    absorbed = sum(
        run.arrays[f"thermal/mean_absorbed_{source}"][nodes].sum() for source in ("solar", "albedo", "infrared")
    )
    heat = mean["emitted_to_space"] - mean["exchanged"] - absorbed
    assert heat > 0 and design.number("radiator_heat") == pytest.approx(heat, rel=1e-12)
    assert design.number("radiator_flux") == pytest.approx(heat / 4.0, rel=1e-12)


def test_radiators_that_are_named(run, designs_of):
    (design,) = designs_of(run, radiators=("x+", "z+"))
    # One active side each of 1 m2; what the walls weigh is not stated.
    assert design.text("radiator") == "x+, z+"
    assert design.number("radiator_panel_area") == design.number("radiator_radiating_area") == pytest.approx(2.0)
    assert design.number("radiator_mass") is None
    (none,) = designs_of(run, radiators=("elsewhere",))
    assert all(none.figures[name] is None for name in FIGURES if name.startswith("radiator"))


def test_a_node_shared_with_the_radiator_has_no_balance_of_its_own(run, designs_of):
    shared = run.arrays["mesh/facet_node"].copy()
    surfaces = list(run.arrays["mesh/surface"])
    radiator = run.arrays["mesh/facet_surface"] == surfaces.index("radiator")
    shared[run.arrays["mesh/facet_surface"] == surfaces.index("x+")] = shared[radiator][0]
    run.arrays["mesh/facet_node"] = shared
    (design,) = designs_of(run)
    assert design.number("radiator_heat") is None and design.number("radiator_flux") is None
    assert design.number("radiator_radiating_area") == pytest.approx(4.0)


def test_limits_of_the_run_itself(run, designs_of):
    """The rows of the other variants, colder by 10 K, are not the run's own."""
    (design,) = designs_of(run)
    mine = run.arrays["limits/variant"] == ""
    least = min(np.nanmin(run.arrays[f"limits/margin_{end}"][mine]) for end in ("low", "high"))
    assert design.number("margin") == least
    assert (design.text("margin_item"), design.text("margin_end")) == ("battery", "high")
    assert design.text("margin_verdict") == "acceptance"


def test_upsets_of_all_devices(run, designs_of):
    (design,) = designs_of(run)
    count, rate = run.arrays["upset/count"], run.arrays["upset/rate_per_day"]
    assert design.number("upsets") == pytest.approx(rate @ count, rel=1e-12)
    assert design.number("upsets_low") == pytest.approx(run.arrays["upset/rate_low_per_day"] @ count, rel=1e-12)
    assert design.text("upsets_device") == "HBM stack"
    # 3e-7 failures a second of 120 stacks; the other device has no memory.
    assert design.number("word_failures") == pytest.approx(3e-7 * 120 * 86400.0, rel=1e-12)
    assert design.number("goodput") == 0.87 and design.number("job_failures") == pytest.approx(1.25e-4 * 86400.0)


def test_worst_dose_point(run, designs_of):
    (design,) = designs_of(run)
    mission = run.arrays["dose/mission_dose"].sum(axis=1)
    assert mission[0] > mission[1]
    assert (design.text("dose_point"), design.text("dose_target")) == ("die", "Si")
    assert design.number("dose_rate") == pytest.approx(run.arrays["dose/rate"][0].sum(), rel=1e-12)
    assert design.number("event_dose") == run.arrays["dose/mission_dose"][0, 3] == 1.5
    assert design.number("mission_dose_high") == pytest.approx(2.0 * mission[0], rel=1e-12)
    for name in ("mission_dose", "low", "high"):
        run.arrays[f"dose/{name}"] = run.arrays[f"dose/{name}"][::-1]
    assert designs_of(run)[0].text("dose_point") == "battery"


def test_what_a_run_lacks_is_none(device_run, make_run, designs_of):
    """Devices alone have no temperatures; steady runs without a bus have no power. Nothing is made up."""
    (device,) = designs_of(device_run)
    lacking = ("mode", "hottest", "heat_load", "electric_load", "lowest_charge", "margin", "radiator_flux", "dose_rate")
    assert all(device.figures[name] is None for name in lacking) and device.number("upsets") is not None
    assert list(device.figures) == list(FIGURES)
    (steady,) = designs_of(make_run(1))
    assert steady.figures["electric_load"] is None and steady.figures["unserved_power"] is None
    assert steady.number("heat_load") == pytest.approx(1500.0)


def test_a_failed_run_has_no_number_where_it_has_none(run, designs_of):
    run.status = {"result": "step_too_small"}
    run.arrays["thermal/temperature"] = np.full_like(run.arrays["thermal/temperature"], np.nan)
    (design,) = designs_of(run)
    assert design.figures["hottest"] is None and design.figures["radiator_temperature"] is None
    text = printed([design, Design("other", figures={"result": "success"})])
    assert row(text, "result") == ["step_too_small", "success"]
    assert "alpha failed: step_too_small" in text


def test_a_state_that_cannot_be_has_no_figures(run, designs_of):
    """A solver that stopped below absolute zero: nothing of heat, power and limits; rates and doses stand."""
    run.status = {"result": "step_too_small"}
    run.arrays["thermal/temperature"][-1, 0] = -6e5
    (design,) = designs_of(run)
    for figure in ("hottest", "heat_load", "electric_load", "margin", "radiator_heat"):
        assert design.number(figure) is None
    assert design.number("upsets") is not None and design.number("mission_dose") is not None
    assert "where it has any" in printed([design])


def test_a_fluence_has_no_rates(run, designs_of):
    """No ions arrive: no upsets, words or goodput, instead of zeros that look like a result."""
    for name in ("flux_outside", "integral_let_flux"):
        run.arrays[f"particle/{name}"] = 0.0 * run.arrays[f"particle/{name}"]
    (design,) = designs_of(run)
    assert design.number("upsets") is None and design.number("word_failures") is None
    assert design.number("goodput") is None and design.number("mission_dose") is not None


def test_table_has_a_column_a_design(run, device_run, designs_of):
    text = printed([*designs_of(run, "Starcloud"), *designs_of(device_run, "part")])
    assert row(text, "altitude, km") == ["408", "-"] and row(text, "inclination, deg") == ["51.6", "-"]
    assert row(text, "electric load, W") == ["1500", "-"]
    assert row(text, "least margin to a limit, K") == ["-3.5", "-"] and "battery, high" in text
    daily = run.arrays["upset/rate_per_day"] @ run.arrays["upset/count"]
    assert row(text, "upsets a day, all devices")[0] == f"{daily:.0f}" and "250 to 1600" in text
    # 5.12e-8 Gy a second in rad a year of 365.25 days.
    assert row(text, "dose a year, rad(Si)") == [f"{5.12e-8 * 100 * 365.25 * 86400:.0f}", "-"]
    assert row(text, "mission dose, rad(Si)") == [f"{100 * run.arrays['dose/mission_dose'][0].sum():.0f}", "-"]
    assert row(text, "of it by solar events") == ["150", "-"]
    assert "480 to 1900" in text and "result" not in text
    # No cells, no row: nothing has boundaries.
    assert "heat from boundaries" not in text
    assert "free space: no geomagnetic cutoff" in text.replace("\n", " ")


def test_units_fit_the_largest(run, make_run, designs_of):
    for name in ("mean_heat_load", "node_heat_load"):
        run.arrays[f"thermal/{name}"] = run.arrays[f"thermal/{name}"] * 100.0
    for name in ("mission_dose", "low", "high"):
        run.arrays[f"dose/{name}"] = run.arrays[f"dose/{name}"] * 10.0
    small = make_run(1)
    small.arrays["dose/target"] = np.array(["Al", "Al"], object)
    text = printed([*designs_of(run, "large"), *designs_of(small, "small")])
    assert row(text, "heat dissipated, kW") == ["150", "1.5"]
    # Targets differ: the unit names none, a row of its own does.
    assert row(text, "mission dose, krad") == ["9.58", "0.958"] and row(text, "in") == ["Si", "Al"]


def test_variants_stand_beside_their_run_in_tables_that_fit(run, make_run, designs_of):
    run.variants = {"hot": make_run(1), "cold": make_run(1)}
    designs = [*designs_of(run), *designs_of(make_run(1), "beta")]
    assert [(one.name, one.variant) for one in designs] == [
        ("alpha", ""),
        ("alpha", "hot"),
        ("alpha", "cold"),
        ("beta", ""),
    ]
    narrow, wide = printed(designs), printed(designs, 200)
    assert narrow.count("Designs\n") + narrow.count("Designs ") == 2 and wide.count("Designs") == 1
    assert row(wide, "mode") == ["cyclic", "steady", "steady", "steady"]
    assert "(base)" in narrow and "hot" in narrow


def test_long_names_are_folded_not_cut(run, designs_of):
    title = "An orbital data center of a hundred and twenty kilowatts in a Sun-synchronous orbit"
    run.case_text = f'title = "{title}"\n'
    run.arrays["upset/device"] = np.array(["LM7912", "accelerator HBM, uncorrectable, of the second kind"], object)
    run.variants = {"hot, end of life, at perihelion": run, "cold": run}
    designs = [Design(f"design {k}", one.variant, one.figures, True) for k, one in enumerate(designs_of(run))]
    text = printed(designs)
    words = text.split()
    assert words.count("perihelion") == 1 and words.count("Sun-synchronous") == 3 and words.count("uncorrectable,") == 3
    assert row(text, "mode") == ["cyclic"] * 3


def test_csv_and_json(run, device_run, designs_of, tmp_path):
    designs = [*designs_of(run), *designs_of(device_run, "part, bare")]
    with write_csv(tmp_path / "table.csv", designs).open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["design"] for line in lines] == ["alpha", "part, bare"]
    assert float(lines[0]["dose_rate [Gy s-1]"]) == designs[0].number("dose_rate") and lines[0]["mode"] == "cyclic"
    assert lines[1]["hottest [K]"] == ""
    tree = json.loads(write_json(tmp_path / "table.json", designs).read_text())
    assert tree["figures"]["hottest"]["units"] == "K"
    assert tree["designs"][0]["figures"] == designs[0].figures
    assert tree["designs"][1]["figures"]["hottest"] is None
    assert {path.suffix for path in tmp_path.iterdir()} == {".h5", ".csv", ".json"}


def test_a_file_of_another_version_says_so(run, designs_of):
    del run.arrays["dose/low"]
    with pytest.raises(RunFileError, match=r"no dataset dose/low: written by Caloris 0\.1\.0; run its case again"):
        designs_of(run)


def test_nothing_to_compare(run, designs_of):
    run.arrays = {name: value for name, value in run.arrays.items() if name.startswith(("mesh/", "view_factors/"))}
    with pytest.raises(RunFileError, match="view factors alone; there is nothing to compare"):
        designs_of(run)
