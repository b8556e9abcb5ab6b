"""ESATAN-style files: what is read, every mistake with its line and column, and what is written."""
# ruff: noqa: E501 (tables, one case a line)

import numpy as np
import pytest

from caloris.case.esatan_read import read_esatan
from caloris.case.esatan_write import write_esatan
from caloris.case.lumped import LumpedNetwork, NetworkFileError, Pairs, TimedLoad
from caloris_kernels.constants import STEFAN_BOLTZMANN

MODEL = """# a model with another inside it; names stand before and behind their use
$MODEL Sat   # its name
$LOCALS
  $REAL
    k_Al = 130.0;  L = 0.1;   # W/m/K, m
    A1 = L * L ** 2 * 10;
  $INTEGER
    n = 3;
  $CHARACTER
    who = 'nobody; # not a comment';
$model BAT
$NODES
 D1 = 'cell', T=15.0, C = 900.0*2.5;
 A2 = 'case';
$CONDUCTORS
 GL(1,2) = K_AL / 65;
$ENDMODEL BAT
  $NODES
  D10 = 'panel', T = 20.0, C = 500.0, A = 0.5, ALP = .2, EPS = 9D-1, QI = P,
    FX = 0.0;
  D20='box', C=1.0D3 , QS = 2.0, QE = -0.5;
  D30, T = 0;
  X98 = 'INACTIVE';
  b99 = 'SPACE', T = -270.0;
$CONDUCTORS
  GL(10,20) = k_al * A1 / L; GR(10, 99) = 0.9*A:10;
  gr(20,98)=0.4;
  GF ( 20 , 10 ) = 3.5;
  GL(20, BAT:2) = INTRP1(0.5, TAB, 1);
  GL(10,30) = MAX(TAB(2,3), -(1.0 - n)) + SQRT(EPS:10 - 0.65) - ABS(-2) ** 3 ** 0;
$CONSTANTS
  $REAL
  P = 12.0;
$ARRAYS
  $REAL
  TAB(2,3) = 0.0, 1.0, 1.0, 2.0, 2.0, 4.0;
  HEAT(2,2) = 0.0, 1.0, 3600.0, 5.0;
$SUBROUTINES
C nothing here
$INITIAL
C comment
      QI20 = 0.5*P
* another comment
      T:BAT:2 = 30.0
$EXECUTION
      CALL SOLVFM
$VARIABLES1
# a third kind
      QI:BAT:1 = 2.0 * INTRP1(TIMEM, HEAT, 1) + 1.0
$OUTPUTS
      CALL PRNDTB(' ', 'L, T', CURRENT)
$ENDMODEL Sat
"""


def read(tmp_path, text, constants=None) -> LumpedNetwork:
    path = tmp_path / "model.d"
    path.write_text(text)
    return read_esatan(path, constants)


def test_what_is_read(tmp_path):
    network = read(tmp_path, MODEL)
    assert network.title == "SAT"
    assert network.name == ("BAT:D1", "BAT:A2", "D10", "D20", "D30", "B99")
    assert network.label == ("cell", "case", "panel", "box", "", "SPACE")
    np.testing.assert_allclose(network.heat_capacity, [2250, 0, 500, 1000, 0, 0])
    # Degrees Celsius; D20 says nothing, and BAT:2 is set in $INITIAL.
    np.testing.assert_allclose(network.temperature, [288.15, 303.15, 293.15, np.nan, 273.15, 3.15], rtol=0, atol=6e-14)
    assert list(network.boundary) == [False] * 5 + [True]
    # P = 12 W stands behind its use; QS + QE of the box, and its QI of $INITIAL.
    np.testing.assert_allclose(network.load, [0, 0, 12, 2 - 0.5 + 6, 0, 0])
    assert network.timed == (TimedLoad(0, (0.0, 3600.0), (3.0, 11.0)),)
    # 130 * 0.01 / 0.1; between (0, 1) and (1, 2); 4 against 2, + 0.5 - 2.
    pairs = {
        tuple(node): value
        for node, value in zip(network.conductive.node.tolist(), network.conductive.value, strict=True)
    }
    assert pairs == pytest.approx({(0, 1): 2.0, (2, 3): 13.0, (3, 1): 1.5, (2, 4): 4.0 + 0.5 - 2.0}, rel=1e-14)
    # What couples to an inactive node is gone.
    assert network.radiative.node.tolist() == [[2, 5]] and network.radiative.value == pytest.approx([0.45])
    assert network.one_way.node.tolist() == [[3, 2]] and network.one_way.value == pytest.approx([3.5])
    assert network.source.startswith("model.d sha256:")


