"""The library of parts: published responses by name, from the file that comes with Caloris or from one of your own.

A library is TOML: one table `[part."NAME"]` a part, with the keys of [[device]] and `source`, the page or table in
which its figures were published.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from caloris.case.errors import nearest, shown

# The keys of [[device]] heavy_ion of which one gives the sensitive volume.
VOLUME_KEYS = ("depth", "sensitive_volume", "diameter")
# Of a proton response that names none.
_FORM = "Weibull"


def with_part(device: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A [[device]] with the keys of its `part` under its own; tables are merged key by key.

    Relative names of libraries count from `folder`. Raises ValueError for a part that the library does not have and
    for a library that is not one; a library that does not exist is left to the key's own check.
    """
    part = device.get("part")
    if part is None:
        if "library" in device:
            raise ValueError('library is given without a part; name the part of it, as in part = "NAME"')
        return dict(device)
    file = device.get("library")
    if not isinstance(part, str) or not isinstance(file, str | None):
        return dict(device)
    path = None if file is None else folder / file
    if path is not None and not path.is_file():
        return dict(device)
    parts = library_parts(path)
    where = "the library of Caloris" if file is None else f"the library {file}"
    if part not in parts:
        raise ValueError(f"{shown(part)} is not a part of {where}{nearest(part, parts)}")
    merged = _merged(parts[part], device)
    merged.setdefault("name", part.replace("/", " ").replace(".", " "))
    return merged


def library_parts(path: Path | None = None) -> Mapping[str, dict[str, Any]]:
    """The parts of a library by name; without a path, of the one that comes with Caloris. ValueError if it is none."""
    if path is None:
        return _shipped()
    try:
        return _parts(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"the library {path.name} cannot be read: {error}") from None


@functools.cache
def _shipped() -> Mapping[str, dict[str, Any]]:
    return _parts(resources.files("caloris.case").joinpath("device_library.toml").read_text("utf-8"))


def _parts(text: str) -> Mapping[str, dict[str, Any]]:
    parts = tomllib.loads(text).get("part")
    if not isinstance(parts, dict) or not all(isinstance(part, dict) for part in parts.values()):
        raise ValueError('it has no parts; write [part."NAME"] with the keys of [[device]]')
    return parts


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of both; where both have a table, the two are merged, else `over` counts.

    A table of another `form` replaces the one below: its figures are not those of this form.
    """
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict) and not _of_other_form(below, value):
            result[key] = _merged(below, value)
        else:
            result[key] = value
    # One way to give the volume replaces the other.
    if any(key in over for key in VOLUME_KEYS):
        result = {key: value for key, value in result.items() if key in over or key not in VOLUME_KEYS}
    return result


def _of_other_form(under: Mapping[str, Any], over: Mapping[str, Any]) -> bool:
    return "form" in over and over["form"] != under.get("form", _FORM)
