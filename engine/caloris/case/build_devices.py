"""Devices and their shields, from the case's tables."""

from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_device import Device as DeviceTable
from caloris.model.device import Device, HeavyIonResponse, ProtonResponse, ShieldLayer


def build_devices(case: Case) -> tuple[Device, ...]:
    """Every [[device]] of the case; CaseError for shields of unknown composition."""
    compositions = {material.name: material.composition for material in case.materials}
    devices, problems = [], []
    for table in case.devices:
        try:
            devices.append(_device(table, compositions))
        except ValueError as error:
            problems.append(CaseProblem(f"device/{table.name}/shield", str(error)))
    if problems:
        raise CaseError(problems, case.source)
    return tuple(devices)


def _device(table: DeviceTable, compositions: dict) -> Device:
    ions, protons = table.heavy_ion, table.proton
    return Device(
        heavy_ion=None
        if ions is None
        else HeavyIonResponse(ions.onset, ions.width, ions.exponent, ions.plateau, ions.sensitive_volume, ions.funnel),
        proton=None
        if protons is None
        else ProtonResponse(protons.onset, protons.width, protons.exponent, protons.plateau),
        bits=table.bits,
        count=table.count,
        shield=tuple(
            ShieldLayer.of(layer.material, compositions[layer.material] or {}, layer.areal_density)
            for layer in table.shield
        ),
        name=table.name,
    )