def test_tables_of_a_case(tmp_path):
    tables = read(tmp_path, MODEL).tables()
    assert tables[3] == {"name": "D20", "heat_capacity": 1000.0}
    assert tables[4] == {"name": "D30", "heat_capacity": 0.0, "start_temperature": 273.15}
    assert tables[5] == {"name": "B99", "temperature": pytest.approx(3.15)}


def test_scale_of_temperature_and_constant_of_radiation(tmp_path):
    """TABS = 0: temperatures are in kelvin. Another STEFAN makes another area, so that the heat is the file's."""
    text = "$MODEL M\n$NODES\nD1, T = 300.0, C = 1;\nB2, T = 4.0;\n$CONDUCTORS\nGR(1,2) = 2.0;\n"
    control = "$CONSTANTS\n$CONTROL\nTABS = 0.0; STEFAN = 5.67D-8;\n$ENDMODEL\n"
    network = read(tmp_path, text + control)
    assert list(network.temperature) == [300.0, 4.0]
    assert network.radiative.value * STEFAN_BOLTZMANN == pytest.approx([2.0 * 5.67e-8], rel=1e-15)
    assert read(tmp_path, text + "$ENDMODEL M\n").radiative.value == pytest.approx([2.0], rel=1e-15)


def test_constants_can_be_replaced(tmp_path):
    assert read(tmp_path, MODEL, {"p": 20.0}).load[2:4] == pytest.approx([20.0, 2 - 0.5 + 10])
    assert read(tmp_path, MODEL, {"k_al": 260.0}).conductive.value[1] == pytest.approx(26.0)
    inner = MODEL.replace("$model BAT\n", "$model BAT\n$CONSTANTS\n g = 2.0;\n").replace("K_AL / 65", "g")
    assert read(tmp_path, inner, {"bat:g": 7.0}).conductive.value[0] == 7.0
    with pytest.raises(KeyError, match="no constant Q; known|no constant Q"):
        read(tmp_path, MODEL, {"q": 1.0})


PLAIN = "$MODEL M\n$NODES\n  D1, T = 20.0, C = 5.0;\n  B2, T = 0.0;\n$CONDUCTORS\n  GL(1,2) = 1.0;\n$ENDMODEL M\n"

