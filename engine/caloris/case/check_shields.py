"""Shields of devices and dose points: what they are made of, and what the transport leaves out where it counts."""

from collections.abc import Iterator, Mapping, Sequence

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_shield import ShieldLayer
from caloris_kernels.constants import THICK_SHIELD


def problems(draft: Draft) -> Iterator[CaseProblem]:
    """A geometry where it is asked for, a place in it, and materials whose composition is known."""
    for path, device in draft.located("device"):
        if device.shield == "geometry":
            yield from _geometry(draft, path, device.at, "point")
        yield from _layers(draft, path, f"device {device.name}", device.layers)
    for path, point in draft.located("dose_point"):
        if point.shield == "geometry":
            yield from _geometry(draft, path, point.at, "at")
        else:
            yield from _layers(draft, path, f"dose point {point.name}", point.shield)
    for path, array in draft.located("solar_array"):
        if array.damage is not None and array.damage.shield is not None:
            yield from _layers(draft, f"{path}/damage", f"{path} (damage)", array.damage.shield)


def _geometry(draft: Draft, path: str, at: object, cure: str) -> Iterator[CaseProblem]:
    if not draft.has("surface", "solid"):
        yield CaseProblem(f"{path}/shield", '"geometry" needs a [[surface]] or a [[solid]]; there is none')
    if isinstance(at, str) and at in draft.names("node"):
        yield CaseProblem(f"{path}/at", f'"{at}" is a lumped node without a place; give {cure} = [x, y, z]')


def _layers(draft: Draft, path: str, what: str, layers: Sequence[ShieldLayer]) -> Iterator[CaseProblem]:
    materials, names = {material.name: material for material in draft.case.materials}, draft.names("material")
    for k, layer in enumerate(layers):
        if layer.material not in names:
            words = f'"{layer.material}" is not the name of a material{nearest(layer.material, names)}'
            yield CaseProblem(f"{path}/shield/{k}/material", words)
        material = materials.get(layer.material)
        if material is not None and material.composition is None:
            words = f"is missing: the {what} is shielded by this material"
            yield CaseProblem(f"material/{material.name}/composition", words)
        if material is not None and layer.thickness is not None and material.density is None:
            words = f"is missing: the {what} has a layer of it by thickness"
            yield CaseProblem(f"material/{material.name}/density", words)


def warnings(draft: Draft) -> Iterator[str]:
    """One line for each device and dose point behind so much that missing fragments and secondary particles count.

    Of shields by the geometry the run alone knows how thick they are; `caloris show` says it then.
    """
    particles = draft.case.particles
    followed = particles is not None and particles.transport.fragments
    missing = "secondary protons and neutrons" if followed else "fragments of ions, secondary protons and neutrons"
    cure = "" if followed else "; particles/transport/fragments follows the first"
    density = {material.name: material.density for material in draft.case.materials}
    places = [(f"device/{device.name}", device.layers, "upset rates") for device in draft.case.devices]
    places += [
        (f"dose_point/{point.name}", point.shield, "doses")
        for point in draft.case.dose_points
        if point.shield != "geometry"
    ]
    for place, layers, what in places:
        thickness = sum(_areal_density(layer, density) for layer in layers)
        if thickness > THICK_SHIELD:
            yield (
                f"{place}/shield: {thickness:.3g} g/cm^2 is more than {THICK_SHIELD:g} g/cm^2; "
                f"{missing} are not followed, so the {what} come out too low{cure}"
            )


def _areal_density(layer: ShieldLayer, density: Mapping[str, float | None]) -> float:
    """Of a layer, in g/cm2; 0 for a thickness of a material whose density is missing, which is a problem of its own."""
    if layer.areal_density is not None:
        return layer.areal_density
    return 0.1 * (layer.thickness or 0.0) * (density.get(layer.material) or 0.0)  # kg/m2 to g/cm2
