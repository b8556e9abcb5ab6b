"""The table [[chip]]: a die, its lid and the interfaces between them, on something that cools it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from caloris.case import quantity as q
from caloris.case.schema_surface import Cells
from caloris.case.schema_types import (
    Direction,
    ExistingFile,
    Measure,
    Name,
    Position,
    PositiveLength,
    Schedule,
    ScheduleOf,
    Table,
)


class Interface(Table):
    """What lies between two parts of a stack: a conductance per area, or a layer of known thickness."""

    conductance_per_area: Annotated[float, Measure(q.CONDUCTANCE_PER_AREA, above=0)] | None = Field(
        default=None, description="Conductance per area; or conductivity and thickness"
    )
    conductivity: Annotated[float, Measure(q.CONDUCTIVITY, above=0)] | None = Field(
        default=None, description="Conductivity of the layer; with thickness"
    )
    thickness: PositiveLength = Field(default=50e-6, description="Thickness of the layer")

    @model_validator(mode="after")
    def _one_way(self) -> "Interface":
        if (self.conductance_per_area is None) == (self.conductivity is None):
            raise ValueError("needs conductance_per_area, or conductivity + thickness, and not both")
        if self.conductivity is not None and "thickness" not in self.model_fields_set:
            raise ValueError("thickness is missing: conductivity needs it")
        return self

    @property
    def per_area(self) -> float:
        """Conductance per area (W m-2 K-1)."""
        if self.conductance_per_area is not None:
            return self.conductance_per_area
        assert self.conductivity is not None
        return self.conductivity / self.thickness


class Slab(Table):
    """A die or a lid: sides along u and v, thickness, material; with `divide` it is a solid of bricks."""

    size: tuple[PositiveLength, PositiveLength] = Field(description="Sides along u and v")
    thickness: PositiveLength = Field(description="Thickness")
    material: str = Field(description="Material; its conductivities u, v, through are along the sides and through")
    divide: tuple[Cells, Cells, Cells] | None = Field(
        default=None, description="Bricks along u, v and the thickness; without it the part is one node"
    )

    @property
    def area(self) -> float:
        """Area of a face (m2)."""
        return self.size[0] * self.size[1]


class Chip(Table):
    """A chip whose heat arises in the outer face of its die and flows through it, and a lid, into what it stands on.

    It stands for other tables. As nodes: [[node]] "NAME die" (and "NAME lid"), a [[link]] for each step, with the
    spreading resistance of the lid. As solids: [[solid]] "NAME die" (and "NAME lid") with [[contact]]s. And a [[load]].
    """

    name: Name = Field(description="Name among the chips; its parts are called NAME die and NAME lid")
    on: str = Field(description="What cools it: a surface, a cell, a layer, the face of a solid, a node")
    power: Annotated[Schedule, ScheduleOf(Measure(q.POWER))] = Field(
        description="Power, or a table over phase or time", json_schema_extra={"unit": "W"}
    )
    electrical: bool = Field(default=False, strict=True, description="Whether the bus supplies it too")
    die: Slab = Field(description="The die")
    interface: Interface = Field(description="Between the die and the lid, or what it stands on")
    lid: Slab | None = Field(default=None, description="Lid or spreader between the die and what it stands on")
    lid_interface: Interface | None = Field(default=None, description="Between the lid and what it stands on")
    spreading: Literal["mean", "maximum"] = Field(
        default="maximum",
        description="Without divide: whether the die's temperature is its mean, or that of its middle",
    )
    corner: Position | None = Field(default=None, description="With divide: corner of the chip on what it stands on")
    along_u: Direction | None = Field(default=None, description="With divide: direction of u")
    along_v: Direction | None = Field(
        default=None, description="With divide: direction of v, square to u; the chip stands on the side u x v"
    )
    body: str = Field(default="bus", description="With divide: body that carries the chip")
    power_map: Annotated[Path, ExistingFile((".csv",))] | None = Field(
        default=None,
        description="With divide: relative power over the die, values along u in lines along v; kept to the power",
    )

    @property
    def is_solid(self) -> bool:
        """Whether the die and the lid are solids of bricks."""
        return self.die.divide is not None

    @model_validator(mode="after")
    def _consistent(self) -> "Chip":
        if (self.lid is None) != (self.lid_interface is None):
            raise ValueError("lid and lid_interface belong together")
        if self.lid is not None:
            if any(die > lid for die, lid in zip(self.die.size, self.lid.size, strict=True)):
                raise ValueError("the lid must be at least as large as the die")
            if (self.lid.divide is None) != (self.die.divide is None):
                raise ValueError("divide both the die and the lid, or neither")
        placed = [key for key in ("corner", "along_u", "along_v") if getattr(self, key) is not None]
        if self.is_solid and len(placed) < 3:
            raise ValueError("a die with divide needs corner, along_u and along_v")
        if not self.is_solid and (placed or self.power_map is not None):
            given = [*placed, *(["power_map"] if self.power_map is not None else [])]
            raise ValueError(f"{' and '.join(given)} given, but the die has no divide: it is one node")
        if self.along_u is not None and self.along_v is not None:
            if abs(sum(u * v for u, v in zip(self.along_u, self.along_v, strict=True))) > 1e-6:
                raise ValueError("along_u and along_v must be at right angles")
        return self
