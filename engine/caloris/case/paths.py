"""Paths into a case: `coating/white/solar_absorptance`, `link/0/conductance`, `loop/coolant/pipe/supply/length`.

`table/name/key[/index]` for tables in a list (name or index), `table/key[/index]` for single ones. Used by
`--set PATH=VALUE` and by variants; a path that leads nowhere is a CaseError with the nearest known name.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from caloris.case.errors import CaseError, CaseProblem, nearest, shown
from caloris.case.schema import BY_SHAPE, LATER_TABLES, TABLES, Case
from caloris.case.schema_coating import CoatingFraction
from caloris.case.schema_structure import Node
from caloris.case.schema_types import LifeFraction, Table

Tree = dict[str, Any]


def parse_value(text: str) -> Any:
    """A value as on the command line: a TOML value, else the text itself (`500 km`, `end`)."""
    text = text.strip()
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if set(document) == {"value"} else text


def apply_override(tree: Tree, override: str) -> Tree:
    """A copy of the tree with one `PATH=VALUE` applied. CaseError for a path that leads nowhere."""
    path, equals, text = override.partition("=")
    if not equals or not path.strip() or not text.strip():
        raise CaseError(
            [CaseProblem("", f"{shown(override)} is not PATH=VALUE; write for example orbit/altitude=500 km")]
        )
    return set_in_tree(tree, path.strip(), parse_value(text))


def get_in_tree(tree: Tree, path: str) -> Any:
    """The raw value at `path`. CaseError where there is none."""
    holder, key = _resolve(tree, path, create=False)
    return holder[key]


def set_in_tree(tree: Tree, path: str, value: Any) -> Tree:
    """A copy of the raw TOML tree with `value` at `path`.

    A key the table may have but does not have yet is added, and so is a single table; list entries and
    items of a list of tables must exist. CaseError otherwise.
    """
    tree = deepcopy(tree)
    holder, key = _resolve(tree, path, create=True)
    holder[key] = value
    return tree


def vary_tree(tree: Tree, changes: Mapping[str, Any]) -> tuple[Tree, list[CaseProblem]]:
    """A copy of the raw TOML tree with every value of `changes` at its path, and the paths that lead nowhere."""
    tree = deepcopy(tree)
    problems: list[CaseProblem] = []
    for path, value in changes.items():
        try:
            if path.partition("/")[0] == "variant":
                raise _fail(path, "a variant cannot change variants")
            holder, key = _resolve(tree, path, create=True)
        except CaseError as error:
            problems += error.errors
            continue
        holder[key] = deepcopy(value)
    return tree, problems


def _fail(path: str, message: str) -> CaseError:
    return CaseError([CaseProblem(path, message)])


def _resolve(tree: Tree, path: str, create: bool) -> tuple[Any, Any]:
    """The dict or list that holds the value at `path`, and the key or index in it."""
    parts = path.split("/")
    if path == "title" and (create or "title" in tree):
        return tree, "title"
    table = parts[0]
    if table not in TABLES:
        later = f"not supported yet: the table [{table}] ({LATER_TABLES[table]})" if table in LATER_TABLES else ""
        raise _fail(path, later or f'no table "{table}"{nearest(table, TABLES)}')
    models: list[type[Table]] = list(BY_SHAPE.get(table, {}).values()) or [TABLES[table].model]
    if TABLES[table].is_list:
        if len(parts) < 3:
            raise _fail(path, f"a path into [[{table}]] is {table}/name/key")
        if create and table == "node" and _is_imported(tree, parts[1]):
            return _imported(tree, path, parts)
        current = _item(tree, path, table, parts[1])
        keys = parts[2:]
    else:
        if len(parts) < 2:
            raise _fail(path, f"a path into [{table}] is {table}/key")
        current = tree.setdefault(table, {}) if create else tree.get(table)
        keys = parts[1:]
        if not isinstance(current, dict):
            raise _fail(path, f"the case has no table [{table}]")
    known = {key for model in models for key in (*model.model_fields, *model.later)}
    if keys[0] not in known:
        raise _fail(path, f'[{table}] has no key "{keys[0]}"{nearest(keys[0], known)}')
    for part in keys[:-1]:
        if create and table == "network" and isinstance(current, dict):
            current.setdefault(part, {})  # constants and changes of nodes need not be there yet
        current = _step(current, part, path)
    return current, _last(current, keys[-1], path, create)


def _is_imported(tree: Tree, name: str) -> bool:
    """Whether a node that the case does not list may come from its network; reading tells."""
    listed = [item.get("name") for item in tree.get("node", []) if isinstance(item, dict)]
    network = tree.get("network")
    return isinstance(network, dict) and name not in listed and isinstance(network.setdefault("node", {}), dict)


def _imported(tree: Tree, path: str, parts: list[str]) -> tuple[Any, Any]:
    """A key of a node of the network: it stands among the changes of [network] node."""
    _, name, key, *rest = parts
    if key not in Node.model_fields:
        raise _fail(path, f'[node] has no key "{key}"{nearest(key, Node.model_fields)}')
    if rest:
        raise _fail(path, f'{key} is one value and has no "{rest[0]}" inside')
    return tree["network"]["node"].setdefault(name, {}), key


def _item(tree: Tree, path: str, table: str, name: str) -> Any:
    items = tree.get(table)
    if not isinstance(items, list) or not items:
        raise _fail(path, f"the case has no [[{table}]]")
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if name in names:
        return items[names.index(name)]
    if name.isdigit() and int(name) < len(items):
        return items[int(name)]
    known = [n if isinstance(n, str) else str(k) for k, n in enumerate(names)]
    raise _fail(path, f'no [[{table}]] is named "{name}"{nearest(name, known)}')


def _step(current: Any, part: str, path: str) -> Any:
    key = _last(current, part, path, create=False)
    return current[key]


def _last(current: Any, part: str, path: str, create: bool) -> Any:
    if isinstance(current, list):
        names = [one.get("name") if isinstance(one, dict) else getattr(one, "name", None) for one in current]
        if part in names:  # a table inside a table: the pipe of a loop, the face of a solid
            return names.index(part)
        if not part.isdigit() or int(part) >= len(current):
            raise _fail(path, f'no entry "{part}"; allowed: 0 to {len(current) - 1}')
        return int(part)
    if not isinstance(current, dict):
        raise _fail(path, f'{shown(current)} is one value and has no "{part}" inside')
    if part not in current and not create:
        raise _fail(path, f'the case does not set "{part}" here{nearest(part, current)}')
    return part


def get_value(case: Case, path: str) -> Any:
    """The checked value at `path`: a float in SI (or the field's unit), a text, a tuple.

    Defaults count; a fraction given as one number (or list) is that. CaseError for a wrong path.
    """
    if path == "title":
        return case.title
    table, *parts = path.split("/")
    if table not in TABLES:
        raise _fail(path, f'no table "{table}"{nearest(table, TABLES)}')
    current: Any = getattr(case, TABLES[table].attribute)
    if TABLES[table].is_list:
        tree = {table: [{"name": getattr(item, "name", None), "item": item} for item in current]}
        current = _item(tree, path, table, parts.pop(0) if parts else "")["item"]
    if current is None or not parts:
        raise _fail(path, f"the case has no table [{table}]" if current is None else f"a path is {table}/name/key")
    for part in parts:
        current = _inside(current, part, path)
    if isinstance(current, LifeFraction | CoatingFraction) and not current.changes:
        return current.beginning
    return current


def _inside(current: Any, part: str, path: str) -> Any:
    if isinstance(current, Table):
        if part not in type(current).model_fields:
            raise _fail(path, f'no key "{part}"{nearest(part, type(current).model_fields)}')
        return getattr(current, part)
    if isinstance(current, tuple):
        return current[_last(list(current), part, path, create=False)]
    return current[_last(current, part, path, create=False)]
