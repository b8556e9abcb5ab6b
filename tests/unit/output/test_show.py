"""The tables: the numbers in them are those of the run, and they fit 100 columns whatever groups there are."""

import io

import numpy as np
import pytest
from rich.console import Console

from caloris.console import table_width
from caloris.output.hdf5 import write_run
from caloris.output.read import RunFileError, open_run
from caloris.output.show import show
from caloris.output.show_devices import UNKNOWN, band, thick_shields, with_unknown
from caloris.output.text import celsius, duration, engineering, rate, signed

WIDTH = 100


@pytest.fixture
def shown(tmp_path):
    """Return the text that show prints for a run."""

    def text_of(run):
        stream = io.StringIO()
        show(write_run(tmp_path / "run.h5", run), Console(file=stream, width=WIDTH, color_system=None))
        text = stream.getvalue()
        assert all(len(line) <= WIDTH for line in text.splitlines())
        assert "…" not in text  # nothing is cut off
        return text

    return text_of


def _row(text, *starts):
    (line,) = [line for line in text.splitlines() if tuple(line.split())[: len(starts)] == starts]
    return line.split()[len(starts) :]


def _section(text, title):
    return text[text.index(title) :].split("\n\n")[0]


def test_margins_come_first(run, shown):
    text = shown(run)
    assert text.index("Margins") < text.index("Where each watt goes") < text.index("Temperatures")
    table = _section(text, "Margins")
    # battery: 15.49 to 21.49 degC calculated, 30 allowed above, 5 below, 12 K taken off each.
    low, high = run.arrays["margins/margin_low"][1], run.arrays["margins/margin_high"][1]
    calculated = [celsius(run.arrays[f"margins/calculated_{end}imum"][1]) for end in ("min", "max")]
    rows = [line.split() for line in table.splitlines() if line.startswith("battery")]
    assert rows[0] == [
        "battery", calculated[0], "(base)", calculated[1], "(base)", "5.0", "to", "30.0", "5+5+2",
        f"{low:+.1f}", f"{high:+.1f}", "acceptance",
    ]  # fmt: skip
    assert high < 0
    # Off in the cold variant, it has a row and limits of its own: -20 to 50 degC.
    assert rows[1][:2] == ["battery", "(off)"] and rows[1][6:9] == ["-20.0", "to", "50.0"]
    tray = _row(table, "gpu_tray")
    assert tray[-3] == "-" and tray[-1] == "kept"  # no lower limit
    assert tray[1] == "cold" and tray[3] == "(base)"


def test_margins_without_variants(run, shown):
    """One case: no columns for the names of variants."""
    kept = [0, 1]
    for name in list(run.arrays):
        if name.startswith(("limits/", "margins/")):
            run.arrays[name] = run.arrays[name][kept]
    run.arrays["margins/coldest_variant"] = run.arrays["margins/hottest_variant"] = np.array(["", ""])
    table = _section(shown(run), "Margins")
    assert "(base)" not in table and len(_row(table, "battery")) == 9


def test_watts_of_items_add_up(run, shown):
    table = _section(shown(run), "Where each watt goes (orbit mean, W)")
    time = run.arrays["thermal/time"]
    sun = np.trapezoid(run.arrays["thermal/node_absorbed_solar"].sum(axis=1), time) / time[-1]
    space = np.trapezoid(run.arrays["thermal/node_emitted_to_space"].sum(axis=1), time) / time[-1]
    assert _row(table, "all")[0] == f"{sun:.1f}"
    assert _row(table, "all")[-1] == f"-{space:.1f}"
    assert _row(table, "gpu_tray")[3] == "1500.0"


def test_many_large_flows_still_fit(run, shown):
    """Every column in use, megawatts, and more items than rows: the rest is added up in one row."""
    for name, values in run.arrays.items():
        if (name.startswith("thermal/node_") and values.ndim == 2) or name.startswith("thermal/mean_"):
            run.arrays[name] = values * 3e4 + 1e5
    run.arrays["thermal/node"] = np.array([f"n{i}" for i in range(len(run.arrays["thermal/node"]))])
    table = _section(shown(run), "Where each watt goes (orbit mean, MW)")
    for heading in ("boundary", "mutual", "conducted", "stored"):
        assert heading in table
    load = run.arrays["thermal/node_heat_load"].sum(axis=1)
    time = run.arrays["thermal/time"]
    assert _row(table, "all")[3] == f"{np.trapezoid(load, time) / time[-1] / 1e6:.2f}"
    rows = [line for line in table.splitlines() if line.startswith("n")]
    column = [float(line.split()[4]) for line in rows] + [float(_row(table, "33", "others")[3])]
    assert len(rows) == 14
    # 15 printed numbers, each rounded to half of its second decimal.
    assert sum(column) == pytest.approx(float(_row(table, "all")[3]), abs=16 * 0.005)


