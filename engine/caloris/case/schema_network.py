"""The table [network]: nodes and couplings from a file of their own."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from caloris.case import quantity as q
from caloris.case.schema_types import ExistingFile, Measure, Table


class Network(Table):
    """A lumped network from an ESATAN-style file, or from two CSV files. Its nodes count among the [[node]] tables.

    What the case says about a [[node]] it can say of these too: loads, links, limits, variants, equipment.
    """

    file: Annotated[Path, ExistingFile((".d", ".dat", ".tan", ".tmd", ".txt"))] | None = Field(
        default=None, description="ESATAN-style file"
    )
    nodes: Annotated[Path, ExistingFile((".csv",))] | None = Field(default=None, description="CSV file of nodes")
    couplings: Annotated[Path, ExistingFile((".csv",))] | None = Field(
        default=None, description="CSV file of couplings between them"
    )
    names: Literal["number", "label"] = Field(
        default="number", description="What an ESATAN-style file's nodes are called by: kind and number, or their label"
    )
    constants: dict[str, Annotated[float, Measure(q.RATIO)]] = Field(
        default={}, description="Values in place of constants of an ESATAN-style file, bare numbers in its units"
    )
    node: dict[str, dict[str, Any]] = Field(
        default={}, description='Changes to its nodes by name, as the path "node/NAME/key" makes them'
    )

    @model_validator(mode="after")
    def _of_one_kind(self) -> "Network":
        if (self.file is None) == (self.nodes is None):
            raise ValueError("needs file (ESATAN-style), or nodes and couplings (CSV)")
        if self.file is not None and self.couplings is not None:
            raise ValueError("couplings belong to nodes; an ESATAN-style file holds both")
        if self.file is None and (self.constants or self.names != "number"):
            raise ValueError("constants and names are of ESATAN-style files; CSV files have none")
        return self
