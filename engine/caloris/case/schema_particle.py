"""The table of the particle environment. Field units are kept here; a bare number is SI all the same."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import ExistingFile, Measure, Table


def _no_solar_event(value: object) -> object:
    if value in ("worst-week", "worst-day", "worst-5-minutes") or isinstance(value, dict):
        raise ValueError(f'{shown(value)} is not supported yet; allowed: "none"')
    return value


class Galactic(Table):
    """Galactic cosmic rays."""

    model: Literal["matthia-2013"] = Field(description="Matthia et al. 2013, doi 10.1016/j.asr.2012.09.022")
    solar_modulation: Annotated[float, Measure(q.RATIO, least=0, most=200)] = Field(
        description="Modulation parameter W of the model, 0 to 200"
    )


class Particles(Table):
    """The particle environment; a component without a key is absent (no cutoff: free space)."""

    later: ClassVar[dict[str, str]] = {
        "trapped": "trapped protons and electrons",
        "cutoff": "the geomagnetic cutoff",
    }

    galactic: Galactic | None = Field(default=None, description="Galactic cosmic rays")
    spectrum: Annotated[Path, ExistingFile((".csv",))] | None = Field(
        default=None,
        description="File that replaces the environment: z, energy (MeV/u), flux (m-2 s-1 sr-1 (MeV/u)-1)",
    )
    let_spectrum: Annotated[Path, ExistingFile((".csv",))] | None = Field(
        default=None,
        description="File that gives the spectrum behind the shield: let (MeV cm^2/mg), flux (integral, m-2 s-1 sr-1)",
    )
    solar_event: Annotated[Literal["none"], BeforeValidator(_no_solar_event)] = Field(
        default="none", description='Solar particle event; "none" only'
    )
