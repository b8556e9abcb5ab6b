"""The table of margins: of each item the coldest and the hottest variant, the limit, and what is left to it."""

import numpy as np
from rich.table import Table
from rich.text import Text

from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import celsius, signed

# What tables call the case without any variant.
AS_IT_STANDS = "(base)"
_CAPTION = (
    "margin = limit - qualification - acceptance - uncertainty - calculated; negative: not kept.\n"
    "Verdict: kept, or the innermost range (calculated, predicted, acceptance, qualification) that leaves the limit."
)


def margin_table(run: RunFile) -> Table:
    """One row for each item that has a limit, and for each state of it: the worst of all variants."""
    table = open_table("Margins", _CAPTION)
    variants = len(set(run.names("limits/variant"))) > 1
    table.add_column("item", overflow="fold", min_width=8)
    table.add_column("coldest\n°C", justify="right")
    if variants:
        table.add_column("in", overflow="fold", min_width=6)
    table.add_column("hottest\n°C", justify="right")
    if variants:
        table.add_column("in", overflow="fold", min_width=6)
    for heading in ("limit\n°C", "margins\nK", "low\nK", "high\nK"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    columns = {name: run[f"margins/{name}"] for name in _NUMBERS}
    for row, (item, state) in enumerate(zip(run.names("margins/item"), run.names("margins/state"), strict=True)):
        value = {name: float(column[row]) for name, column in columns.items()}
        limit = f"{celsius(value['limit_minimum'])} to {celsius(value['limit_maximum'])}"
        where = [run.names(f"margins/{end}_variant")[row] or AS_IT_STANDS for end in ("coldest", "hottest")]
        cold, hot = celsius(value["calculated_minimum"]), celsius(value["calculated_maximum"])
        verdict = run.names("margins/verdict")[row]
        table.add_row(
            item if state == "operating" else f"{item} (off)",
            *([cold, where[0], hot, where[1]] if variants else [cold, hot]),
            limit,
            _taken(run, item, state),
            _margin(value["margin_low"]),
            _margin(value["margin_high"]),
            Text(verdict, "green" if verdict == "kept" else "bold red"),
        )
    return table


_NUMBERS = ("calculated_minimum", "calculated_maximum", "limit_minimum", "limit_maximum", "margin_low", "margin_high")


def _taken(run: RunFile, item: str, state: str) -> str:
    """Uncertainty, acceptance and qualification margin of an item, "10+5+5"; the largest where variants differ."""
    mine = (run["limits/item"] == item) & (run["limits/state"] == state)
    return "+".join(f"{run[f'limits/{name}'][mine].max():g}" for name in ("uncertainty", "acceptance", "qualification"))


def _margin(kelvin: float) -> Text:
    if np.isnan(kelvin):
        return Text("-", "dim")
    return Text(signed(kelvin), "bold red" if kelvin < 0 else "green")
