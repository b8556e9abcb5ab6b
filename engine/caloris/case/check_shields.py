"""What the transport through a case's shields leaves out, where it counts."""

from collections.abc import Iterator

from caloris.case.draft import Draft

# Beyond it (g/cm2) what collisions leave is no longer small beside what gets through. The mean free path in aluminum
# is 20 g/cm2 for iron, 37 for carbon, 100 for protons: behind 5 g/cm2 a fifth of the iron has become fragments.
THICK_SHIELD = 5.0


def warnings(draft: Draft) -> Iterator[str]:
    """One line for each device behind so much that missing fragments and secondary particles count."""
    for device in draft.case.devices:
        thickness = sum(layer.areal_density for layer in device.layers)
        if thickness > THICK_SHIELD:
            yield (
                f"device/{device.name}/shield: {thickness:.3g} g/cm^2 is more than {THICK_SHIELD:g} g/cm^2; fragments "
                "of ions, secondary protons and neutrons are not followed, so the upset rates come out too low"
            )
