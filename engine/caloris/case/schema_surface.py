"""The table [[surface]]: one model per shape, `SHAPES` picks it by the key `shape`.

Common keys stand in `SurfaceTable`; the keys of each shape are those of the parametric shape it builds.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import (
    Direction,
    ExistingFile,
    HeatCapacity,
    Measure,
    Name,
    Position,
    PositiveLength,
    Table,
    Temperature,
    Whole,
)

Around = Annotated[int, Whole(least=3, most=10000)]
Cells = Annotated[int, Whole(least=1, most=10000)]

INACTIVE = "inactive"


class SurfaceTable(Table):
    """What every surface has, whatever its shape."""

    name: Name = Field(description="Name among the surfaces and nodes")
    front: str = Field(description='Coating of the front, or "inactive": that side takes no part in radiation')
    back: str = Field(default=INACTIVE, description='Coating of the back, or "inactive"')
    heat_capacity: HeatCapacity | None = Field(
        default=None, description="Heat capacity of the whole surface; 0: algebraic"
    )
    thickness: PositiveLength | None = Field(default=None, description="Thickness; with material")
    material: str | None = Field(default=None, description="Material; with thickness")
    panel: str | None = Field(default=None, description="Sandwich panel, instead of thickness and material")
    layers: Annotated[int, Whole(least=1, most=1000)] | None = Field(
        default=None,
        description="Divisions through the thickness (of a panel: through its core); nodes .front, .1, ... .back",
    )
    body: str = Field(default="bus", description="Body that carries the surface")
    temperature: Temperature | None = Field(default=None, description="Fixed temperature: makes the surface a boundary")
    start_temperature: Temperature | None = Field(
        default=None, description="Temperature at t = 0, before that of [run]"
    )

    @property
    def levels(self) -> int:
        """Number of nodes through the thickness: one, or one more than divisions."""
        if self.layers is None:
            return 1 if self.panel is None else 2
        return self.layers + 1

    def shape_keys(self) -> dict[str, Any]:
        """The keys of the shape alone (corner, radius, divide, ...) and their values."""
        common = {"shape", *SurfaceTable.model_fields}
        return {key: getattr(self, key) for key in type(self).model_fields if key not in common}


class Rectangle(SurfaceTable):
    """A parallelogram; front normal edge_u x edge_v, cells i along u, j along v."""

    shape: Literal["rectangle"] = "rectangle"
    corner: Position = Field(description="Corner")
    edge_u: Position = Field(description="First edge vector")
    edge_v: Position = Field(description="Second edge vector")
    divide: tuple[Cells, Cells] = Field(default=(1, 1), description="Cells along u and v")


class Triangle(SurfaceTable):
    """A triangle of a corner and two edges; front normal edge_u x edge_v."""

    shape: Literal["triangle"] = "triangle"
    corner: Position = Field(description="Corner")
    edge_u: Position = Field(description="First edge vector")
    edge_v: Position = Field(description="Second edge vector")
    divide: tuple[Cells] = Field(default=(1,), description="Parts along each edge")


class Disc(SurfaceTable):
    """A disc; front normal along the axis, cells i from the center outward, j around."""

    shape: Literal["disc"] = "disc"
    center: Position = Field(description="Center")
    axis: Direction = Field(description="Front normal")
    start: Direction | None = Field(
        default=None, description="Zero direction around the axis; default: a coordinate axis"
    )
    radius: PositiveLength = Field(description="Radius")
    divide: tuple[Cells, Around] = Field(default=(1, 24), description="Cells outward and around")


class Annulus(SurfaceTable):
    """A ring; front normal along the axis, cells i outward, j around."""

    shape: Literal["annulus"] = "annulus"
    center: Position = Field(description="Center")
    axis: Direction = Field(description="Front normal")
    start: Direction | None = Field(
        default=None, description="Zero direction around the axis; default: a coordinate axis"
    )
    inner_radius: PositiveLength = Field(description="Inner radius, below the radius")
    radius: PositiveLength = Field(description="Outer radius")
    divide: tuple[Cells, Around] = Field(default=(1, 24), description="Cells outward and around")


class Cylinder(SurfaceTable):
    """A cylinder without caps, front outside; cells i around, j along the axis."""

    shape: Literal["cylinder"] = "cylinder"
    center: Position = Field(description="Center of the base")
    axis: Position = Field(description="Axis vector; its length is the height")
    start: Direction | None = Field(
        default=None, description="Zero direction around the axis; default: a coordinate axis"
    )
    radius: PositiveLength = Field(description="Radius")
    divide: tuple[Around, Cells] = Field(default=(24, 1), description="Cells around and along")


class Cone(SurfaceTable):
    """A cone or frustum without caps, front outside; cells i around, j along the axis."""

    shape: Literal["cone"] = "cone"
    center: Position = Field(description="Center of the base")
    axis: Position = Field(description="Axis vector; its length is the height")
    start: Direction | None = Field(
        default=None, description="Zero direction around the axis; default: a coordinate axis"
    )
    radius: PositiveLength = Field(description="Radius of the base")
    top_radius: Annotated[float, Measure(q.LENGTH, least=0)] = Field(
        default=0.0, description="Radius at the axis' end; 0 is a tip"
    )
    divide: tuple[Around, Cells] = Field(default=(24, 1), description="Cells around and along")


class Sphere(SurfaceTable):
    """A sphere, front outside; cells i around the axis, j from pole to pole."""

    shape: Literal["sphere"] = "sphere"
    center: Position = Field(description="Center")
    radius: PositiveLength = Field(description="Radius")
    axis: Direction = Field(default=(0.0, 0.0, 1.0), description="Polar axis")
    start: Direction | None = Field(
        default=None, description="Zero direction around the axis; default: a coordinate axis"
    )
    divide: tuple[Around, Annotated[int, Whole(least=2, most=10000)]] = Field(
        default=(12, 6), description="Cells around and from pole to pole"
    )


class Box(SurfaceTable):
    """Six faces `name.u-` `name.u+` `name.v-` ..., front outside; edge_u, edge_v, edge_w right-handed."""

    shape: Literal["box"] = "box"
    corner: Position = Field(description="Corner")
    edge_u: Position = Field(description="First edge vector")
    edge_v: Position = Field(description="Second edge vector")
    edge_w: Position = Field(description="Third edge vector")
    divide: tuple[Cells, Cells, Cells] = Field(default=(1, 1, 1), description="Cells along u, v and w")


def read_length_unit(value: object, info: ValidationInfo) -> float:
    """The length in m of a unit of length."""
    if not isinstance(value, str):
        raise ValueError(f'{shown(value)} is not a unit of length; write for example "mm"')
    return Measure(q.LENGTH, above=0).parse(f"1 {value}", info)


class Mesh(SurfaceTable):
    """Triangles of a file; one node per triangle `name[k]`, or one node in all with `nodes = 1`."""

    later: ClassVar[dict[str, str]] = {"divide": "dividing the triangles of a mesh"}

    shape: Literal["mesh"] = "mesh"
    file: Annotated[Path, ExistingFile((".stl", ".obj", ".ply", ".glb", ".gltf", ".msh"))] = Field(
        description="Mesh file: STL, OBJ, PLY, glTF or Gmsh"
    )
    length_unit: Annotated[float, BeforeValidator(read_length_unit)] = Field(
        description='Unit of the file\'s coordinates, "mm"; kept as its length in m', json_schema_extra={"unit": "m"}
    )
    nodes: Literal[1] | None = Field(default=None, description="1 for one node in all, else one per triangle")


Surface = Rectangle | Triangle | Disc | Annulus | Cylinder | Cone | Sphere | Box | Mesh

SHAPES: dict[str, type[SurfaceTable]] = {
    "rectangle": Rectangle,
    "triangle": Triangle,
    "disc": Disc,
    "annulus": Annulus,
    "cylinder": Cylinder,
    "cone": Cone,
    "sphere": Sphere,
    "box": Box,
    "mesh": Mesh,
}
