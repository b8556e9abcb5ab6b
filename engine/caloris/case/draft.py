"""A case between two steps: each table validated alone, the tables not yet checked against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caloris.case.schema import Case


@dataclass(frozen=True)
class Draft:
    """The valid tables (`case`), all tables of the text (`raw`), and each valid `[[table]]` with its path.

    Names come from `raw`, so that a table with an error of its own does not make every reference to it an
    error too.
    """

    case: Case
    raw: Mapping[str, Any]
    items: Mapping[str, Sequence[tuple[str, Any]]]
    nodes_known: bool = True  # not where the file of [network] could not be read

    def located(self, table: str) -> Sequence[tuple[str, Any]]:
        """Path and model of each valid `[[table]]`, in file order."""
        return self.items.get(table, ())

    def names(self, table: str) -> list[str]:
        """The names that the tables `[[table]]` of the text have, valid or not."""
        return [item["name"] for item in self.raw.get(table, []) if isinstance(item.get("name"), str)]

    def has(self, *tables: str) -> bool:
        """Whether the text has one of these tables, valid or not."""
        unknown = "node" in tables and not self.nodes_known
        return unknown or any(self.raw.get(table) is not None and self.raw[table] != [] for table in tables)

    def is_complete(self, *tables: str) -> bool:
        """Whether every `[[table]]` of the text is valid."""
        known = self.nodes_known or "node" not in tables
        return known and all(len(self.located(table)) == len(self.raw.get(table, [])) for table in tables)
