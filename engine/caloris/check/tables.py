"""Tables and panels of the description of a case."""

import numpy as np
from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

MOST_ROWS = 20


def open_table(*columns: str, text: int = 1) -> Table:
    """An open table whose first `text` columns are words, the rest numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for index, heading in enumerate(columns):
        if index < text:
            table.add_column(heading, overflow="fold")
        else:  # numbers are never broken
            table.add_column(heading, justify="right")
    return table


def titled(title: str, table: Table) -> Group:
    """A table under its title; the title may be wider than the table."""
    return Group(Text(title, "bold"), table)


def panel(title: str, rows: list[tuple[str, str]]) -> Panel:
    """Words and what is said of them, line by line, in a frame."""
    lines = Text("\n").join(Text.assemble((f"{word:<16}", "dim"), value) for word, value in rows)
    return Panel(lines, title=title, title_align="left", expand=False)


def span(values: np.ndarray, unit: str) -> str:
    """The lowest and the highest value, or one figure where they are within 0.05."""
    low, high = float(values.min()), float(values.max())
    if high - low < 0.05:
        return f"{0.5 * (low + high):.1f} {unit}"
    return f"{low:.1f} to {high:.1f} {unit}"
