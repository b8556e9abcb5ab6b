"""What the shields of devices and of dose points share: layers, or sectors through the case's own geometry."""

from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field

from caloris.case.errors import shown
from caloris.case.schema_types import Whole

Layer = TypeVar("Layer")


def _shield(value: object) -> object:
    if value == "geometry" or not isinstance(value, str):
        return value
    raise ValueError(f'{shown(value)} is not a shield; allowed: "geometry", or a list of layers')


Shield = Annotated[Literal["geometry"] | tuple[Layer, ...], BeforeValidator(_shield)]
Rays = Annotated[int, Whole(least=64, most=4_000_000), Field(description='Rays of shield = "geometry"')]
DEFAULT_RAYS = 8192
