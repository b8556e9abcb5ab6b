"""One look for all tables on the terminal."""

from rich import box
from rich.table import Table


def open_table(title: str, caption: str | None = None) -> Table:
    """An empty table without a frame, its title and caption at the left."""
    return Table(
        title=title,
        caption=caption,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
    )
