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
from caloris.output.show import show
from caloris.run_file.upset_track import phases_of_job


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


def test_words_gather_by_the_rate_along_the_orbit():
    """A tenth of the orbit has all upsets, scrubs come as often: the mean square is 20/3 that of the mean, by hand.

    The window's share of the pass is a triangle over two of its lengths: 100 (2/3)(1/10) of (mean rate)^2.
    """
    count, period, rate = 4000, 6000.0, 1e-9
    profile = np.where(np.arange(count) < count // 10, 10.0, 0.0)
    memory = Memory(period / 10, word=72)
    follows = caloris.memory_failure_rate(memory, rate, 7200, profile=profile, period=period)
    constant = caloris.memory_failure_rate(memory, rate, 7200)
    # Edges on straight lines of a 400th of the pass; third order, 72 lam T = 4e-5.
    assert float(follows.accumulated) / float(constant.accumulated) == pytest.approx(20 / 3, rel=3e-3)
    assert float(follows.device) == pytest.approx(float(np.mean(follows.device_along_orbit)), rel=1e-12)
    # Windows of whole orbits know no passes, and a flat profile is a constant rate.
    whole = Memory(3 * period, word=72)
    found = caloris.memory_failure_rate(whole, rate, 7200, profile=profile, period=period)
    assert float(found.word) == pytest.approx(float(caloris.memory_failure_rate(whole, rate, 7200).word), rel=1e-9)
    flat = caloris.memory_failure_rate(memory, rate, 7200, profile=np.full(8, 3.0), period=period)
    assert float(flat.word) == pytest.approx(float(constant.word), rel=1e-12)
    with pytest.raises(ValueError, match="belong together"):
        caloris.memory_failure_rate(memory, rate, 7200, profile=profile)


@pytest.mark.parametrize("code", [{"word": 8, "corrects": 1}, {"word": 16, "corrects": 1, "symbol": 4}])
def test_words_along_the_orbit_against_drawn_upsets(code):
    """Upsets drawn by thinning in windows that end at any time: 3 standard errors."""
    period, interval, rate, windows = 6000.0, 900.0, 2e-5, 200_000
    profile = 1.0 + 20.0 * (np.arange(300) // 30 == 4)
    random, high = np.random.default_rng(5), rate * profile.max() / profile.mean()
    end = random.uniform(0.0, period, (windows, 1, 1))
    most = 12  # of a Poisson number of mean 0.13
    times = end - interval * random.uniform(size=(windows, code["word"], most))
    drawn = np.arange(most) < random.poisson(high * interval, (windows, code["word"], 1))
    grid = np.append(profile, profile[0])
    now = np.interp(times % period / period * 300, np.arange(301), grid) / profile.max()
    wrong = (drawn & (random.uniform(size=times.shape) < now)).sum(axis=2) % 2 == 1
    symbols = wrong.reshape(windows, -1, code.get("symbol", 1)).any(axis=2).sum(axis=1)
    failed = np.mean(symbols > code["corrects"])
    found = caloris.memory_failure_rate(Memory(interval, **code), rate, code["word"], profile=profile, period=period)
    assert float(found.word) * interval == pytest.approx(failed, abs=3 * np.sqrt(failed / windows))
    constant = float(caloris.memory_failure_rate(Memory(interval, **code), rate, code["word"]).word)
    assert float(found.word) > 1.5 * constant


def test_votes_along_the_orbit():
    """Three copies: the formula at constant rate, averaged over windows by hand."""
    profile, period, interval, rate = np.array([0.0, 0.0, 4.0, 0.0]), 4000.0, 500.0, 1e-6
    memory = Memory(interval, word=32, corrects=0, copies=3)
    found = caloris.memory_failure_rate(memory, rate, 96, profile=profile, period=period)
    # Windows end at 0, 1000, 2000, 3000 s; means of the triangle of height 4 between 1000 and 3000 s.
    by_hand = [float(caloris.memory_failure_rate(memory, rate * x, 96).word) for x in (0.0, 0.0, 3.0, 1.0)]
    assert float(found.word) == pytest.approx(np.mean(by_hand), rel=1e-9)


def test_derivatives_along_the_orbit():
    shape = np.array([1.0, 2.0, 9.0, 1.0, 0.5])

    def failures(rate, interval, high):
        profile = shape * np.array([1, 1, 0, 1, 1]) + high * np.array([0, 0, 1, 0, 0])
        return caloris.memory_failure_rate(Memory(interval, word=72), rate, 7200, None, profile, 5000.0).device

    at = (1e-7, 700.0, 9.0)
    slopes = jax.grad(failures, argnums=(0, 1, 2))(*at)
    for k, slope in enumerate(slopes):
        ends = [float(failures(*(x * (1 + s * 1e-5 * (j == k)) for j, x in enumerate(at)))) for s in (1, -1)]
        # Central difference of 1e-5 of numbers of 1e-16 accuracy.
        assert float(slope) == pytest.approx((ends[0] - ends[1]) / (2e-5 * at[k]), rel=1e-6)


def test_job_takes_the_day_of_the_track():
    minute = np.arange(1440)
    anomaly = np.where((minute % 97 < 15) & (minute < 700), 1e-3, 1e-5)
    shape = phases_of_job(anomaly)
    assert shape.shape == (480,) and shape.mean() == pytest.approx(anomaly.mean(), rel=1e-12)
    # The mean of three minutes around each phase: minutes 1439 to 1 around the first.
    assert shape[0] == pytest.approx((1e-5 + 2 * 1e-3) / 3, rel=1e-12)


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
