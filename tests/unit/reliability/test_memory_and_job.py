"""Memories and jobs by their verbs, and along a whole case to the run file and its tables."""

import io
from pathlib import Path

import jax
import numpy as np
import pytest
from rich.console import Console

import caloris
from caloris.model.device import Memory
from caloris.model.job import Job
from caloris.output.read import open_run
from caloris.output.run_data import RunData
from caloris.output.show import show
from caloris.run_file.devices import job_along_track


def test_secded_word():
    found = caloris.memory_failure_rate(Memory(1000.0, word=72), 1e-6, 72)
    # Binomial tail with p = (1 - exp(-2 lam T)) / 2, evaluated in extended precision: all digits printed.
    assert float(found.word) == pytest.approx(2.43499e-6, rel=1e-6)
    assert float(found.device) == pytest.approx(float(found.word), rel=1e-14)


def test_strikes_and_interleaving():
    shares = np.array([0.9, 0.06, 0.04])
    near = caloris.memory_failure_rate(Memory(1.0, shares, word=72), 1e-12, 7200)
    far = caloris.memory_failure_rate(Memory(1.0, shares, word=72, interleave=3), 1e-12, 7200)
    symbols = caloris.memory_failure_rate(Memory(1.0, shares, word=72, symbol=8), 1e-12, 7200)
    events = 7200 * 1e-12 / (0.9 + 0.12 + 0.12)
    # Two or three neighbors of one word are more than SECDED corrects; three words in turn take one bit each; a run of
    # c bits crosses the border of an octet with the chance (c - 1) / 8.
    assert float(near.struck) == pytest.approx(events * 0.1, rel=1e-12)
    assert float(far.struck) == 0.0
    assert float(symbols.struck) == pytest.approx(events * (0.06 / 8 + 0.04 / 4), rel=1e-12)


def test_three_copies():
    rate, interval = 1e-6, 100.0
    found = caloris.memory_failure_rate(Memory(interval, word=32, corrects=0, copies=3), rate, 96)
    wrong = 1 - np.exp(-rate * interval)
    voted = (3 * wrong**2 - 2 * wrong**3) / interval
    # One bit of 32 wrong behind the vote: 32 times its rate, second order 1e-6.
    assert float(found.word) == pytest.approx(32 * voted, rel=1e-5)
    assert float(found.struck) == 0.0


def test_best_interval_and_goodput():
    found = caloris.job_goodput(Job(60.0, 0.0), 1 / 7200)
    assert float(found.optimal_interval) == pytest.approx(889.95, rel=1e-5)  # the printed digits
    assert float(found.young_interval) == pytest.approx(929.5160, rel=1e-6)
    assert float(found.daly_interval) == pytest.approx(float(found.optimal_interval), rel=1e-4)
    expected = (889.95 / 7200) / np.expm1((889.95 + 60) / 7200)
    assert float(found.goodput) == pytest.approx(expected, rel=1e-6)
    nothing = caloris.job_goodput(Job(60.0, 300.0), 0.0)
    assert float(nothing.goodput) == pytest.approx(1.0, abs=1e-6) and np.isfinite(float(nothing.interval))


def test_rates_that_follow_the_orbit():
    flat = Job(20.0, 60.0, None, np.ones(32), 5800.0)
    same, constant = caloris.job_goodput(flat, 1e-3), caloris.job_goodput(Job(20.0, 60.0), 1e-3)
    # A constant rate through the Markov chain: its quadrature, 1e-6.
    assert float(same.goodput) == pytest.approx(float(constant.goodput), rel=1e-6)
    uneven = Job(20.0, 60.0, None, np.where(np.arange(32) < 8, 20.0, 1.0), 5800.0)
    varied = caloris.job_goodput(uneven, 1e-3)
    # Attempts of three minutes in an orbit of a hundred: saving by the rate at hand is better than by its mean.
    assert float(varied.goodput_following) > float(varied.goodput) + 0.003


