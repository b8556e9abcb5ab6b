"""What shields devices, dose points and solar cells: layers, and the walls of the case's own bodies."""

from collections.abc import Sequence

import numpy as np

from caloris.case.address import cell_address, parse_address
from caloris.case.schema import Case
from caloris.case.schema_shield import ShieldLayer as LayerTable
from caloris.case.schema_solid import SolidMesh
from caloris.case.schema_surface import Surface
from caloris.geometry.assembly import Geometry
from caloris.geometry.sectors import solid_regions
from caloris.model.shield import SectorShield, ShieldLayer, Walls
from caloris.solve.sectors import sector_shield as shield_of_walls

DEFAULT_RAYS = 8192
# A point on a surface stands this far off it, in parts of the whole spacecraft: its own wall lies on one side of it.
_OFF = 1e-6
_ALUMINUM = {"Al": 1.0}


def shield_layers(case: Case, layers: Sequence[LayerTable]) -> tuple[ShieldLayer, ...]:
    """Layers of a shield, the outermost first. ValueError for what has no stopping power."""
    return tuple(_layer(case, layer) for layer in layers)


def sector_shield(
    case: Case, geometry: Geometry, point: np.ndarray, rays: int = DEFAULT_RAYS, seed: int | None = None
) -> SectorShield:
    """Everything of the case around a point (m, bus frame, joints at zero), reduced to bins of shielding.

    The rays' seed is that of the run where None. See `caloris.sector_shield`, `build_walls`.
    """
    if seed is None:
        seed = 0 if case.run is None else case.run.seed
    return shield_of_walls(geometry, point, build_walls(case, geometry), rays=rays, seed=seed)


def build_walls(case: Case, geometry: Geometry) -> Walls:
    """Sheets of every surface and regions of every solid of a case.

    A panel has its skins, and its core as the material of its front skin. Materials without a composition count as
    aluminum of the same mass. Blankets, lumped nodes, fluids and surfaces without thickness have no mass here.
    Materials stand in the order of the case. Raises ValueError for a material without density or with an element that
    has no stopping power.
    """
    sheets = [(surface.name, *sheet) for surface in case.surfaces for sheet in _sheets_of(case, surface)]
    regions, owners = solid_regions(geometry), _solid_materials(case, geometry)
    used = {material for _, _, material, _, _ in sheets} | set(owners)
    names = [material.name for material in case.materials if material.name in used]
    index = {surface.name: k for k, surface in enumerate(geometry.surfaces)}
    several = {solid for k, (solid, _) in enumerate(regions) if solid in [other for other, _ in regions[:k]]}
    fractions = [_composition(case, name) for name in names]
    return Walls(
        thickness=[thickness for *_, thickness, _ in sheets],
        density=[density for *_, density in sheets],
        region_density=[_density(case, material) for material in owners],
        mass_fraction=np.stack(fractions) if fractions else np.zeros((0, len(_composition_of(_ALUMINUM)))),
        name=tuple(f"{surface}/{part}" if part else surface for surface, part, *_ in sheets),
        region=tuple(f"{solid}/{region}" if solid in several else solid for solid, region in regions),
        materials=tuple(names),
        surface=tuple(index[surface] for surface, *_ in sheets),
        sheet_material=tuple(names.index(material) for _, _, material, _, _ in sheets),
        region_material=tuple(names.index(material) for material in owners),
        surfaces=len(geometry.surfaces),
    )


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


def surface_loadings(case: Case) -> dict[str, float]:
    """Mass per area (kg m-2) of the surfaces that state a thickness or a panel and whose materials have densities."""
    found: dict[str, float] = {}
    for surface in case.surfaces:
        try:
            sheets = _sheets_of(case, surface)
        except ValueError:
            continue
        if sheets:
            found[surface.name] = sum(thickness * density for *_, thickness, density in sheets)
    return found


def _layer(case: Case, layer: LayerTable) -> ShieldLayer:
    density = layer.areal_density
    if density is None:
        assert layer.thickness is not None
        density = layer.thickness * _density(case, layer.material) * 0.1
    material = next(one for one in case.materials if one.name == layer.material)
    return ShieldLayer.of(layer.material, material.composition or {}, density)


def _sheets_of(case: Case, surface: Surface) -> list[tuple[str, str, float, float]]:
    """(part, material, thickness in m, density in kg/m3) of every sheet of a surface; ValueError without a density."""
    if surface.panel is not None:
        panel = next(one for one in case.panels if one.name == surface.panel)
        skins = [
            (part, skin.material, skin.thickness, _density(case, skin.material))
            for part, skin in (("front skin", panel.front_skin), ("back skin", panel.back_skin))
        ]
        return [*skins, ("core", panel.front_skin.material, panel.core.thickness, panel.core.density)]
    if surface.material is not None and surface.thickness is not None:
        return [("", surface.material, surface.thickness, _density(case, surface.material))]
    return []


def _solid_materials(case: Case, geometry: Geometry) -> list[str]:
    """The material of every region of the solids, in the order of solid_regions."""
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
    return _composition_of(material.composition or _ALUMINUM, name)


def _composition_of(composition: dict[str, float], name: str = "Al") -> np.ndarray:
    return np.asarray(ShieldLayer.of(name, composition, 1.0).mass_fraction)
