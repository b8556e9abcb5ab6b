"""The table [[solid]]: bodies of tetrahedra, a box or a mesh; `SOLID_SHAPES` picks the model by the key `shape`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from caloris.case.schema_surface import INACTIVE, Cells, read_length_unit
from caloris.case.schema_types import ExistingFile, Name, Position, References, Table, Temperature


class SolidFace(Table):
    """What faces of a solid have of their own: `[[solid.face]]`."""

    on: References = Field(description='Faces: "u-" "u+" "v-" ... of a box, named surfaces of a mesh')
    coating: str | None = Field(default=None, description='Coating of these faces, or "inactive"')
    temperature: Temperature | None = Field(default=None, description="Fixed temperature of these faces")


class SolidTable(Table):
    """What every solid has, whatever its shape."""

    name: Name = Field(description="Name among the surfaces, solids and nodes")
    coating: str = Field(default=INACTIVE, description='Coating of all faces, or "inactive": they do not radiate')
    body: str = Field(default="bus", description="Body that carries the solid")
    start_temperature: Temperature | None = Field(
        default=None, description="Temperature at t = 0, before that of [run]"
    )
    face: tuple[SolidFace, ...] = Field(default=(), description="Faces with a coating or temperature of their own")

    def materials_used(self) -> tuple[str, ...]:
        """Materials that the solid is made of."""
        raise NotImplementedError


class SolidBox(SolidTable):
    """A block; nodes name[i,j,k] at the corners of its bricks, faces name.u- name.u+ name.v- ..."""

    shape: Literal["box"] = "box"
    corner: Position = Field(description="Corner")
    edge_u: Position = Field(description="First edge vector")
    edge_v: Position = Field(description="Second edge vector")
    edge_w: Position = Field(description="Third edge vector")
    divide: tuple[Cells, Cells, Cells] = Field(default=(1, 1, 1), description="Bricks along u, v and w")
    material: str = Field(description="Material; its conductivities u, v, through are along the three edges")

    def materials_used(self) -> tuple[str, ...]:
        """The one material."""
        return (self.material,)


class SolidMesh(SolidTable):
    """Tetrahedra of a Gmsh file; nodes name[k] at its vertices, faces name.GROUP by its physical surfaces."""

    shape: Literal["mesh"] = "mesh"
    file: Annotated[Path, ExistingFile((".msh",))] = Field(description="Gmsh file with tetrahedra")
    length_unit: Annotated[float, BeforeValidator(read_length_unit)] = Field(
        description='Unit of the file\'s coordinates, "mm"; kept as its length in m', json_schema_extra={"unit": "m"}
    )
    material: str | None = Field(default=None, description="Material of the whole; or materials")
    materials: dict[str, str] | None = Field(
        default=None, description='Material of each physical volume: { die = "silicon", lid = "copper" }; or material'
    )

    def materials_used(self) -> tuple[str, ...]:
        """The one material, or those of the volumes."""
        return (self.material,) if self.material is not None else tuple((self.materials or {}).values())


Solid = SolidBox | SolidMesh

SOLID_SHAPES: dict[str, type[SolidTable]] = {"box": SolidBox, "mesh": SolidMesh}
