"""Reference cases: heat pipes, two-phase loops and a loop of the Space Station, through case files."""

import functools
from pathlib import Path

import numpy as np

import caloris
from caloris_validation.cases_loops import (
    TURBULENT,
    branches,
    bypassed,
    held,
    loop,
    pipe,
    pumped,
    radiator,
    residual,
    tube,
)
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, closed_run, steady, table


@functools.cache
def chain() -> Result:
    """Evaporator film 10 W/K, vapor, condenser film 8 W/K: 4 W/K in all; over two cells at either end."""
    ends = [table("node", name=f"{end} {k}", **keys) for end, keys in (("warm", {"heat_capacity": 1.0}),
            ("cold", {"temperature": 263.15})) for k in (1, 2)]  # fmt: skip
    return Result(
        *ends,
        table("load", on=["warm 1", "warm 2"], power=60.0),
        table(
            "heat_pipe", name="pipe", between=[["warm 1", "warm 2"], ["cold 1", "cold 2"]], conductance=4.0,
            evaporator_conductance=10.0, condenser_conductance=8.0, maximum_power=75.0,
        ),
        steady(),
    )  # fmt: skip


@functools.cache
def two_phase(load: float = 1000.0) -> Result:
    """Ammonia at 20 degC, 4 g/s: two evaporators in series, each under `load` (W), a condenser to subcooled liquid."""
    return Result(
        *(table("node", name=f"wall {k}", heat_capacity=5000.0) for k in (1, 2)),
        table("node", name="condenser wall", heat_capacity=20000.0),
        held("sink", 233.15),
        table("link", between=["condenser wall", "sink"], conductance=45.0),
        table("load", on=["wall 1", "wall 2"], power=2.0 * load),
        table("loop", name="ammonia", fluid="ammonia", mass_flow=4e-3, accumulator={"temperature": 293.15}),
        pipe("supply", 5.0, 4e-3),
        pipe("first", 4.0, 6e-3, on="wall 1", parallel=2),
        pipe("second", 4.0, 6e-3, on="wall 2", parallel=2),
        pipe("vapor line", 5.0, 1e-2),
        pipe("condenser", 20.0, 6e-3, on="condenser wall", parallel=2, cells=20),
        steady(),
    )


def _quality_rise() -> float:
    result = two_phase()
    ends = [loop(result, "cell_quality", f"ammonia.{name}[7]", "cell") for name in ("first", "second")]
    return ends[1] - ends[0]


def _rejected_less_pump() -> float:
    """Heat that the condenser's wall gives to the sink less what the pump draws (W)."""
    result = two_phase()
    return -result.total("node_boundary", "sink") - loop(result, "pump_power", "ammonia", "loop")


def _residuals() -> float:
    results = (radiator(64, 0.0), tube(*TURBULENT), branches(), pumped(), bypassed("integral"), chain(), two_phase())
    return max(residual(result) for result in results)


# 8200 lb/h take up 35 kW and the pump's power; c of ammonia between 3 and 10 degC (Haar & Gallagher 1978), J/kg/K.
_ATCS_FLOW, _ATCS_HEAT = 8200.0 * 0.45359237 / 3600.0, 4660.0


@functools.cache
def atcs() -> caloris.Run:
    """The example of the ammonia loop of the International Space Station, as it stands."""
    beside, here = Path(__file__).with_name("iss_atcs.toml"), Path(__file__).parents[2] / "examples" / "iss_atcs.toml"
    return closed_run(caloris.load_case(beside if beside.exists() else here))  # beside: in a wheel


def _atcs(quantity: str, name: str, dimension: str = "cell") -> float:
    """Mean over the orbit."""
    arrays = atcs().data.arrays
    names = list(arrays[f"loop/{dimension}"])
    time = arrays["thermal/time"]
    return float(np.trapezoid(arrays[f"loop/{quantity}"][:, names.index(name)], time) / (time[-1] - time[0]))


def _atcs_rejected() -> float:
    """Heat from the loop into the radiators, without the pump's (W)."""
    arrays = atcs().data.arrays
    mine = [k for k, name in enumerate(arrays["loop/cell"]) if name.startswith("loop A.radiators")]
    time = arrays["thermal/time"]
    heat = np.trapezoid(arrays["loop/cell_heat"][:, mine].sum(axis=1), time) / (time[-1] - time[0])
    return -float(heat) - _atcs("pump_power", "loop A", "loop")


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        "heat-pipe-chain",
        "evaporator of a heat pipe of 4 W/K over two nodes at either end, 60 W to 263.15 K",
        "K",
        263.15 + 60.0 / 4.0,
        1e-8,
        "linear; solved to 1e-9 K a step",
        "three resistances in series, Chi, Heat Pipe Theory and Practice (1976), chapter 5",
        lambda: chain().temperature("warm 1"),
        absolute=True,
    ),
    ReferenceCase(
        "two-phase-quality",
        "rise of the quality of 4 g/s of ammonia at 20 degC under 1 kW",
        "1",
        1000.0 / (4e-3 * 1186.36e3),
        5e-4,
        "the latent heat of ammonia at 293.15 K in reference tables: 1186.4 kJ/kg, four digits",
        "dx = Q/(m h_lv), energy of a steady stream; h_lv of NIST REFPROP (Gao et al. 2020)",
        _quality_rise,
        slow=True,
    ),
    ReferenceCase(
        "two-phase-energy",
        "heat that a two-phase loop rejects less its pump's power, 2 kW of load",
        "W",
        2000.0,
        1e-9,
        "energy is conserved to rounding; solved to 1e-9 K a step",
        "first law",
        _rejected_less_pump,
        slow=True,
    ),
    ReferenceCase(
        "loop-iss-supply",
        "ammonia supplied by a loop of the ISS under 35 kW, mean over an orbit at beta 0",
        "degC",
        2.8,
        1.1,
        "37 +- 2 degF: the spread of the source",
        "NASA/Boeing, Active Thermal Control System Overview; Oren & Howell, SAE 951651, doi 10.4271/951651",
        lambda: _atcs("cell_temperature", "loop A.supply") - 273.15,
        absolute=True,
        slow=True,
    ),
    ReferenceCase(
        "loop-iss-return",
        "ammonia that returns from its heat exchangers and cold plates",
        "degC",
        2.8 + 35e3 / (_ATCS_FLOW * _ATCS_HEAT),
        1.2,
        "the spread of the supply, and the pump's power",
        "the same; 35 kW over 8200 lb/h, first law",
        lambda: _atcs("cell_temperature", "loop A.return") - 273.15,
        absolute=True,
        slow=True,
    ),
    ReferenceCase(
        "loop-iss-heat",
        "heat that the radiators of this loop reject, less its pump's power",
        "W",
        35e3,
        1e-3,
        "a periodic orbit to 1 mK of 1 MJ/K: 1e-4 of the heat; means by trapezoids every 120 s",
        "NASA/Boeing, Active Thermal Control System Overview: 35 kW a loop",
        _atcs_rejected,
        slow=True,
    ),
    ReferenceCase(
        "loop-energy-residual",
        "largest energy residual of these loops over their largest total",
        "1",
        0.0,
        1e-6,
        "the bound of a steady run",
        "first law",
        _residuals,
        absolute=True,
        slow=True,  # all loops, in one process
    ),
)
