"""The tables of conduction: sandwich panels, contacts between faces, blankets over surfaces."""

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_material import Conductivity, Property, TemperatureTable
from caloris.case.schema_types import Fraction, Measure, Name, PositiveLength, References, Table, Whole


class Skin(Table):
    """A face sheet of a panel: `{ material = "Al 6061", thickness = "0.5 mm" }`."""

    material: str = Field(description="Material of the sheet")
    thickness: PositiveLength = Field(description="Thickness of the sheet")


class Core(Table):
    """What lies between the face sheets of a panel: honeycomb or foam, by its properties as a whole."""

    thickness: PositiveLength = Field(description="Thickness of the core")
    density: Annotated[float, Measure(q.DENSITY, least=0)] = Field(default=0.0, description="Mean density of the core")
    specific_heat: Annotated[float | TemperatureTable, Property(Measure(q.SPECIFIC_HEAT, least=0))] | None = Field(
        default=None, description="Specific heat; default: that of the front skin's material, as in metal honeycomb"
    )
    conductivity: Annotated[Conductivity, Property(Measure(q.CONDUCTIVITY, least=0), directions=True)] = Field(
        description="Conductivity of the core as a whole: [along u, along v, through], or one value"
    )


class Panel(Table):
    """A sandwich: two face sheets on a core. Surfaces of it have the nodes name[i,j].front and name[i,j].back."""

    name: Name = Field(description="Name among the panels")
    front_skin: Skin = Field(description="Face sheet of the front")
    core: Core = Field(description="Honeycomb or foam between the sheets")
    back_skin: Skin = Field(description="Face sheet of the back")


def _contact_area(value: object, info: ValidationInfo) -> float | None:
    if value == "overlap" or value is None:
        return None
    if isinstance(value, str) and value[:1].isalpha():
        raise ValueError(f'{shown(value)} is not an area; allowed: "overlap", or an area such as "0.02 m^2"')
    return Measure(q.AREA, above=0).parse(value, info)


class Filler(Table):
    """What fills a joint: `{ conductivity = "3 W/m/K", thickness = "0.2 mm" }`, or a material instead of a value."""

    material: str | None = Field(default=None, description="Material of the filler; or conductivity")
    conductivity: Annotated[float, Measure(q.CONDUCTIVITY, above=0)] | None = Field(
        default=None, description="Conductivity of the filler; or material"
    )
    thickness: PositiveLength = Field(description="Thickness of the filler, which is how far apart the faces lie")


class Contact(Table):
    """Two faces that touch, or a face in a fluid or shroud that a node stands for.

    The conductance is stated per area, by a filler, or by bolts. Faces touch where their triangles lie in one
    plane, within `gap`, and overlap.
    """

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    between: tuple[str, str] = Field(description="The two surfaces, box faces, layers or nodes; one may be a node")
    conductance_per_area: Annotated[float, Measure(q.CONDUCTANCE_PER_AREA, least=0)] | None = Field(
        default=None, description="Conductance of the interface per area"
    )
    filler: Filler | None = Field(default=None, description="Filler of the interface, instead of a conductance")
    bolts: Annotated[int, Whole(least=1, most=100000)] | None = Field(
        default=None, description="Number of bolts; with conductance_per_bolt"
    )
    conductance_per_bolt: Annotated[float, Measure(q.CONDUCTANCE, least=0)] | None = Field(
        default=None, description="Conductance of the joint at one bolt"
    )
    area: Annotated[float | None, BeforeValidator(_contact_area)] = Field(
        default=None,
        description='"overlap" (found from the geometry, the default) or the area of contact, which is spread over it',
        json_schema_extra={"unit": "m^2"},
    )
    gap: PositiveLength | None = Field(
        default=None, description="Distance up to which faces touch; default: rounding, or the filler's thickness"
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Contact":
        ways = [key for key in ("conductance_per_area", "filler", "bolts") if getattr(self, key) is not None]
        if len(ways) != 1:
            said = " and ".join(ways) + " given" if ways else "no conductance given"
            raise ValueError(f"{said}; needs one of conductance_per_area, filler, bolts + conductance_per_bolt")
        if (self.bolts is None) != (self.conductance_per_bolt is None):
            raise ValueError("bolts and conductance_per_bolt belong together")
        if self.bolts is not None and self.area is not None:
            raise ValueError("area has no meaning beside bolts, which state the whole conductance")
        if self.filler is not None and (self.filler.material is None) == (self.filler.conductivity is None):
            raise ValueError("filler needs material or conductivity, and not both")
        return self


class Blanket(Table):
    """Multi-layer insulation over one side of surfaces: its outer layer is a node of its own without mass.

    Heat from the outer layer to the surface: A (effective_emittance sigma (T_o^4 - T^4) + conductance_per_area
    (T_o - T)).
    """

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    over: References = Field(description="Surfaces that it covers, whole")
    side: Annotated[str, BeforeValidator(lambda value: _side(value))] = Field(
        default="front", description='Covered side, "front" or "back"; that side\'s own coating then plays no part'
    )
    outer_coating: str = Field(description="Coating of the outer layer")
    effective_emittance: Fraction | None = Field(
        default=None, description="Effective emittance between outer layer and surface", json_schema_extra={"unit": "1"}
    )
    conductance_per_area: Annotated[float, Measure(q.CONDUCTANCE_PER_AREA, least=0)] | None = Field(
        default=None, description="Linear conductance between outer layer and surface per area"
    )

    @model_validator(mode="after")
    def _conducts(self) -> "Blanket":
        if self.effective_emittance is None and self.conductance_per_area is None:
            raise ValueError("needs effective_emittance or conductance_per_area (or both)")
        return self


def _side(value: object) -> object:
    if value not in ("front", "back"):
        raise ValueError(f"{shown(value)} is not a side; allowed: front, back")
    return value
