"""What the shields of devices, dose points and solar cells share: layers, or sectors through the case's own geometry.

Areal densities are kept in g/cm^2.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import Measure, PositiveLength, Table, Whole


class ShieldLayer(Table):
    """One layer of a shield, the outermost first."""

    material: str = Field(description="A material with a composition")
    areal_density: Annotated[float, Measure(q.AREAL_DENSITY, above=0, most=1000)] | None = Field(
        default=None, description="Areal density; or thickness"
    )
    thickness: PositiveLength | None = Field(
        default=None, description="Thickness, of a material with a density; or areal_density"
    )

    @model_validator(mode="after")
    def _one_measure(self) -> "ShieldLayer":
        if (self.areal_density is None) == (self.thickness is None):
            raise ValueError("needs areal_density or thickness, and not both")
        return self


def _shield(value: object) -> object:
    if value == "geometry" or not isinstance(value, str):
        return value
    raise ValueError(f'{shown(value)} is not a shield; allowed: "geometry", or a list of layers')


Shield = Annotated[
    Annotated[Literal["geometry"], Tag("geometry")] | Annotated[tuple[ShieldLayer, ...], Tag("layers")],
    # What is wrong with layers is said of layers alone, not also that they are no geometry.
    Discriminator(lambda value: "geometry" if isinstance(value, str) else "layers"),
    BeforeValidator(_shield),
    Field(description='Layers, the outermost first, or "geometry": sectors through the case\'s own bodies'),
]
ShieldShape = Annotated[
    Literal["sphere", "slab"],
    Field(description="Layers all around, or in front with nothing from behind"),
]
Rays = Annotated[int, Whole(least=64, most=4_000_000), Field(description='Rays of shield = "geometry"')]
DEFAULT_RAYS = 8192


def check_shape(shield: str | tuple[ShieldLayer, ...], shape: str) -> None:
    """Raise ValueError for a slab of nothing, and of a geometry."""
    if shape != "slab":
        return
    if shield == "geometry":
        raise ValueError('shape = "slab" has no meaning beside shield = "geometry"')
    if not shield:
        raise ValueError('shape = "slab" needs a shield of layers')
