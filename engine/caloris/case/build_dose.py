"""Dose points, and what displacement damage does to solar arrays, from the case's tables."""

from collections.abc import Sequence

from caloris.case.build_shield import place_of, sector_shield, shield_layers
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_dose import DosePoint as PointTable
from caloris.case.schema_power import CellDamage as CellTable
from caloris.geometry.assembly import Geometry
from caloris.model.dose import CellDamage, DosePoint
from caloris.model.shield import SectorShield
from caloris_kernels.particle.cells import CELLS


def build_dose_points(case: Case, geometry: Geometry | None) -> tuple[DosePoint, ...]:
    """Every [[dose_point]]; those behind the geometry only where it is given. CaseError for what cannot shield."""
    points, problems = [], []
    for table in case.dose_points:
        if table.shield == "geometry" and geometry is None:
            continue
        try:
            points.append(_point(case, geometry, table))
        except ValueError as error:
            problems.append(CaseProblem(f"dose_point/{table.name}/shield", str(error)))
    if problems:
        raise CaseError(problems, case.source)
    return tuple(points)


def build_cell_damage(case: Case, points: Sequence[DosePoint]) -> tuple[CellDamage, ...]:
    """The damage of every [[solar_array]] that asks for it, by `run/life`; CaseError for what cannot shield."""
    cells, problems = [], []
    named = {point.name: point for point in points}
    life = 1.0 if case.run is None or not isinstance(case.run.life, float | int) else case.run.life
    for k, table in enumerate(case.solar_arrays):
        damage = table.damage
        if damage is None:
            continue
        try:
            point = named[damage.dose_point] if damage.dose_point is not None else _in_front(case, damage)
        except ValueError as error:
            problems.append(CaseProblem(f"solar_array/{table.name or k}/damage/shield", str(error)))
            continue
        cells.append(CellDamage(point, *damage.constants, life, k))
    if problems:
        raise CaseError(problems, case.source)
    return tuple(cells)


def _point(case: Case, geometry: Geometry | None, table: PointTable) -> DosePoint:
    place = None
    if table.shield == "geometry":
        assert geometry is not None and table.at is not None
        middle = place_of(geometry, table.at)
        shield = sector_shield(case, geometry, middle, table.rays)
        place = tuple(float(part) for part in middle)
    else:
        shield = SectorShield.sphere(shield_layers(case, table.shield))
    slab = table.shape == "slab"
    return DosePoint(shield, table.years, table.target, slab, table.name, table.damage, place)


def _in_front(case: Case, damage: CellTable) -> DosePoint:
    """A point behind the coverglass of cells."""
    assert damage.shield is not None and damage.years is not None
    shield = SectorShield.sphere(shield_layers(case, damage.shield))
    material = damage.material if damage.cell is None else CELLS[damage.cell].material
    return DosePoint(shield, damage.years, slab=True, name="cells", damage=material)
