"""Dose points and the sectors around them, from the case's tables."""

import jax.numpy as jnp
import numpy as np

from caloris.case.address import cell_address, parse_address
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_dose import DoseLayer
from caloris.case.schema_solid import SolidMesh
from caloris.case.schema_surface import Surface
from caloris.geometry.assembly import Geometry
from caloris.geometry.sector_bins import sector_bins
from caloris.geometry.sectors import SectorRays, areal_density, sector_rays, solid_regions
from caloris.model.dose import DosePoint
from caloris.model.shield import SectorShield, ShieldLayer

DEFAULT_RAYS = 8192
# A point on a surface stands this far off it, in parts of the whole spacecraft: its own wall lies on one side of it.
_OFF = 1e-6
_ALUMINUM = {"Al": 1.0}


def build_dose_points(case: Case, geometry: Geometry | None) -> tuple[DosePoint, ...]:
    """Every [[dose_point]]; those behind the geometry only where it is given. CaseError for what cannot shield."""
    points, problems = [], []
    for table in case.dose_points:
        if table.shield == "geometry" and geometry is None:
            continue
        try:
            if table.shield == "geometry":
                assert geometry is not None and table.at is not None
                place = place_of(geometry, table.at)
                shield = sector_shield(case, geometry, place, table.rays)
            else:
                shield = SectorShield.sphere([_layer(case, layer) for layer in table.shield])
        except ValueError as error:
            problems.append(CaseProblem(f"dose_point/{table.name}/shield", str(error)))
            continue
        points.append(DosePoint(shield, table.years, table.target, table.shape == "slab", table.name))
    if problems:
        raise CaseError(problems, case.source)
    return tuple(points)


def sector_shield(
    case: Case, geometry: Geometry, point: np.ndarray, rays: int = DEFAULT_RAYS, seed: int | None = None
) -> SectorShield:
    """Everything of the case around a point (m, bus frame, joints at zero), reduced to bins of shielding.

    Surfaces count with thickness times density / cos of their material or panel (a panel's core as the material of
    its front skin), solids with path length times density. Materials without a composition count as aluminum of the
    same mass. Blankets, lumped nodes, fluids and surfaces without thickness have no mass here. The order along the
    ray is not kept: materials are passed in the order of the case. Raises ValueError for a material without density or
    with an element that has no stopping power.
    """
    if seed is None:
        seed = 0 if case.run is None else case.run.seed
    found = sector_rays(geometry, point, rays, seed=seed)
    return shield_of_rays(case, geometry, found)


def shield_of_rays(case: Case, geometry: Geometry, rays: SectorRays) -> SectorShield:
    """The same from rays at hand."""
    names = [material.name for material in case.materials]
    loading = np.zeros((len(geometry.surfaces), len(names)))
    index = {surface.name: k for k, surface in enumerate(geometry.surfaces)}
    for surface, material, mass in _sheets(case):
        loading[index[surface], names.index(material)] += mass
    regions = np.zeros((len(solid_regions(geometry)), len(names)))
    for k, material in enumerate(_solid_materials(case, geometry)):
        regions[k, names.index(material)] = _density(case, material) * 1e-3
    used = np.flatnonzero((loading > 0.0).any(axis=0) | (regions > 0.0).any(axis=0))
    if len(used) == 0:
        return SectorShield.sphere([])
    bins = sector_bins(areal_density(rays, jnp.asarray(loading[:, used]), jnp.asarray(regions[:, used])))
    fractions = [_composition(case, names[k]) for k in used]
    return SectorShield(*bins, np.stack(fractions), tuple(names[k] for k in used))


def place_of(geometry: Geometry, at: str | tuple[float, float, float]) -> np.ndarray:
    """A point (m) in the bus frame: as stated, or the middle of cells, just off them on the side named.

    Without a side it is the back, which is the inside of boxes and cylinders; the middle of what surrounds it (a whole
    box) is its center. Raises ValueError for what has no place.
    """
    if not isinstance(at, str):
        return np.asarray(at, float)
    address = parse_address(at)
    topology = geometry.topology()
    cells = topology.cells(cell_address(address))
    kept = np.isin(topology.triangle_cell, cells)
    if not kept.any():
        raise ValueError(f'"{at}" has no place of its own; name a surface or solid, or give at = [x, y, z]')
    vertices = np.asarray(geometry.vertices(), float)
    a, b, c = (vertices[topology.triangles[kept][:, k]] for k in range(3))
    normal = 0.5 * np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    middle = np.average((a + b + c) / 3.0, axis=0, weights=area)
    mean = normal.sum(axis=0) / area.sum()
    if np.linalg.norm(mean) < 0.5:
        return middle
    size = float(np.ptp(vertices, axis=0).max())
    front = address.side == "front" or address.layer == "front"
    return middle + (_OFF * size if front else -_OFF * size) * mean / np.linalg.norm(mean)


def _layer(case: Case, layer: DoseLayer) -> ShieldLayer:
    density = layer.areal_density
    if density is None:
        assert layer.thickness is not None
        density = layer.thickness * _density(case, layer.material) * 0.1
    material = next(one for one in case.materials if one.name == layer.material)
    return ShieldLayer.of(layer.material, material.composition or {}, density)


def surface_loadings(case: Case) -> dict[str, float]:
    """Mass per area (kg m-2) of the surfaces that state a thickness or a panel and whose materials have densities."""
    found: dict[str, float] = {}
    for surface in case.surfaces:
        try:
            sheets = _sheets_of(case, surface)
        except ValueError:
            continue
        if sheets:
            found[surface.name] = 10.0 * sum(mass for _, mass in sheets)
    return found


def _sheets(case: Case) -> list[tuple[str, str, float]]:
    """(surface, material, g/cm2) of every sheet of every surface."""
    return [(surface.name, *sheet) for surface in case.surfaces for sheet in _sheets_of(case, surface)]


def _sheets_of(case: Case, surface: Surface) -> list[tuple[str, float]]:
    """(material, g/cm2) of every sheet of a surface; ValueError for a material without density."""
    if surface.panel is not None:
        panel = next(one for one in case.panels if one.name == surface.panel)
        skins = [
            (skin.material, skin.thickness * _density(case, skin.material) * 0.1)
            for skin in (panel.front_skin, panel.back_skin)
        ]
        return [*skins, (panel.front_skin.material, panel.core.thickness * panel.core.density * 0.1)]
    if surface.material is not None and surface.thickness is not None:
        return [(surface.material, surface.thickness * _density(case, surface.material) * 0.1)]
    return []


def _solid_materials(case: Case, geometry: Geometry | None = None) -> list[str]:
    """The material of every region of the solids, in the order of solid_regions; without a geometry all that occur."""
    if geometry is None:
        return [material for solid in case.solids for material in solid.materials_used()]
    tables = {solid.name: solid for solid in case.solids}
    found = []
    for solid, region in solid_regions(geometry):
        table = tables[solid]
        per_region = table.materials if isinstance(table, SolidMesh) else None
        found.append(per_region[region] if per_region else table.materials_used()[0])
    return found


def _density(case: Case, name: str) -> float:
    material = next(one for one in case.materials if one.name == name)
    if material.density is None:
        raise ValueError(f"material {name!r} has no density: how much it shields is not known")
    return material.density


def _composition(case: Case, name: str) -> np.ndarray:
    """Mass fractions of a material, those of aluminum where it has no composition."""
    material = next(one for one in case.materials if one.name == name)
    layer = ShieldLayer.of(name, material.composition or _ALUMINUM, 1.0)
    return np.asarray(layer.mass_fraction)
