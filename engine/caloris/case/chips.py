"""Every [[chip]] as the tables that it stands for: nodes and links, or solids and contacts; and its load."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from caloris.case.errors import CaseProblem
from caloris.case.schema_chip import Chip, Interface, Slab
from caloris.case.schema_conduction import Contact
from caloris.case.schema_material import Material, by_direction, reference_value
from caloris.case.schema_power import Load
from caloris.case.schema_solid import SolidBox
from caloris.case.schema_structure import Link, Node
from caloris.case.schema_types import Table
from caloris_kernels.conduction.spreading import spreading_resistance

Item = tuple[str, Table]


def chip_tables(
    chips: Sequence[tuple[str, Chip]], materials: Mapping[str, Material], problems: list[CaseProblem]
) -> dict[str, list[Item]]:
    """Path and model of the tables that chips stand for, by table; what is wrong with them is appended to problems.

    A chip of a material that does not exist, or lacks a property, makes its parts and nothing that joins them: the
    problem is said where the material is missed.
    """
    found: dict[str, list[Item]] = {table: [] for table in ("node", "link", "solid", "contact", "load")}
    for path, chip in chips:
        made = [materials.get(slab.material) for slab in _slabs(chip).values()]
        for key, slab in _slabs(chip).items():
            problems += _unknown(f"{path}/{key}/material", slab, materials)
        sound = all(one is not None and one.conductivity and one.density and one.specific_heat for one in made)
        build = _solids if chip.is_solid else _nodes
        for table, items in build(path, chip, materials if sound else {}, problems).items():
            found[table] += items
    return found


def part_names(name: str) -> tuple[str, str]:
    """What the die and the lid of a chip are called."""
    return f"{name} die", f"{name} lid"


def _slabs(chip: Chip) -> dict[str, Slab]:
    return {"die": chip.die} if chip.lid is None else {"die": chip.die, "lid": chip.lid}


def _unknown(path: str, slab: Slab, materials: Mapping[str, Material]) -> list[CaseProblem]:
    material = materials.get(slab.material)
    if material is None:
        return [CaseProblem(path, f'"{slab.material}" is not the name of a sound material')]
    missing = [key for key in ("density", "specific_heat", "conductivity") if not getattr(material, key)]
    return [CaseProblem(f"material/{material.name}/{key}", "is missing or 0: a chip is made of this material")
            for key in missing]  # fmt: skip


def _nodes(
    path: str, chip: Chip, materials: Mapping[str, Material], problems: list[CaseProblem]
) -> dict[str, list[Item]]:
    """One node for the die and one for the lid's far side; links with every resistance between them."""
    die, lid = part_names(chip.name)
    slabs = dict(zip((die, lid), _slabs(chip).values(), strict=False))
    nodes: list[Item] = [
        (f"{path}/{key}", Node(name=name, heat_capacity=_heat_capacity(slab, materials)))
        for key, (name, slab) in zip(("die", "lid"), slabs.items(), strict=False)
    ]
    links: list[Item] = []
    if materials:
        resistance = _through(chip.die, materials) + 1.0 / (chip.interface.per_area * chip.die.area)
        if chip.lid is None or chip.lid_interface is None:
            links.append(_link(path, f"{chip.name} interface", die, chip.on, 1.0 / resistance))
        else:
            resistance += _through(chip.lid, materials) + _spreading(chip, chip.lid, chip.lid_interface, materials)
            links.append(_link(path, f"{chip.name} interface", die, lid, 1.0 / resistance))
            film = chip.lid_interface.per_area * chip.lid.area
            links.append(_link(path, f"{chip.name} lid interface", lid, chip.on, film))
    load = Load(name=chip.name, on=(die,), power=chip.power, electrical=chip.electrical)
    return {"node": nodes, "link": links, "load": [(path, load)]}


def _link(path: str, name: str, first: str, second: str, conductance: float) -> Item:
    return path, Link(name=name, between=(first, second), conductance=conductance)


def _heat_capacity(slab: Slab, materials: Mapping[str, Material]) -> float:
    if not materials:
        return 0.0
    material = materials[slab.material]
    heat = (material.density or 0.0) * reference_value(material.specific_heat or 0.0)
    return heat * slab.area * slab.thickness


def _through(slab: Slab, materials: Mapping[str, Material]) -> float:
    """Resistance through a slab (K W-1)."""
    return slab.thickness / (by_direction(materials[slab.material].conductivity or 0.0)[2] * slab.area)


def _spreading(chip: Chip, lid: Slab, below: Interface, materials: Mapping[str, Material]) -> float:
    """Spreading resistance of the lid under the die in its middle (K W-1); what the lid stands on is isothermal."""
    sides, conductivity = np.array(lid.size), np.array(by_direction(materials[lid.material].conductivity or 0.0))
    # In numpy: a case is read before anything says whether JAX counts in float64.
    found = spreading_resistance(
        np.array(chip.die.size), sides, 0.5 * sides, lid.thickness, conductivity, below.per_area, numeric=np
    )
    return float(found.mean if chip.spreading == "mean" else found.center)


