"""The way from text to a checked Case; every problem of the file is reported at once."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from caloris.case.checks import check_case
from caloris.case.chips import with_chips
from caloris.case.draft import Draft
from caloris.case.errors import CaseError, CaseProblem, nearest, shown
from caloris.case.explain import explain, item_path
from caloris.case.fluid_nodes import with_fluid_nodes
from caloris.case.import_network import import_network, node_tables
from caloris.case.paths import apply_override, vary_tree
from caloris.case.schema import BY_SHAPE, LATER_TABLES, TABLES, Case
from caloris.case.schema_orbit import Orbit, Planet
from caloris.case.schema_types import Table

Tree = dict[str, Any]
_START = 293.15  # K, that of [run] where it is wrong


def load_case(path: str | Path, overrides: Sequence[str] = ()) -> Case:
    """Read, override (`"table/name/key=value"`) and check a case file.

    Raises CaseError with everything that is wrong: the file, its syntax, tables, keys, values, references.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CaseError([CaseProblem("", f'the file "{path}" does not exist{_neighbors(path)}')], path.name) from None
    except IsADirectoryError:
        raise CaseError([CaseProblem("", f'"{path}" is a folder, not a case file')], path.name) from None
    except UnicodeDecodeError as error:
        message = f"is not a text file in UTF-8 (byte {error.start}); a case file is TOML text"
        raise CaseError([CaseProblem("", message)], path.name) from None
    except OSError as error:
        raise CaseError([CaseProblem("", f'the file "{path}" cannot be read: {error.strerror}')], path.name) from None
    case = parse_case(text, folder=path.parent, overrides=overrides, source=path.name)
    return _with_path(case, path.resolve())


def _with_path(case: Case, path: Path | None) -> Case:
    """The case and its variants, told where their file is."""
    variants = {name: replace(variant, path=path) for name, variant in case.variant_cases.items()}
    return replace(case, path=path, variant_cases=variants)


def parse_case(text: str, folder: str | Path = ".", overrides: Sequence[str] = (), source: str = "case") -> Case:
    """The same for text at hand; relative file names in it count from `folder`, `source` names it in errors."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CaseError([CaseProblem("", f"is not valid TOML: {error}")], source) from None
    problems: list[CaseProblem] = []
    for override in overrides:
        try:
            tree = apply_override(tree, override)
        except CaseError as error:
            problems += error.errors
    case = check_tree(tree, folder, source, problems)
    variants = {
        variant.name: replace(
            case.variant_cases[variant.name],
            text=text,
            overrides=(*overrides, *(f"{path}={_value_text(value)}" for path, value in variant.set.items())),
        )
        for variant in case.variants
    }
    return replace(case, text=text, overrides=tuple(overrides), variant_cases=variants)


def _value_text(value: Any) -> str:
    """A value as one writes it behind `--set PATH=`."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def with_overrides(case: Case, overrides: Sequence[str]) -> Case:
    """The case with more `PATH=VALUE` applied after its own. CaseError when the result is wrong."""
    changed = parse_case(case.text, case.folder, (*case.overrides, *overrides), case.source)
    return _with_path(changed, case.path)


def check_tree(tree: Tree, folder: str | Path = ".", source: str = "case", earlier: Sequence[CaseProblem] = ()) -> Case:
    """A Case from parsed TOML; CaseError with all problems, the `earlier` ones first."""
    problems = list(earlier)
    case = _validate(tree, Path(folder).resolve(), problems)
    case = _with_variants(case, tree, problems)
    if problems:
        raise CaseError(problems, source)
    return case


def _with_variants(case: Case, tree: Tree, problems: list[CaseProblem]) -> Case:
    """Check every variant like the case itself; what is wrong in the case already is said once."""
    plain = {table: value for table, value in tree.items() if table != "variant"}
    known, said, cases = set(problems), set(case.warnings), {}
    warnings = list(case.warnings)
    for variant in case.variants:
        place = f"variant/{variant.name}/set"
        changed, wrong = vary_tree(plain, variant.set)
        cases[variant.name] = _validate(changed, case.folder, wrong)
        problems += [CaseProblem(place, str(problem)) for problem in wrong if problem not in known]
        new = [warning for warning in cases[variant.name].warnings if warning not in said]
        warnings += [f"variant {variant.name}: {warning}" for warning in new]
    return replace(case, variant_cases=cases, warnings=tuple(warnings))


def _neighbors(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.glob("*.toml")]
    except OSError:
        return ""
    return nearest(path.name, names[:200]) if names else ""