# change of the plain model: line, column and words of its only mistake
MISTAKES = {
    "no model": ("$MODEL M\n", "", (1, 1), "stands outside a model; expected $MODEL and a name"),
    "model without a name": ("$MODEL M", "$MODEL", (1, 7), "expected the name of the model"),
    "words behind the name": ("$MODEL M", "$MODEL M, GLOBALFILE = x", (1, 9), "expected the end of the line"),
    "another end": ("$ENDMODEL M", "$ENDMODEL N", (7, 1), "expected $ENDMODEL M, found $ENDMODEL N"),
    "no end": ("$ENDMODEL M\n", "", (7, 1), "expected $ENDMODEL M, found the end of the file"),
    "unknown block": ("$CONDUCTORS", "$CONDUCTERS", (5, 1), "$CONDUCTERS is no block"),
    "no block": ("$NODES\n", "", (2, 3), "expected a block, as in $NODES"),
    "family": ("D1,", "F1,", (3, 3), "nodes of the kind F are not read; expected D (diffusion)"),
    "no node": ("  D1,", "  10,", (3, 3), "expected a node: D, A, B or X and a number"),
    "node twice": ("B2", "B1", (4, 3), "the node 1 is there already"),
    "no semicolon": ("C = 5.0;", "C = 5.0", (4, 3), 'expected ";" or a comma behind what is said of D1, found "B2'),
    "no equals": ("T = 20.0", "T 20.0", (3, 9), 'expected "=" behind T, found "20.0'),
    "unknown entity": ("C = 5.0", "CP = 5.0", (3, 17), "CP is no entity of a node"),
    "label without quotes": ("D1,", "D1 = box,", (3, 8), "expected the label in quotes, found"),
    "negative capacity": ("C = 5.0", "C = -5.0", (3, 17), "C = -5 J/K is negative"),
    "boundary without temperature": ("B2, T = 0.0", "B2", (4, 3), "B2 is a boundary; expected its temperature"),
    "no number": ("C = 5.0", "C = ", (3, 21), "expected a number, a name or an expression in brackets"),
    "unknown name": ("C = 5.0", "C = cp", (3, 21), '"cp" is no constant or array of this model'),
    "open bracket": ("C = 5.0", "C = (5.0", (3, 25), 'expected ")" behind the expression'),
    "division by zero": ("C = 5.0", "C = 5.0 / 0.0", (3, 25), "division by zero"),
    "root of a negative": ("C = 5.0", "C = SQRT(-1)", (3, 21), "SQRT of -1 has no finite value"),
    "overflow": ("C = 5.0", "C = 10.0 ** 999", (3, 26), "has no finite value"),
    "time in a number": ("C = 5.0", "C = TIMEM", (3, 21), "TIMEM can stand in INTRP1(TIMEM, ARRAY, 1) alone"),
    "temperature in an expression": ("= 1.0", "= 0.1 * T:1", (6, 19), "values that depend on temperatures are not read"),
    "conductor of another kind": ("GL(1,2)", "GV(1,2)", (6, 3), "GV is not read; expected GL (conductive), GR (radiative)"),
    "one node": ("GL(1,2)", "GL(1)", (6, 7), 'expected "," and the second node, found ")'),
    "unknown node": ("GL(1,2)", "GL(1,3)", (6, 8), "there is no node 3"),
    "unknown model": ("GL(1,2)", "GL(1,BAT:2)", (6, 8), '"BAT" is no model inside this one'),
    "to itself": ("GL(1,2)", "GL(1,1)", (6, 3), "GL joins a node to itself"),
    "negative radiation": ("GL(1,2) = 1.0", "GR(1,2) = -1.0", (6, 13), "GR = -1 is negative"),
    "file in a list": ("GL(1,2)", "GL(1.5,2)", (6, 6), "expected the number of a node, found"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_at_its_place(name, tmp_path):
    old, new, (line, column), words = MISTAKES[name]
    assert old in PLAIN
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, PLAIN.replace(old, new, 1))
    place, message = caught.value.problems[0]
    assert (place.file, place.line, place.column) == ("model.d", line, column), str(caught.value)
    assert words in message
    assert str(caught.value).startswith(f"model.d:{line}:{column}: ")


ADDED = {
    "call": ("$INITIAL\n      CALL VFAC\n", (8, 7), "only assignments are read here; expected an assignment to T, C, QI"),
    "branch": ("$VARIABLES1\n      IF (T1 .GT. 5.0) QI1 = 0.0\n", (8, 7), "only assignments are read here"),
    "subroutine": ("$SUBROUTINES\n      SUBROUTINE HEAT\n", (8, 7), "statements in $SUBROUTINES are not read"),
    "control elsewhere": ("$EXECUTION\n      STEFAN = 5.67E-8\n", (8, 7), "STEFAN and TABS are read in $CONTROL"),
    "unknown entity": ("$INITIAL\n      EPS1 = 0.5\n", (8, 7), "only assignments are read here"),
    "unknown node": ("$INITIAL\n      QI7 = 0.5\n", (8, 9), "there is no node 7"),
    "size": ("$ARRAYS\n TAB(2,2) = 1, 2, 3;\n", (8, 2), "TAB has 3 values; its size asks for 4"),
    "section": ("$ARRAYS\n $RAEL\n TAB(2) = 1, 2;\n", (8, 2), "$RAEL"),
    "entry": ("$ARRAYS\n TAB(2) = 1, 2;\n$INITIAL\n      QI1 = TAB(3)\n", (10, 16), "no entry (3); TAB has the size (2)"),
    "outside the points": ("$ARRAYS\n TAB(2,2) = 0, 1, 1, 2;\n$INITIAL\n      QI1 = INTRP1(2.0, TAB, 1)\n", (10, 20), "2 lies outside the points of TAB, 0 to 1"),
    "degree": ("$ARRAYS\n TAB(2,2) = 0, 1, 1, 2;\n$INITIAL\n      QI1 = INTRP1(0.5, TAB, 2)\n", (10, 30), "only the degree 1, linear interpolation, is read"),
    "not ascending": ("$ARRAYS\n TAB(2,2) = 1, 1, 1, 2;\n$INITIAL\n      QI1 = INTRP1(0.5, TAB, 1)\n", (10, 25), "pairs of an ascending point and its value"),
    "temperature over time": ("$ARRAYS\n TAB(2,2) = 0, 1, 1, 2;\n$INITIAL\n      T1 = INTRP1(TIMEM, TAB, 1)\n", (10, 7), "T over time is not read"),
    "two tables": ("$ARRAYS\n TAB(2,2) = 0, 1, 1, 2;\n$INITIAL\n      QI1 = INTRP1(TIMEM, TAB, 1) * INTRP1(TIMEM, TAB, 1)\n", (10, 35), "two tables over time cannot be combined"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDED)
def test_mistake_in_what_is_added(name, tmp_path):
    text, (line, column), words = ADDED[name]
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, PLAIN.replace("$ENDMODEL", text + "$ENDMODEL"))
    ((place, message),) = caught.value.problems
    assert (place.line, place.column) == (line, column), str(caught.value)
    assert words in message


def test_all_mistakes_at_once_and_none_of_their_making(tmp_path):
    """A node and a constant with a mistake are there all the same: what refers to them is no mistake."""
    text = (
        "$MODEL M\n$CONSTANTS\n p = 1.0 +;\n$NODES\n D1, T = x, C = p;\n B2, T = 0.0;\n D3, C = 1 2;\n"
        "$CONDUCTORS\n GL(1,2) = p; GL(3,2) = 1;\n GL(1,9) = 1; GL(1,3) = 2;\n$ENDMODEL M\n"
    )
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, text)
    places = [(place.line, place.column) for place, _ in caught.value.problems]
    assert places == [(3, 11), (5, 10), (7, 12), (10, 7)]


