"""A place in the text of an ESATAN-style file: skips blanks and comments, says what is expected where it is missing."""

import re

from caloris.case.lumped import Place

_BLANK = re.compile(r"(?:\s+|#[^\n]*)*")
NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WHOLE = re.compile(r"\d+(?![\d.EeDd])")
TEXT = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")


class Mistake(Exception):
    """Something in the file is wrong; caught statement by statement."""

    def __init__(self, position: int, message: str):
        super().__init__(message)
        self.position = position
        self.message = message


class Cursor:
    """Reads a text from `position` on; every method skips blanks and comments first."""

    def __init__(self, text: str, file: str, position: int = 0, end: int | None = None):
        self.text = text
        self.file = file
        self.position = position
        self.end = len(text) if end is None else end

    def place(self, position: int) -> Place:
        """Line and column of a position."""
        before = self.text.rfind("\n", 0, position)
        return Place(self.file, self.text.count("\n", 0, position) + 1, position - before)

    def skip(self) -> int:
        """Skip blanks and comments; the position then."""
        found = _BLANK.match(self.text, self.position, self.end)
        self.position = found.end() if found else self.position
        return self.position

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        return self.skip() >= self.end

    def at(self, symbol: str) -> bool:
        """Whether a symbol follows."""
        return self.text.startswith(symbol, self.skip(), self.end)

    def take(self, symbol: str) -> bool:
        """Read a symbol if it follows."""
        if not self.at(symbol):
            return False
        self.position += len(symbol)
        return True

    def expect(self, symbol: str, after: str) -> None:
        """Read a symbol that must follow."""
        if not self.take(symbol):
            raise Mistake(self.position, f'expected "{symbol}" {after}, found {self.shown()}')

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what fits a pattern."""
        found = pattern.match(self.text, self.skip(), self.end)
        if found:
            self.position = found.end()
        return found

    def need(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        """Read what must fit a pattern."""
        found = self.match(pattern)
        if found is None:
            raise Mistake(self.position, f"expected {what}, found {self.shown()}")
        return found

    def shown(self) -> str:
        """What follows, for a message."""
        if self.done:
            return "the end of the block"
        rest = self.text[self.position : self.end].partition("\n")[0].strip()
        return f'"{rest[:24]}..."' if len(rest) > 24 else f'"{rest}"'

    def next_statement(self) -> None:
        """Go behind the next semicolon, or to the end: where reading goes on after a mistake."""
        found = self.text.find(";", self.position, self.end)
        self.position = self.end if found < 0 else found + 1


def number(text: str) -> float:
    """A number of Fortran: 1.0, 5.67D-8, .5, 1E+20."""
    return float(text.upper().replace("D", "E"))
