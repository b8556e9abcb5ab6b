"""Lumped networks as CSV: what is read, every mistake with its line and column, and what is written."""
# ruff: noqa: E501 (tables, one case a line)

import numpy as np
import pytest

from caloris.case.lumped import NetworkFileError
from caloris.case.network_csv import read_network_csv, write_network_csv

NODES = """# three parts
name, heat_capacity,start_temperature, boundary,load

wall,,293.15,true,
"box, large",1e3,300,false,5.5
joint,0,,,
"""
COUPLINGS = """kind,from,to,value
conductive,wall,joint,2
conductive,joint,"box, large",3
radiative,"box, large",wall,0.01
one_way,wall,"box, large",0.5
"""


def read(tmp_path, nodes=NODES, couplings: str | None = COUPLINGS):
    (tmp_path / "nodes.csv").write_text(nodes)
    if couplings is None:
        return read_network_csv(tmp_path / "nodes.csv")
    (tmp_path / "couplings.csv").write_text(couplings)
    return read_network_csv(tmp_path / "nodes.csv", tmp_path / "couplings.csv")


def test_what_is_read(tmp_path):
    network = read(tmp_path)
    assert network.name == ("wall", "box, large", "joint")
    assert list(network.heat_capacity) == [0.0, 1000.0, 0.0]
    np.testing.assert_array_equal(network.temperature, [293.15, 300.0, np.nan])
    assert list(network.boundary) == [True, False, False]
    assert list(network.load) == [0.0, 5.5, 0.0]
    assert network.conductive.node.tolist() == [[0, 2], [2, 1]] and list(network.conductive.value) == [2.0, 3.0]
    assert network.radiative.node.tolist() == [[1, 0]] and list(network.radiative.value) == [0.01]
    assert network.one_way.node.tolist() == [[0, 1]] and list(network.one_way.value) == [0.5]
    assert network.source.count("sha256:") == 2


def test_only_names_are_needed(tmp_path):
    network = read(tmp_path, "load,name\n1,a\n,b\n", None)
    assert network.name == ("a", "b") and list(network.load) == [1.0, 0.0]
    assert network.conductive.value.size == 0


MISTAKES = {
    "unknown column": ("nodes", "heat_capacity", "capacity", ("nodes.csv", 2, 7), '"capacity" is no column'),
    "no name": ("nodes", "wall", "", ("nodes.csv", 4, 1), "expected the name of a node, found nothing"),
    "name twice": ("nodes", "joint", "wall", ("nodes.csv", 6, 1), 'the name "wall" is taken'),
    "too few fields": ("nodes", "joint,0,,,", "joint,0", ("nodes.csv", 6, 7), "expected 5 fields (name, heat_capacity"),
    "no number": ("nodes", "1e3", "1e3 J/K", ("nodes.csv", 5, 14), 'expected a number, at least 0 J/K; found "1e3 J/K"'),
    "negative": ("nodes", "1e3", "-1", ("nodes.csv", 5, 14), "at least 0 J/K"),
    "cold": ("nodes", "300", "0", ("nodes.csv", 5, 18), "above 0 K"),
    "not finite": ("nodes", "5.5", "nan", ("nodes.csv", 5, 28), 'found "nan"'),
    "boundary without temperature": ("nodes", "293.15", "", ("nodes.csv", 4, 7), "is a boundary; expected its temperature"),
    "no flag": ("nodes", "false", "maybe", ("nodes.csv", 5, 22), 'expected true or false, found "maybe"'),
    "no header": ("couplings", "kind,from,to,value\n", "", ("couplings.csv", 1, 1), '"conductive" is no column'),
    "column missing": ("couplings", ",value", "", ("couplings.csv", 1, 1), "expected the column value; found kind, from, to"),
    "unknown kind": ("couplings", "one_way", "oneway", ("couplings.csv", 5, 1), '"oneway" is no kind of coupling; expected conductive'),
    "unknown end": ("couplings", "wall,joint", "walls,joint", ("couplings.csv", 2, 12), '"walls" is no node; the nearest known name is "wall"'),
    "to itself": ("couplings", "wall,joint", "wall,wall", ("couplings.csv", 2, 17), '"wall" is coupled to itself'),
    "no value": ("couplings", "joint,2", "joint,", ("couplings.csv", 2, 23), "expected a number, found nothing"),
    "negative stream": ("couplings", "0.5", "-0.5", ("couplings.csv", 5, 27), "at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_at_its_place(name, tmp_path):
    file, old, new, place, words = MISTAKES[name]
    texts = {"nodes": NODES, "couplings": COUPLINGS}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, **texts)
    assert tuple(caught.value.problems[0][0]) == place, str(caught.value)
    assert words in caught.value.problems[0][1]


def test_all_mistakes_of_both_files(tmp_path):
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, NODES.replace("1e3", "x").replace("5.5", "y"), COUPLINGS.replace("0.01", "z"))
    assert [(place.file, place.line, place.column) for place, _ in caught.value.problems] == [
        ("nodes.csv", 5, 14),
        ("nodes.csv", 5, 26),
        ("couplings.csv", 4, 29),
    ]


def test_empty_files(tmp_path):
    with pytest.raises(NetworkFileError, match="nodes.csv:1:1: expected a line of column names: name, heat_capacity"):
        read(tmp_path, "# nothing\n", None)


def test_what_is_written_is_read_again(tmp_path):
    network = read(tmp_path)
    write_network_csv(tmp_path / "a.csv", tmp_path / "b.csv", network)
    again = read_network_csv(tmp_path / "a.csv", tmp_path / "b.csv")
    assert again.name == network.name
    for column in ("temperature", "boundary", "load"):
        np.testing.assert_array_equal(getattr(again, column), getattr(network, column))
    np.testing.assert_array_equal(again.heat_capacity, network.heat_capacity)
    for kind in ("conductive", "radiative", "one_way"):
        for first, second in zip(getattr(again, kind), getattr(network, kind), strict=True):
            np.testing.assert_array_equal(first, second)