def test_derivatives():
    def lost(rate):
        word = caloris.memory_failure_rate(Memory(1000.0, np.array([0.9, 0.1]), word=72), rate, 7200)
        return caloris.job_goodput(Job(60.0, 30.0), word.device * 1e3).goodput

    slope = jax.grad(lost)(1e-8)
    difference = (lost(1.001e-8) - lost(0.999e-8)) / 2e-11
    # Central difference of 1e-3: its square.
    assert float(slope) / float(difference) == pytest.approx(1.0, rel=1e-5) and float(slope) < 0.0


def test_failures_by_protons_follow_the_track():
    time = np.arange(0.0, 86401.0, 60.0)
    anomaly = np.where((time % 5800.0 < 900.0) & (time < 40000.0), 50.0, 0.0)
    data = RunData()
    data.arrays |= {
        "particle/track_time": time,
        "particle/track_proton_flux": np.stack([9.0 * anomaly, anomaly], axis=1),
        "particle/proton_threshold": np.array([1.0, 30.0]),
    }
    job = job_along_track(Job(60.0), 0.8, data)
    assert job.profile is not None and job.period is not None and float(job.period) == 86400.0
    assert float(np.mean(job.profile)) == pytest.approx(1.0, rel=1e-6)
    # Outside of the anomaly the failures by heavy ions are left.
    assert float(np.min(job.profile)) == pytest.approx(0.2, rel=1e-6) and float(np.max(job.profile)) > 5.0
    assert job_along_track(Job(60.0), 0.8, RunData()).profile is None
    assert job_along_track(Job(60.0), 0.0, data).profile is None


CASE = """
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[device]]
name = "memory"
bits = 7200000
count = 10
heavy_ion = { CURVE, plateau = "2e-8 cm^2", depth = "1 um" }
memory = { word = 72, scrub = "1 h", multiplicity = [0.9, 0.1] }
[[device.effect]]
name = "interrupt"
heavy_ion = { CURVE, plateau = "2e-6 cm^2", depth = "1 um" }
[[device]]
part = "ATMEGA1280"
[job]
devices = ["memory"]
checkpoint_time = "60 s"
""".replace("CURVE", 'onset = "0.5 MeV cm^2/mg", width = "30 MeV cm^2/mg", exponent = 1.0')


def test_case_to_tables(tmp_path):
    run = caloris.run(caloris.parse_case(CASE))
    path = run.save(tmp_path / "run.h5")
    with open_run(path) as file:
        rate, low, high = (file[f"upset/rate_{name}per_day"] for name in ("", "low_", "high_"))
        assert (low < rate).all() and (rate < high).all()
        failed = file["upset/memory_failure_rate"]
        assert np.isnan(failed[1]) and file["upset/memory_failure_low"][0] < failed[0]
        # Two of the 1.1 cells of an event belong to a tenth of the events: strikes are a twelfth of upset bits.
        assert file["upset/memory_strike_rate"][0] * 86400 == pytest.approx(rate[0] / 11.0, rel=1e-12)
        system = file.attributes("system")
        expected = 10 * (failed[0] + file["upset/effect_rate_per_day"][0] / 86400)
        assert system["failure_rate"] == pytest.approx(expected, rel=1e-12)
        assert system["goodput_low"] < system["goodput"] < system["goodput_high"] < 1.0
        assert "O'Brien" in file.names("upset/source")[1]
    output = io.StringIO()
    show(path, Console(file=output, width=120))
    text = output.getvalue()
    for words in ("band", "memory: interrupt", "Uncorrected words", "goodput", "Young", "ATMEGA1280"):
        assert words in text, text


def test_example_is_a_case():
    case = caloris.load_case(Path(__file__).parents[3] / "examples" / "upset_memory.toml")
    model = caloris.build(case)
    assert [device.name for device in model.devices] == ["ATMEGA1280", "memory"] and case.warnings == ()
    assert model.job is not None and model.job.profile is not None
    # Two steps of the table: 0.15 of the orbit at six times the rate, on 64 phases.
    assert np.mean(model.job.profile) == pytest.approx(0.85 + 0.15 * 6, abs=5 / 64)
