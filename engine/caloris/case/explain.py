"""Pydantic's errors in the user's words: which table, name and key, the value, what is allowed."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from caloris.case.errors import CaseProblem, nearest, shown
from caloris.case.schema_types import Table


def item_path(table: str, index: int | None, raw: Mapping[str, Any]) -> str:
    """The path of a table: `orbit`, `coating/white`, or `link/0` where it has no name."""
    if index is None:
        return table
    name = raw.get("name")
    return f"{table}/{name if isinstance(name, str) and name else index}"


def explain(error: ValidationError, model: type[Table], path: str, raw: Mapping[str, Any]) -> list[CaseProblem]:
    """One CaseProblem for each error of `model` in the table `raw` at `path`."""
    problems: dict[tuple[str, str], CaseProblem] = {}
    for detail in error.errors(include_url=False):
        location, value = _locate(detail["loc"], raw, missing=detail["type"] == "missing")
        message = _message(detail, value, _model_at(model, location[:-1]) or model, location)
        place = "/".join([path, *(str(part) for part in location)])
        problems.setdefault((place, message), CaseProblem(place, message))
    return list(problems.values())


def _locate(loc: tuple[int | str, ...], raw: Any, missing: bool) -> tuple[tuple[int | str, ...], Any]:
    """The part of pydantic's location that the file has, and the value there (inserted keys fall away)."""
    kept: list[int | str] = []
    value = raw
    for k, part in enumerate(loc):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            if missing and k == len(loc) - 1 and isinstance(value, dict):
                kept.append(part)
            continue
        kept.append(part)
    return tuple(kept), value


def _message(detail: Any, value: Any, model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    key = str(location[-1]) if location else ""
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        later: dict[str, str] = getattr(model, "later", {})
        if key in later:
            return f'not supported yet: the key "{key}" ({later[key]})'
        return f'unknown key "{key}"{nearest(key, _keys(model))}'
    if kind == "missing" and location and not isinstance(value, list):
        description = _description(model, key)
        return f"is missing{': ' + description if description else ''}"
    if kind in ("missing", "too_long", "too_short", "tuple_type"):
        return f"{shown(value)} has the wrong number of entries{_entries(model, key)}"
    if kind == "literal_error":
        allowed = context["expected"].replace("'", '"')
        hint = (
            nearest(value, [word.strip('"') for word in allowed.replace(" or ", ", ").split(", ")])
            if isinstance(value, str)
            else ""
        )
        return f"{shown(value)} is not known; allowed: {allowed}{hint if 'nearest' in hint else ''}"
    if kind == "string_type":
        return f"{shown(value)} is not a text in quotes"
    if kind.startswith("bool"):
        return f"{shown(value)} is not true or false"
    if kind.startswith(("model", "dict")):
        return f"{shown(value)} is not a table with keys; write {{ key = value, ... }}"
    return f"{shown(value)}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _keys(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)


def _description(model: type[BaseModel], key: str) -> str:
    field = model.model_fields.get(key)
    return (field.description or "") if field else ""


def _entries(model: type[BaseModel], key: str) -> str:
    field = model.model_fields.get(key)
    for annotation in [field.annotation, *get_args(field.annotation)] if field else []:
        if getattr(annotation, "__origin__", None) is tuple and Ellipsis not in get_args(annotation):
            return f"; needs a list of {len(get_args(annotation))}"
    return ""


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that describes the sub-table at `location`, following the annotations of fields."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        current = next(_models_in(field.annotation), None) if field else None
    return current


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
