"""Shields of devices and dose points: what they are made of, and what the transport leaves out where it counts."""

from collections.abc import Iterator, Sequence

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_shield import ShieldLayer

# Beyond it (g/cm2) what collisions leave is no longer small beside what gets through. The mean free path in aluminum
# is 20 g/cm2 for iron, 37 for carbon, 100 for protons: behind 5 g/cm2 a fifth of the iron has become fragments.
THICK_SHIELD = 5.0


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
    """One line for each device behind so much that missing fragments and secondary particles count."""
    particles = draft.case.particles
    followed = particles is not None and particles.transport.fragments
    missing = "secondary protons and neutrons" if followed else "fragments of ions, secondary protons and neutrons"
    cure = "" if followed else "; particles/transport/fragments follows the first"
    for device in draft.case.devices:
        thickness = sum(_areal_density(draft, layer) for layer in device.layers)
        if thickness > THICK_SHIELD:
            yield (
                f"device/{device.name}/shield: {thickness:.3g} g/cm^2 is more than {THICK_SHIELD:g} g/cm^2; "
                f"{missing} are not followed, so the upset rates come out too low{cure}"
            )


def _areal_density(draft: Draft, layer: ShieldLayer) -> float:
    """Of a layer (g/cm2); nothing where its material has no density, which is an error of its own."""
    if layer.areal_density is not None:
        return layer.areal_density
    densities = {material.name: material.density for material in draft.case.materials}
    return 0.1 * (layer.thickness or 0.0) * (densities.get(layer.material) or 0.0)