def test_temperatures_are_celsius(run, shown):
    table = _section(shown(run), "Temperatures")
    index = list(run.arrays["thermal/node"]).index("gpu_tray")
    values = run.arrays["thermal/temperature"][:, index] - 273.15
    nodes, low, _, high, *_ = _row(table, "gpu_tray")
    # 59.45 and 65.45 degC, to the last bits: half a digit goes up.
    assert (nodes, low, high) == ("1", f"{values.min() + 1e-7:.1f}", f"{values.max() + 1e-7:.1f}")


def test_power_verdict(run, shown):
    text = shown(run)
    assert "Sustained: 212 W left over" in text
    assert "34.8 min (37.6 % of the orbit)" in text
    lowest = 100 * run.arrays["power/state_of_charge"].min()
    assert f"{lowest:.1f} % lowest charge" in text and f"depth of discharge {100 - lowest:.1f} %" in text
    # The mean comes from the cumulative energy, which eclipse edges do not blur.
    run.arrays["power/loss_energy"] = np.linspace(0, 1e6, 97)
    run.attributes["power"] = {"sustained": False, "margin": -3200.0}
    text = shown(run)
    assert "Not sustained: 3.2 kW missing" in text
    assert f"{1e6 / run.arrays['thermal/time'][-1]:.1f} W mean" in text


def test_loops_heat_pipes_and_what_left_its_limits(run, shown):
    text = shown(run)
    assert text.index("Out of limits") < text.index("Where each watt goes")
    row = next(line for line in text.splitlines() if line.startswith("transport limit"))
    assert "groove" in row and "80 W" in row and "to 75 W" in row and "10.0 min" in row and "20.0 min" in row
    row = next(line for line in text.splitlines() if line.startswith("coolant.plate"))
    assert all(word in row for word in ("28.0", "2 ", "1500", "6e+03", "0.200"))
    assert "pump of coolant: 12 W" in text and "valve of coolant: 30.0 % through the bypass" in text
    row = next(line for line in text.splitlines() if line.startswith("groove"))
    assert "75 W" in row and "100.0 %" in row


def test_upsets_and_their_environment(run, shown):
    text = shown(run)
    table = _section(text, "Upsets per day")
    daily = run.arrays["upset/rate_per_day"][1]
    row = _row(table, "HBM", "stack")
    assert row[-3:] == [f"{120 * daily:.3g}", "2.3", "min"]
    # The rate and its band, a factor of 2.5 to either side.
    assert row[-7:-3] == [f"{daily:.3g}", f"{daily / 2.5:.2g}", "to", f"{daily * 2.5:.2g}"]
    # One bit: the sum of both rates per bit is the rate per device.
    heavy, proton, device = (float(v) for v in _row(table, "LM7912")[2:5])
    assert heavy + proton == pytest.approx(device, rel=0.01)  # three printed digits
    assert "free space: no geomagnetic cutoff, no trapped particles" in text
    assert "Without the cutoff" in text and "Without trapped protons" in text


def test_effects_memories_and_the_job(run, shown):
    text = shown(run)
    assert _row(_section(text, "Effects per day"), "HBM", "stack:", "interrupt")[:4] == [
        "3.00e-04",
        "1.0e-04",
        "to",
        "9.0e-04",
    ]
    # Two of the three failures are strikes; the device without a memory has no row.
    section = _section(text, "Uncorrected words")
    row = _row(section, "HBM", "stack")
    # Gathered, strikes, both; then the band's three words and the rate at a constant rate.
    assert row[-7:-4] == ["8.64e-03", "0.0173", "0.0259"] and row[-1] == "0.0216" and "LM7912" not in section
    job = text[text.index("Job") :]
    assert "133.3 min" in job and "14.8 min" in job and "87.0 %  (80.0 % to 92.0 %)" in job and "87.1 %" in job


def test_heaters_with_their_duty(run, shown):
    """One with a thermostat that switched on three times an orbit, one whose power follows a temperature."""
    table = _section(shown(run), "Heaters")
    assert _row(table, "foil") == ["30", "W", "3", "W", "30", "W", "10.0", "%", "3", "3"]
    assert _row(table, "line") == ["10", "W", "4", "W", "4", "W", "40.0", "%", "-", "-"]
    del run.arrays["thermal/switch_count"]
    assert "work as bands" in " ".join(_section(shown(run), "Heaters").split())


