"""Limits and margins: the steps from calculated to qualification, verdicts, and the worst of several variants."""

import numpy as np
import pytest

from caloris.case.load import parse_case
from caloris.output.run_data import RunData
from caloris.run_file.limits import limit_arrays, margin_arrays

CASE = """
[[node]]
name = "box"
heat_capacity = 1
[[node]]
name = "cell"
heat_capacity = 1
[[limit]]
of = ["box", "cell"]
operating = ["0 degC", "60 degC"]
non_operating = ["-40 degC", "80 degC"]
uncertainty = "8 K"
[[limit]]
of = "box"
operating = ["-10 degC", "90 degC"]
[margins]
acceptance = "5 K"
qualification = "4 K"
[run]
mode = "transient"
duration = "1 h"
"""


def judged(low, high, *overrides, text=CASE, variant=""):
    """Limits of the box between `low` and `high` (degC), the cell at 20 degC."""
    case = parse_case(text, overrides=overrides)
    temperature = 273.15 + np.array([[low, 20.0], [high, 20.0]])
    data = RunData(arrays={"thermal/node": np.array(["box", "cell"], object), "thermal/temperature": temperature})
    limit_arrays(case, data, variant)
    return data


def test_each_range_is_the_one_before_widened_by_its_margin():
    arrays = judged(20.0, 30.0).arrays
    assert list(arrays["limits/item"]) == ["box", "cell", "box"]
    # 8 K of its own, then 5 and 4 K of [margins]: 20 -> 12 -> 7 -> 3 degC and 30 -> 38 -> 43 -> 47 degC.
    for step, ends in (("calculated", (20, 30)), ("predicted", (12, 38)), ("acceptance", (7, 43))):
        found = [arrays[f"limits/{step}_{end}"][0] - 273.15 for end in ("minimum", "maximum")]
        assert found == pytest.approx(ends, abs=1e-9)
    assert arrays["limits/margin_low"][0] == pytest.approx(3.0, abs=1e-9)
    assert arrays["limits/margin_high"][0] == pytest.approx(13.0, abs=1e-9)
    # Nothing stated: the uncertainty of a first design, 15 K; 20 - 24 = -4, six above -10 degC.
    assert arrays["limits/uncertainty"][2] == 15.0
    assert arrays["limits/margin_low"][2] == pytest.approx(6.0, abs=1e-9)


def test_without_a_policy_margins_are_what_the_limit_states():
    text = CASE[: CASE.index("[margins]")] + CASE[CASE.index("[run]") :]
    arrays = judged(20.0, 30.0, text=text).arrays
    assert [arrays[f"limits/{name}"][0] for name in ("uncertainty", "acceptance", "qualification")] == [8.0, 0.0, 0.0]
    assert arrays["limits/margin_high"][0] == pytest.approx(60 - 30 - 8, abs=1e-9)
    assert arrays["limits/margin_high"][2] == pytest.approx(90 - 30, abs=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (17.0, 43.0, "kept"),  # both margins are zero: still kept
        (16.9, 40.0, "qualification"),
        (20.0, 43.1, "qualification"),
        (12.9, 40.0, "acceptance"),
        (20.0, 52.1, "predicted"),
        (-0.1, 40.0, "calculated"),
        (-0.1, 43.1, "calculated"),  # the graver of the two ends
        (np.nan, np.nan, "unknown"),
    ],
)
def test_verdict_is_the_innermost_range_that_leaves_the_limit(low, high, verdict):
    assert judged(low, high).arrays["limits/verdict"][0] == verdict


def test_what_is_off_is_judged_by_its_other_range():
    arrays = judged(-20.0, 0.0, 'run/non_operating=["box"]').arrays
    assert list(arrays["limits/state"]) == ["non-operating", "operating", "non-operating"]
    assert arrays["limits/margin_low"][0] == pytest.approx(-20 - 17 + 40, abs=1e-9)
    assert arrays["limits/verdict"][0] == "kept"
    # The second limit has no such range: no margin, and no verdict on it.
    assert np.isnan(arrays["limits/margin_low"][2]) and arrays["limits/verdict"][2] == "no limit"
    assert arrays["limits/operating_minimum"][0] == pytest.approx(273.15, abs=1e-9)


def test_worst_of_all_variants():
    base, hot = judged(20.0, 30.0), judged(35.0, 50.0, variant="hot")
    cold, off = judged(5.0, 10.0, variant="cold"), judged(-30.0, -25.0, 'run/non_operating=["box"]', variant="safe")
    margin_arrays(base, [hot, cold, off])
    arrays = base.arrays
    assert list(arrays["limits/variant"]) == [""] * 3 + ["hot"] * 3 + ["cold"] * 3 + ["safe"] * 3
    # The rows of a variant's own group stay its own.
    assert list(hot.arrays["limits/variant"]) == ["hot"] * 3
    keys = list(zip(arrays["margins/item"], arrays["margins/state"], strict=True))
    assert keys == [("box", "operating"), ("cell", "operating"), ("box", "non-operating")]
    assert list(arrays["margins/coldest_variant"])[::2] == ["cold", "safe"]
    assert list(arrays["margins/hottest_variant"])[::2] == ["hot", "safe"]
    assert arrays["margins/calculated_minimum"][0] == pytest.approx(278.15, abs=1e-9)
    assert arrays["margins/calculated_maximum"][0] == pytest.approx(323.15, abs=1e-9)
    # Low: 5 - 17 - 0; high: 60 - 17 - 50 by the first limit, which is the tighter at the top.
    assert arrays["margins/margin_low"][0] == pytest.approx(-12.0, abs=1e-9)
    assert arrays["margins/margin_high"][0] == pytest.approx(-7.0, abs=1e-9)
    assert list(arrays["margins/verdict"]) == ["predicted", "kept", "acceptance"]
    assert arrays["margins/limit_minimum"][2] == pytest.approx(273.15 - 40, abs=1e-9)
    assert arrays["margins/margin_low"][2] == pytest.approx(-30 - 17 + 40, abs=1e-9)


def test_no_limit_no_table():
    data = RunData()
    margin_arrays(data)
    assert data.arrays == {}
