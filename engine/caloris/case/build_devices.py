"""Devices, their shields and the job on them, from the case's tables."""

import numpy as np

from caloris.case.build_shield import place_of, sector_shield, shield_layers
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_device import Device as DeviceTable
from caloris.case.schema_device import Effect as EffectTable
from caloris.case.schema_device import HeavyIonResponse as HeavyIonTable
from caloris.case.schema_device import Memory as MemoryTable
from caloris.case.schema_device import ProtonResponse as ProtonTable
from caloris.case.schema_device import Uncertainty as UncertaintyTable
from caloris.case.schema_types import Schedule
from caloris.geometry.assembly import Geometry
from caloris.model.device import (
    AnyProtonResponse,
    BendelResponse,
    Device,
    Effect,
    FigureOfMeritResponse,
    HeavyIonResponse,
    Memory,
    ProfitResponse,
    ProtonResponse,
    Uncertainty,
)
from caloris.model.job import Job
from caloris.model.shield import SectorShield

# PROFIT's depth where neither the protons' table nor a volume of the heavy ions gives one.
_PROFIT_DEPTH = 2.0  # um
# Phases of the orbit at which the failure rate of a job stands: a pass through the anomaly takes some of them.
_PHASES = 64


def build_devices(case: Case, geometry: Geometry | None) -> tuple[Device, ...]:
    """Every [[device]]; those behind the geometry only where it is given. CaseError for what cannot shield."""
    devices, problems = [], []
    for table in case.devices:
        if table.shield == "geometry" and geometry is None:
            continue
        try:
            sectors = None if geometry is None else _sectors(case, geometry, table)
            devices.append(_device(case, table, sectors))
        except ValueError as error:
            problems.append(CaseProblem(f"device/{table.name}/shield", str(error)))
    if problems:
        raise CaseError(problems, case.source)
    return tuple(devices)


def build_job(case: Case) -> Job | None:
    """The [job] of the case, None without one."""
    table = case.job
    if table is None:
        return None
    profile = period = None
    if table.rate_over_orbit is not None and not table.rate_over_orbit.is_constant:
        assert case.orbit_period is not None
        profile, period = _at_phases(table.rate_over_orbit), case.orbit_period
    return Job(table.checkpoint_time, table.restart_time, table.interval, profile, period)


def _at_phases(table: Schedule) -> np.ndarray:
    """A table over phase at equal phases; it wraps."""
    phase = np.arange(_PHASES) / _PHASES
    points = np.array([table.points[-1] - 1.0, *table.points, table.points[0] + 1.0])
    value = np.array([table.value[-1], *table.value, table.value[0]])
    if table.between == "linear":
        return np.interp(phase, points, value)
    return value[np.searchsorted(points, phase, side="right") - 1]


def _sectors(case: Case, geometry: Geometry, table: DeviceTable) -> SectorShield | None:
    """What lies around a device behind the geometry."""
    at = table.at if table.point is None else table.point
    if table.shield != "geometry" or at is None:
        return None
    return sector_shield(case, geometry, place_of(geometry, at), table.rays)


def _device(case: Case, table: DeviceTable, sectors: SectorShield | None) -> Device:
    return Device(
        heavy_ion=_heavy_ion(table.heavy_ion),
        proton=_proton(table.proton, table.heavy_ion),
        bits=table.bits,
        count=table.count,
        shield=shield_layers(case, table.layers),
        name=table.name,
        effects=tuple(_effect(effect) for effect in table.effect),
        memory=_memory(table.memory),
        uncertainty=_uncertainty(table.uncertainty),
        fatal_share=table.fatal_share,
        source=table.source,
        sectors=sectors,
        slab=table.shape == "slab",
    )


def _heavy_ion(table: HeavyIonTable | None) -> HeavyIonResponse | None:
    if table is None:
        return None
    one_threshold = table.method == "RPP"
    return HeavyIonResponse(
        table.onset,
        0.0 if one_threshold else table.width or 0.0,
        1.0 if one_threshold else table.exponent or 1.0,
        table.plateau,
        table.volume or (1.0, 1.0, 1.0),
        table.funnel,
        table.largest_angle,
        "effective flux" if table.method == "effective flux" else "volume",
        table.direct_protons,
    )


def _proton(table: ProtonTable | None, heavy_ion: HeavyIonTable | None) -> AnyProtonResponse | None:
    if table is None:
        return None
    if table.form == "figure of merit":
        return FigureOfMeritResponse()
    if table.form == "PROFIT":
        has_volume = heavy_ion is not None and heavy_ion.volume is not None
        return ProfitResponse(table.depth or (None if has_volume else _PROFIT_DEPTH))
    assert table.onset is not None
    if table.form == "Weibull":
        return ProtonResponse(table.onset, table.width or 0.0, table.exponent or 1.0, table.plateau or 0.0)
    return BendelResponse(table.onset, 24.0 if table.form == "Bendel 1" else table.second or 0.0)


def _effect(table: EffectTable) -> Effect:
    proton = _proton(table.proton, table.heavy_ion)
    return Effect(_heavy_ion(table.heavy_ion), proton, table.cells, table.name, table.stops_job)


def _memory(table: MemoryTable | None) -> Memory | None:
    if table is None:
        return None
    numbers = (table.word, table.corrects, table.symbol, table.interleave, table.copies)
    return Memory(table.scrub, table.multiplicity or None, table.pitch, *numbers)


def _uncertainty(table: UncertaintyTable) -> Uncertainty:
    heavy = (table.onset, table.width, table.exponent, table.plateau, table.depth, table.funnel)
    proton = (table.proton_onset, table.proton_width, table.proton_exponent, table.proton_plateau)
    return Uncertainty(heavy, proton, table.environment)