def test_closure_is_one_line(run, shown):
    lines = [line for line in shown(run).splitlines() if line.startswith("Energy closure")]
    assert lines == ["Energy closure: largest residual 3.1e-08 of the largest total, 7.2 kW"]


def test_view_factors_by_side(run, shown):
    section = _section(shown(run), "View factors")
    assert "2 poses" in section and "estimated error 2.0e-04 of a tolerance of 5.0e-04" in section
    # The first two facets, both of x+, see each other: on average 0.1875 of their common area's half, both ways.
    assert _row(section, "x+/front")[2:5] == ["0.1875", "0.8125", "0.0000"]
    assert _row(section, "x+/front")[5:] == ["x+/front", "0.188"]
    # One of the two facets of x- has a tenth of its view on inactive sides.
    assert _row(section, "x-/front")[2:] == ["0.0000", "0.9500", "0.0500", "-"]


def test_what_does_not_change_has_no_extremes(make_run, shown):
    """A boundary of 350 K over time, two last bits apart: one temperature (76.85), and no time of an extreme."""
    run = make_run(13)
    index = list(run.arrays["thermal/node"]).index("gpu_tray")
    run.arrays["thermal/temperature"][:, index] = 350.0
    run.arrays["thermal/temperature"][::2, index] = 350.0 - 1e-13
    low, mean, high, *times = _row(_section(shown(run), "Temperatures"), "gpu_tray")[1:]
    assert low == mean == high and times == ["-", "-"]


def test_what_passes_through_one_item_is_told(make_run, shown):
    """A solid that takes 12 W at one face and gives 12 W at another: not a sum of rounding."""
    run = make_run(1)
    run.arrays = {k: v for k, v in run.arrays.items() if not k.startswith(("margins", "limits"))}
    boundary = np.zeros_like(run.arrays["thermal/node_heat_load"])
    cells = [k for k, name in enumerate(run.arrays["thermal/node"]) if name.startswith("radiator")]
    boundary[:, cells[0]], boundary[:, cells[-1]] = 12.0, -12.0 - 1e-13
    plain = {
        key: 0.0 * value for key, value in run.arrays.items() if key.startswith("thermal/node_") and value.ndim > 1
    }
    run.arrays |= plain | {"thermal/node_boundary": boundary}
    run.arrays = {key: value for key, value in run.arrays.items() if not key.startswith("thermal/mean_")}
    table = _section(shown(run), "Where each watt goes")
    assert table.split("item")[1].split()[:2] == ["boundary", "boundary"]
    assert _row(table, "radiator") == ["12.00", "-12.00"] == _row(table, "all")


def test_names_of_devices_stay_whole(run, shown):
    names = ["accelerator SRAM", "accelerator HBM, uncorrectable"]
    run.arrays["upset/device"] = np.array(names)
    table = _section(shown(run), "Upsets per day")
    assert all(word in table.split() for name in names for word in name.split())


def test_protons_of_both_kinds_are_counted(run, shown):
    """Upsets by protons' own ionization are part of the rate per device, so they are part of the protons'."""
    run.arrays["upset/direct_proton_rate_per_bit"] = 3.0 * run.arrays["upset/proton_rate_per_bit"]
    table = _section(shown(run), "Upsets per day")
    row = list(run.arrays["upset/device"]).index("LM7912")
    expected = 4.0 * run.arrays["upset/proton_rate_per_bit"][row] * 86400.0
    assert float(_row(table, "LM7912")[3]) == pytest.approx(expected, rel=0.01)  # three printed digits
    assert "0: no such particles" not in table
    run.arrays["upset/direct_proton_rate_per_bit"] *= 0.0
    run.arrays["upset/proton_rate_per_bit"][row] = 0.0
    table = _section(shown(run), "Upsets per day")
    assert _row(table, "LM7912")[3] == "0" and "0: no such particles arrive, or none above its onset" in table


def test_device_alone(device_run, shown):
    text = shown(device_run)
    assert "Upsets per day" in text
    for absent in ("Margins", "Where each watt", "Temperatures", "Power", "Energy closure"):
        assert absent not in text


def test_steady_and_without_power(make_run, shown):
    text = shown(make_run(1))
    assert "1 time\n" in text and "1 times" not in text
    assert "Where each watt goes (steady, W)" in text and "hottest at" not in text and "Sustained" not in text