def test_no_text(tmp_path):
    (tmp_path / "model.d").write_bytes(b"\x00\x01\x02")
    with pytest.raises(NetworkFileError, match="model.d:1:1: is not a text file"):
        read_esatan(tmp_path / "model.d")
    with pytest.raises(NetworkFileError, match="model.d:1:1: expected .MODEL and a name, found an empty file"):
        read(tmp_path, "# nothing\n")
    (tmp_path / "model.d").write_bytes(PLAIN.replace("D1,", "D1 = 'K\xe4lte',").encode("latin-1"))
    assert read_esatan(tmp_path / "model.d").label[0] == "Kälte"


def network(**changes) -> LumpedNetwork:
    given = {
        "title": "a model, 2nd",
        "name": ("tray", "node 'b'", "space"),
        "label": ("", "", ""),
        "heat_capacity": np.array([1 / 3, 0.0, 0.0]),
        "temperature": np.array([np.nan, 300.0, 2.725]),
        "boundary": np.array([False, False, True]),
        "load": np.array([0.1, 0.0, 0.0]),
        "timed": (TimedLoad(0, (0.0, 10.0), (1.0, 2.0)), TimedLoad(0, (0.0, 5.0), (0.0, 0.25))),
        "conductive": Pairs.of([(0, 1, 0.1), (1, 0, 0.2), (1, 2, -1e-300)]),
        "radiative": Pairs.of([(1, 2, 1e-7)]),
        "one_way": Pairs.of([(0, 1, 2.0), (1, 0, 3.0)]),
    }
    return LumpedNetwork(**{**given, **changes})


def test_what_is_written_is_read_again(tmp_path):
    written = network()
    again = read_esatan(write_esatan(tmp_path / "again.d", written))
    assert again.title == "A_MODEL__2ND"
    assert again.name == ("D1", "A2", "B3") and again.label == ("tray", "node  b ", "space")
    np.testing.assert_array_equal(again.heat_capacity, written.heat_capacity)
    # By way of degrees Celsius: one rounding of 273 K.
    np.testing.assert_allclose(again.temperature, written.temperature, rtol=0, atol=6e-14)
    np.testing.assert_array_equal(again.load, written.load)
    assert again.timed == written.timed
    # The two straps between the first two nodes are one.
    assert again.conductive.node.tolist() == [[0, 1], [1, 2]]
    assert list(again.conductive.value) == [0.1 + 0.2, -1e-300]
    for kind in ("radiative", "one_way"):
        assert getattr(again, kind).node.tolist() == getattr(written, kind).node.tolist()
        assert list(getattr(again, kind).value) == list(getattr(written, kind).value)


def test_numbers_and_labels_are_kept(tmp_path):
    written = network(name=("D10", "D30", "B99"), label=("tray", "rib", ""), timed=())
    again = read_esatan(write_esatan(tmp_path / "again.d", written))
    # Without a heat capacity the second is an arithmetic node.
    assert again.name == ("D10", "A30", "B99") and again.label == ("tray", "rib", "")


def test_too_many_loads_over_time_on_one_node(tmp_path):
    with pytest.raises(ValueError, match="tray: more than 4 loads over time"):
        write_esatan(tmp_path / "x.d", network(timed=(TimedLoad(0, (0.0, 1.0), (1.0, 1.0)),) * 5))