def _validate(tree: Tree, folder: Path, problems: list[CaseProblem]) -> Case:
    """Check every table, then what ties them together; problems are appended."""
    found: dict[str, Any] = {}
    items: dict[str, list[tuple[str, Table]]] = {}
    if not isinstance(tree.get("title", ""), str):
        problems.append(CaseProblem("title", f"{shown(tree['title'])} is not a text"))
    else:
        found["title"] = tree.get("title", "")
    raw = _known_tables(tree, problems)
    # The orbit comes first: its period is what the unit `orbit` of other tables stands for. Nodes come last: a network
    # has more of them.
    context: dict[str, Any] = {"folder": folder, "period": None}
    place = {"planet": 0, "orbit": 1, "node": 3}
    if "network" in raw:
        raw.setdefault("node", [])
    for name in sorted(raw, key=lambda table: place.get(table, 2)):
        kind = TABLES[name]
        if kind.is_list:
            tables = [(item_path(name, k, t), _table(name, k, t, context, problems)) for k, t in enumerate(raw[name])]
            items[name] = [(path, table) for path, table in tables if table is not None]
            found[kind.attribute] = tuple(table for _, table in items[name])
            raw[name] = [_named(t, table) for t, table in zip(raw[name], (one for _, one in tables), strict=True)]
        else:
            found[kind.attribute] = _table(name, None, raw[name], context, problems)
        if name == "network" and found["network"] is not None:
            found["imported"] = import_network(found["network"], problems)
            if found["imported"] is not None:
                raw["node"] = [*raw["node"], *node_tables(found["imported"], found["network"].node, problems)]
        if name == "orbit":
            context["period"] = _period(found.get("orbit"), found.get("planet"))
    made: dict[str, list[tuple[str, Table]]] = {name: list(tables) for name, tables in items.items()}
    with_chips(made, raw, problems)
    run = found.get("run")
    with_fluid_nodes(made, raw, _START if run is None else run.start_temperature)
    for name, tables in made.items():
        found[TABLES[name].attribute] = tuple(table for _, table in tables)
    items |= made
    case = Case(folder=folder, **{key: value for key, value in found.items() if value is not None})
    issues, warnings = check_case(
        Draft(case, raw, items, nodes_known="network" not in raw or case.imported is not None)
    )
    problems += issues
    return replace(case, warnings=tuple(warnings))


def _known_tables(tree: Tree, problems: list[CaseProblem]) -> dict[str, Any]:
    """The tables of the tree that have a model and the right form; the rest becomes problems."""
    raw: dict[str, Any] = {}
    for name, value in tree.items():
        if name == "title":
            continue
        if name in LATER_TABLES:
            problems.append(CaseProblem(name, f"not supported yet: the table [{name}] ({LATER_TABLES[name]})"))
        elif name not in TABLES:
            what = "table" if isinstance(value, dict | list) else "key"
            known = [*TABLES, *LATER_TABLES, "title"]
            problems.append(CaseProblem(name, f'unknown {what} "{name}"{nearest(name, known)}'))
        elif TABLES[name].is_list and not (isinstance(value, list) and all(isinstance(v, dict) for v in value)):
            problems.append(CaseProblem(name, f"there may be several of these: write [[{name}]]"))
        elif not TABLES[name].is_list and not isinstance(value, dict):
            problems.append(CaseProblem(name, f"there is one of these: write [{name}]"))
        else:
            raw[name] = value
    return raw


def _table(
    name: str, index: int | None, raw: Mapping[str, Any], context: dict[str, Any], problems: list[CaseProblem]
) -> Table | None:
    """One validated table, or None and its problems."""
    path = item_path(name, index, raw)
    model: type[Table] = TABLES[name].model
    data = dict(raw)
    if name in BY_SHAPE:
        shape, shapes = raw.get("shape"), BY_SHAPE[name]
        if not isinstance(shape, str) or shape not in shapes:
            said = "shape is missing" if shape is None else f"{shown(shape)} is not a shape"
            hint = nearest(shape, shapes) if isinstance(shape, str) else ""
            hint = hint if "nearest" in hint else ""
            problems.append(CaseProblem(f"{path}/shape", f"{said}; allowed: {', '.join(shapes)}{hint}"))
            return None
        model = shapes[shape]
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        problems += explain(error, model, path, raw)
        return None


def _named(raw: Mapping[str, Any], table: Table | None) -> Mapping[str, Any]:
    """The text of a table with the name that it has by default: a device takes that of its part."""
    name = getattr(table, "name", None)
    return {**raw, "name": name} if "name" not in raw and isinstance(name, str) else raw


def _period(orbit: Orbit | None, planet: Planet | None) -> float:
    """The orbital period (s); a usual one where the orbit is wrong, so that its error is the only one."""
    usual = 5400.0
    try:
        return orbit.period(planet or Planet()) if orbit is not None else usual
    except (ValueError, OverflowError):
        return usual