def test_failed_run_says_so_first(run, shown):
    run.status = {"result": "step_too_small"}
    run.arrays["thermal/temperature"][-1] = np.nan
    assert "The run failed: step_too_small" in shown(run).splitlines()[1]


def test_no_run_file_raises(tmp_path):
    with pytest.raises(RunFileError):
        show(tmp_path / "none.h5", Console())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (celsius(273.15 - 0.02), "0.0"),
        (celsius(float("nan")), "-"),
        (celsius(350.0), "76.9"),
        # 3 K: -270.15 on either side of the tie, by rounding alone.
        (celsius(3.0 - 3e-14), celsius(3.0)),
        (celsius(3.0 + 3e-14), celsius(3.0)),
        (signed(-0.01), "-0.01"),
        (signed(4.46), "+4.5"),
        (engineering(120e3, "W"), "120 kW"),
        (engineering(0.0, "W"), "0 W"),
        (engineering(1.536e12, ""), "1.536 T"),
        (engineering(2e-5, "W"), "2.0e-05 W"),
        (duration(90), "90 s"),
        (duration(5554), "92.6 min"),
        (duration(86400.0 * 3), "3.0 d"),
        (duration(86400.0 * 3652.5), "10 years"),
        (duration(float("inf")), "-"),
        (rate(0.0), "0"),
        (rate(621.4), "621"),
        (rate(1.23456e-9), "1.23e-09"),
    ],
)
def test_numbers_as_text(text, expected):
    assert text == expected


def test_particles_of_an_orbit(run, shown):
    """Means and the day's largest flux of each threshold, the fields' epochs, cutoffs and what is open."""
    text = shown(run)
    assert "trapped protons, field of 1964" in text and "trapped electrons, field of 1970" in text
    # 1e6 m-2 s-1 above 100 MeV at most: 100 cm-2 s-1, a tenth of it on the mean.
    (row,) = [line for line in text.splitlines() if "above   100 MeV" in line]
    assert "10 orbit mean" in row and "99" in row and "of it inside" in row
    assert "cutoff, field of 2027-03-21T00:00:00Z: 1.7 to 15.5 GV" in text and "at 10 GV" in text


@pytest.mark.parametrize("width", [40, 70, 100])
def test_nothing_is_lost_on_a_narrow_console(run, tmp_path, width):
    """Every number and every word of a wide console stands on a narrow one, numbers in one piece."""
    path, texts = write_run(tmp_path / "run.h5", run), []
    for columns in (400, width):
        stream = io.StringIO()
        show(path, Console(file=stream, width=columns, color_system=None))
        texts.append(stream.getvalue())
    wide, narrow = ("".join(character for character in text if not character.isspace()) for text in texts)
    frames = "─│╭╮╰╯"
    # What wraps only moves: the same characters are there, as often as before, but for rules and frames.
    assert sorted(c for c in wide if c not in frames) == sorted(c for c in narrow if c not in frames)
    tables = [_section(text, "Dose, rad") for text in texts]
    numbers = [sorted(word for word in table.split() if word[0].isdigit()) for table in tables]
    assert numbers[0] == numbers[1] and len(numbers[0]) > 8