def _solids(
    path: str, chip: Chip, materials: Mapping[str, Material], problems: list[CaseProblem]
) -> dict[str, list[Item]]:
    """Boxes one above the other, the interfaces' thicknesses apart, the die in the middle of the lid."""
    assert chip.corner is not None and chip.along_u is not None and chip.along_v is not None
    u, v = np.array(chip.along_u), np.array(chip.along_v)
    normal = np.cross(u, v)
    corner, solids, contacts, below = np.array(chip.corner), [], [], chip.on
    layers = [(chip.die, part_names(chip.name)[0], "die", chip.interface, "interface")]
    if chip.lid is not None and chip.lid_interface is not None:
        layers.insert(0, (chip.lid, part_names(chip.name)[1], "lid", chip.lid_interface, "lid_interface"))
    for k, (slab, name, key, interface, joint) in enumerate(layers):
        if k > 0:
            free = np.array(layers[0][0].size) - slab.size
            corner = corner + 0.5 * (free[0] * u + free[1] * v)
        corner = corner + interface.thickness * normal
        edges = (slab.size[0] * u, slab.size[1] * v, slab.thickness * normal)
        box = SolidBox.model_validate(
            {
                "name": name,
                "corner": corner.tolist(),
                **{f"edge_{word}": edge.tolist() for word, edge in zip("uvw", edges, strict=True)},
                "divide": list(slab.divide or (1, 1, 1)),
                "material": slab.material,
                "body": chip.body,
            }
        )
        solids.append((f"{path}/{key}", box))
        contact = Contact(
            name=f"{chip.name} {joint.replace('_', ' ')}", between=(f"{name}.w-", below),
            conductance_per_area=interface.per_area, gap=1.001 * interface.thickness,
        )  # fmt: skip
        contacts.append((f"{path}/{joint}", contact))
        corner, below = corner + edges[2], f"{name}.w+"
    load = _mapped_load(path, chip, problems)
    return {"solid": solids, "contact": contacts, "load": [(path, load)]}


def _mapped_load(path: str, chip: Chip, problems: list[CaseProblem]) -> Load:
    """Power on the patches of the die's outer face: evenly, or by the map's integral over each."""
    face = f"{part_names(chip.name)[0]}.w+"
    if chip.power_map is None or chip.die.divide is None:
        return Load(name=chip.name, on=(face,), power=chip.power, electrical=chip.electrical)
    try:
        values = read_power_map(chip.power_map)
    except ValueError as error:
        problems.append(CaseProblem(f"{path}/power_map", str(error)))
        return Load(name=chip.name, on=(face,), power=chip.power, electrical=chip.electrical)
    u, v, _ = chip.die.divide
    shares = _over_patches(u, values.shape[1]) @ values.T @ _over_patches(v, values.shape[0]).T
    names = tuple(f"{face}[{i},{j}]" for i in range(u + 1) for j in range(v + 1))
    shares = (shares / shares.sum()).ravel()
    return Load(
        name=chip.name, on=names, power=chip.power, electrical=chip.electrical,
        shares=tuple(float(share) for share in shares),
    )  # fmt: skip


def read_power_map(path: Path) -> np.ndarray:
    """Values [v, u] of a power map: numbers between commas, one line for each place along v. ValueError otherwise."""
    try:
        rows = [[float(part) for part in line.split(",")] for line in path.read_text().splitlines() if line.strip()]
        values = np.array(rows, float).reshape(len(rows), -1)
    except ValueError as error:
        raise ValueError(f"{path.name} is not a table of numbers between commas: {error}") from None
    if values.size == 0 or not np.all(np.isfinite(values)) or values.min() < 0.0 or values.max() <= 0.0:
        raise ValueError(f"{path.name} needs finite values of at least 0, not all of them 0")
    return values


def _over_patches(bricks: int, places: int) -> np.ndarray:
    """Part of each of the map's places that lies on each patch [patch, place]; patches reach halfway to the next."""
    patch = np.r_[0.0, (np.arange(bricks) + 0.5) / bricks, 1.0]
    place = np.arange(places + 1) / places
    low = np.maximum(patch[:-1, None], place[None, :-1])
    high = np.minimum(patch[1:, None], place[None, 1:])
    return np.maximum(high - low, 0.0) * places


def with_chips(items: dict[str, list[Item]], raw: dict, problems: list[CaseProblem]) -> None:
    """Add to the valid tables, and to the names of the text, those that chips stand for."""
    for table in raw.get("chip", []):
        name, solid = table.get("name"), isinstance(table.get("die"), dict) and "divide" in table["die"]
        if isinstance(name, str):
            # Named even where the chip is wrong, so that references to its parts are no further errors.
            parts = part_names(name)[: 2 if "lid" in table else 1]
            kind = "solid" if solid else "node"
            raw[kind] = [*raw.get(kind, []), *({"name": part} for part in parts)]
    materials = {table.name: table for _, table in items.get("material", []) if isinstance(table, Material)}
    chips = [(path, table) for path, table in items.get("chip", []) if isinstance(table, Chip)]
    for kind, made in chip_tables(chips, materials, problems).items():
        # The nodes of an imported network stay the last ones.
        items[kind] = [*made, *items.get(kind, [])] if kind == "node" else [*items.get(kind, []), *made]
