"""What a wrong case file raises: one exception that holds every problem of the file."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class CaseProblem:
    """One thing wrong in a case: where (`table/name/key`, empty for the file itself) and what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        """One line for the user."""
        return f"{self.path}: {self.message}" if self.path else self.message


class CaseError(ValueError):
    """The case is wrong. `.errors` holds all problems found, `str()` the message for the user."""

    def __init__(self, errors: Iterable[CaseProblem], source: str = "") -> None:
        """Collect `errors`; `source` is the file's name."""
        self.errors: tuple[CaseProblem, ...] = tuple(errors)
        self.source = source
        super().__init__(str(self))

    def __str__(self) -> str:
        """The message for the user, one line for each problem."""
        count = len(self.errors)
        head = f"{self.source or 'case'}: {count} error{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"  {error}" for error in self.errors)])


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint `; the nearest known name is "..."`, or all known names when they are few, or nothing."""
    known = sorted(set(known))
    folded = {name.lower(): name for name in reversed(known)}
    found = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if found:
        return f'; the nearest known name is "{folded[found[0]]}"'
    if 0 < len(known) <= 12:
        return "; known: " + ", ".join(known)
    return ""


def shown(value: object) -> str:
    """A value of the case as the user wrote it, shortened, for a message."""
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