def test_width_of_what_is_piped(monkeypatch):
    """COLUMNS is heeded where it is a number, as other programs do; else tables are made for 100 columns."""
    monkeypatch.setattr("sys.stdout", io.StringIO())
    for columns, width in (("57", 57), ("", 100), ("wide", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        assert Console(width=table_width()).width == width


def test_rates_of_an_event_are_said_to_be(run, shown):
    """Upsets, effects, words and the job: of the worst 5 minutes, with what they bring and no mean time between."""
    run.attributes["particle"] |= {"event": "worst 5 minutes", "event_duration": 300.0}
    run.attributes["particle"]["environment"] = "solar particles of the worst 5 minutes (CREME96); no trapped particles"
    text = shown(run)
    table = _section(text, "Upsets per day during the worst 5 minutes")
    daily = run.arrays["upset/rate_per_day"][1]
    # 120 stacks, 300 of 86400 seconds; three printed digits.
    assert float(_row(table, "HBM", "stack")[-1]) == pytest.approx(120 * daily * 300.0 / 86400.0, rel=0.005)
    assert "mean time" not in table and "5.0 min" in table and "not of an average day" in " ".join(text.split())
    effects = _section(text, "Effects per day and device during the worst 5 minutes")
    assert float(_row(effects, "HBM", "stack:", "interrupt")[-1]) == pytest.approx(3e-4 / 288.0, rel=0.005)
    assert "Uncorrected words per day and device during" in text and "Job during the worst 5 minutes" in text


def test_a_fluence_has_no_rates(run, shown):
    """No flux arrives: words instead of zeros, and no effects, words or job that never fail."""
    for name in ("flux_outside", "integral_let_flux"):
        run.arrays[f"particle/{name}"] = 0.0 * run.arrays[f"particle/{name}"]
    text = shown(run)
    assert "there are no rates of upsets or effects" in text
    for absent in ("Upsets per day", "Effects per day", "Uncorrected words", "Job"):
        assert absent not in text
    del run.arrays["particle/event_fluence"]
    assert "No ions arrive" in shown(run)


def test_devices_without_responses(run, shown):
    """A dash where there is no response, no row where there are effects alone."""
    run.arrays["upset/heavy_ion_response"] = np.array([1, 0])
    run.arrays["upset/proton_response"] = np.array([0, 0])
    run.arrays["upset/proton_rate_per_bit"] *= 0.0
    table = _section(shown(run), "Upsets per day")
    assert _row(table, "LM7912")[3] == "-" and "-: the device has no response" in table and "0: no such" not in table
    assert "effects alone: HBM stack" in table
    run.arrays["upset/heavy_ion_response"][:] = 0
    assert "the devices have effects alone" in shown(run)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("no geomagnetic cutoff, with the Earth's shadow; trapped protons of AP8MIN in the field of 1964", False),
        ("galactic cosmic rays; no geomagnetic cutoff, with the Earth's shadow; trapped protons of AP8MIN", True),
    ],
)
def test_the_cutoff_is_nothing_to_trapped_particles(run, shown, environment, said):
    run.attributes["particle"]["environment"] = environment
    assert ("Without the cutoff" in shown(run)) == said


def test_doses_that_last_and_that_come_once(run, shown):
    """Rates a year without the event; the mission's dose with it, 150 rad (1.5 Gy) once."""
    text = shown(run)
    yearly, mission = _section(text, "Dose, rad per year"), _section(text, "Dose of the mission, rad")
    assert "event" not in yearly.split("rad of")[0] and "(once)" in mission
    total = run.arrays["dose/rate"].sum(axis=1)[0] * 100.0 * 365.25 * 86400.0
    assert _row(yearly, "die")[-1] == f"{total:.3g}"
    row = _row(mission, "die")
    assert row[4] == "150" and row[2] == "5"
    # All comes once: no table of rates.
    run.arrays["dose/rate"] *= 0.0
    text = shown(run)
    assert "Dose, rad per year" not in text and "by the year" not in text and "(once)" in text


def test_a_state_that_cannot_be_is_no_result(run, shown):
    """A solver that failed at no temperature: no tables of it; a state that can be is said to be no solution."""
    run.status = {"result": "step_too_small", "failed_node": "gpu_tray"}
    text = shown(run)
    assert "no solution" in text and "Temperatures (°C)" in text and "Sustained" not in text
    run.arrays["thermal/temperature"][-1, -1] = -6.3e5
    text = shown(run)
    assert "'battery' at -6.3e+05 K" in text and "Upsets per day" in text
    for absent in ("Temperatures (°C)", "Where each watt", "Margins", "Energy closure", "peak"):
        assert absent not in text


def test_bands_that_say_nothing():
    """A band wider than a factor of a thousand is no statement; so are shields named that are too thick."""
    assert band(1e-5, 9e-3) == "1.0e-05 to 9.0e-03"
    assert band(6.3e-18, 4.8e-6) == UNKNOWN and band(0.0, 0.0) == "0 to 0"
    words = with_unknown("effects", np.array([1e-5, 1e-9]), np.array([1e-4, 1.0]))
    assert words.startswith("unknown: the band is wider") and words.endswith("effects")
    assert with_unknown("effects", np.array([1e-5]), np.array([1e-4])) == "effects"


def test_thick_shields_are_named(run, tmp_path):
    """Those behind so much that what collisions make counts, and what of it is not followed."""
    for followed in (False, True):
        run.attributes["particle"]["fragments_followed"] = followed
        with open_run(write_run(tmp_path / f"{followed}.h5", run)) as file:
            assert thick_shields(file, ["near", "far"], np.array([4.9, 0.1]), "rates") == ""
            words = thick_shields(file, ["near", "far"], np.array([5.1, 0.1]), "rates")
        assert "rates come out too low: near (5.1)" in words and ("fragments" in words) != followed
