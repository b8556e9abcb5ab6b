"""The network of a case: read from its files, its nodes joined to the tables [[node]]."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from caloris.case.errors import CaseProblem, nearest
from caloris.case.esatan_read import read_esatan
from caloris.case.lumped import LumpedNetwork, NetworkFileError
from caloris.case.network_csv import read_network_csv
from caloris.case.schema_network import Network


def import_network(table: Network, problems: list[CaseProblem]) -> LumpedNetwork | None:
    """Read the files of [network]; None, with problems that name file, line and column, where something is wrong."""
    files = [file for file in (table.file, table.nodes, table.couplings) if file is not None]
    try:
        stamps = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        network = _read(table.file is not None, stamps, tuple(table.constants.items()))
    except NetworkFileError as error:
        keys = {} if table.file is not None else {table.couplings.name: "couplings"} if table.couplings else {}
        default = "file" if table.file is not None else "nodes"
        for place, message in error.problems:
            problems.append(CaseProblem(f"network/{keys.get(place.file, default)}", f"{place}: {message}"))
        return None
    except KeyError as error:
        problems.append(CaseProblem("network/constants", str(error.args[0])))
        return None
    except OSError as error:
        problems.append(CaseProblem("network/file", f"cannot be read: {error.strerror}"))
        return None
    return network if table.names == "number" else _labelled(network, problems)


@functools.lru_cache(maxsize=4)
def _read(is_esatan: bool, stamps: tuple[tuple[Path, int, int], ...], constants: tuple) -> LumpedNetwork:
    """Files as they are now; variants that change no constant read them once."""
    files = [file for file, _, _ in stamps]
    return read_esatan(files[0], dict(constants)) if is_esatan else read_network_csv(*files)


def _labelled(network: LumpedNetwork, problems: list[CaseProblem]) -> LumpedNetwork | None:
    """The network with its labels as names; labels must differ and not be empty."""
    seen: dict[str, str] = {}
    before = len(problems)
    for name, label in zip(network.name, network.label, strict=True):
        if not label:
            problems.append(CaseProblem("network/names", f"{name} has no label; names by label need one of each node"))
        elif label in seen:
            message = f'{seen[label]} and {name} have the same label "{label}"; names must differ'
            problems.append(CaseProblem("network/names", message))
        seen.setdefault(label, name)
    if len(problems) > before:
        return None
    return replace(network, name=network.label, label=network.name)


def node_tables(network: LumpedNetwork, changes: Mapping[str, Mapping[str, Any]], problems: list[CaseProblem]) -> list:
    """The nodes as raw tables [[node]], changed as [network] node says.

    A temperature makes a node a boundary, a heat capacity makes a boundary free: what cannot stand beside it goes.
    """
    tables = network.tables()
    index = {str(table["name"]): table for table in tables}
    for name, change in changes.items():
        if name not in index:
            problems.append(CaseProblem(f"network/node/{name}", f"is no node of the network{nearest(name, index)}"))
            continue
        table = index[name]
        if "temperature" in change:
            table.pop("heat_capacity", None)
            table.pop("start_temperature", None)
        if "heat_capacity" in change:
            table.pop("temperature", None)
        table.update(change)
    return tables
