"""The snippets of README and docs: keys, units and words of case files as they are now, Python that compiles."""

import ast
import re
from pathlib import Path

import pytest

from caloris.case.errors import CaseError
from caloris.case.load import parse_case

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# A piece of a case names what stands elsewhere, and has no [run]; everything else must be right as it stands.
_ELSEWHERE = re.compile(
    r"is not the name of a|is named|does not exist|is missing: (write \[run\]|a \[\[dose_point\]\]|Steady state)"
    r"|there is (nothing to compute|no \[\[)|needs (a \[\[surface\]\]|an \[orbit\])|the size is missing"
)


def snippets(page: Path, language: str) -> list[str]:
    """Fenced blocks of one language; for TOML indented ones too that begin with a table and have no dots for a rest."""
    text = page.read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if language == "toml":
        indented = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
        blocks = [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in indented]
        found += [block for block in blocks if re.match(r"\[+[a-z_.]+\]", block) and "..." not in block]
    return found


TOML = [pytest.param(text, id=f"{page.stem}-{k}") for page in PAGES for k, text in enumerate(snippets(page, "toml"))]
PYTHON = [pytest.param(text, id=page.stem) for page in PAGES for text in snippets(page, "python")]


@pytest.mark.parametrize("text", TOML)
def test_pieces_of_cases(text):
    """No unknown table or key, no wrong unit, no wrong kind of value."""
    wrong = []
    try:
        parse_case(text)
    except CaseError as error:
        wrong = [str(one) for one in error.errors if not _ELSEWHERE.search(one.message)]
    assert not wrong


def test_wrong_pieces_are_found():
    assert len(TOML) >= 9 and len(PYTHON) >= 2
    for right, planted in (("conductance =", "conductanse ="), ('"2 W/K"', '"2 W"'), ("[[link]]", "[[links]]")):
        text = next(text for text in snippets(ROOT / "docs" / "networks.md", "toml") if "[[link]]" in text)
        assert right in text
        with pytest.raises(AssertionError):
            test_pieces_of_cases(text.replace(right, planted))


@pytest.mark.parametrize("text", PYTHON)
def test_python_compiles(text):
    ast.parse(text)
