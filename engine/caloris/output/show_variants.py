"""The table of variants: what each changes, how it ended, how cold and how hot it gets."""

import tomllib
from typing import Any

from rich.table import Table
from rich.text import Text

from caloris.output.items import extremes
from caloris.output.read import RunFile
from caloris.output.show_limits import AS_IT_STANDS
from caloris.output.tables import open_table
from caloris.output.text import celsius


def variant_table(run: RunFile) -> Table:
    """One row for the case as it stands and one for each variant; `caloris show --variant` has the rest of it."""
    table = open_table("Variants", "`caloris show --variant NAME` prints the tables of one")
    table.add_column("variant", overflow="fold", min_width=8)
    table.add_column("changes", overflow="fold", min_width=20)
    table.add_column("result", overflow="fold", min_width=7)
    for heading in ("coldest °C", "hottest °C"):
        table.add_column(heading, justify="right")
        table.add_column("where", overflow="fold", min_width=6)
    changes = variant_changes(run)
    table.add_row(AS_IT_STANDS, "", _result(run), *_extremes(run))
    for name in run.variants:
        variant = run.variant(name)
        table.add_row(name, "\n".join(changes.get(name, ())), _result(variant), *_extremes(variant))
    return table


def variant_changes(run: RunFile) -> dict[str, list[str]]:
    """What each variant of the file sets, as "path = value", by the text of the case."""
    try:
        tables: Any = tomllib.loads(run.case_text).get("variant", [])
        return {table["name"]: [f"{path} = {value}" for path, value in table["set"].items()] for table in tables}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):  # what wrote the text may differ
        return {}


def _result(run: RunFile) -> Text:
    return Text(run.result, "green" if run.succeeded else "bold red")


def _extremes(run: RunFile) -> list[str]:
    """Lowest and highest temperature of all nodes, each with the item that has it."""
    found = extremes(run)
    if found is None:
        return ["-"] * 4
    return [celsius(found.coldest), found.coldest_item, celsius(found.hottest), found.hottest_item]
