"""One look for all tables on the terminal, and a way to print them that loses nothing on a narrow one.

Numbers are never broken and never cut: columns of words (`overflow="fold"`) give way first, down to their longest
word; what is then still too wide is printed at the width that it needs.
"""

from collections.abc import Iterable

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# Between two columns: a blank of padding and one of the box.
_GAP = 2
# Columns of words become no narrower than this, and words up to that length are left whole (characters).
_LEAST_WORDS, _WHOLE_WORD = 6, 13
# Words above and below a table may be this wide, where the console is too.
_WORDS = 88


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


def print_whole(console: Console, part: RenderableType) -> None:
    """Print a table, a group with tables, or anything else, so that no column and no word is lost."""
    for one in part.renderables if isinstance(part, Group) else [part]:
        if not isinstance(one, Table):
            console.print(one, crop=False)
            continue
        widths = _widths(console, one)
        for column, width in zip(one.columns, widths, strict=True):
            column.width = width
        one.width = sum(widths) + _GAP * (len(widths) - 1)
        # Words stand outside the table, where they wrap at a width of their own.
        title, caption, one.title, one.caption = one.title, one.caption, None, None
        wide = min(max(one.width, _WORDS), console.width)
        for words in _paragraphs(title, "bold", wide, console):
            console.print(words, crop=False)
        console.print(one, crop=False)
        for words in _paragraphs(caption, "dim italic", wide, console):
            console.print(words, crop=False)


def _paragraphs(words: object, style: str, width: int, console: Console) -> Iterable[Text]:
    """Lines of text no wider than a width."""
    text = words.copy() if isinstance(words, Text) else Text(str(words or ""))
    text.stylize_before(style)
    lines = text.wrap(console, width) if text.plain else ()
    for line in lines:
        line.rstrip()
    return lines


def _widths(console: Console, table: Table) -> list[int]:
    """Width of each column: what it needs, less where the console is narrower and the column can wrap."""
    wide = console.options.update(width=10_000)
    found, whole, least = [], [], []
    for column in table.columns:
        cells = [Measurement.get(console, wide, cell) for cell in (column.header, *column.cells)]
        natural = max(cell.maximum for cell in cells)
        natural = max(natural, column.min_width or 0)
        if column.max_width is not None:
            natural = min(natural, max(column.max_width, column.min_width or 0))
        longest = max(cell.minimum for cell in cells)
        words = column.overflow == "fold" and not column.no_wrap
        narrowest = column.min_width or _LEAST_WORDS
        found.append(natural)
        whole.append(min(natural, max(narrowest, longest)) if words else natural)
        least.append(min(natural, max(narrowest, min(longest, _WHOLE_WORD))) if words else natural)
    excess = sum(found) + _GAP * (len(found) - 1) - console.width
    # The widest that can still give way does, one character after the other: between words first, then within words.
    for limit in (whole, least):
        while excess > 0 and (giving := [k for k in range(len(found)) if found[k] > limit[k]]):
            found[max(giving, key=lambda k: found[k])] -= 1
            excess -= 1
    return found
