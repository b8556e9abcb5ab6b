import numpy as np
import pytest

from caloris_kernels.particle.elements import ELEMENT_NAMES, ELEMENTS, ISOTOPE_MASS_NUMBER
from caloris_kernels.particle.materials import MATERIALS, mass_fractions


@pytest.mark.parametrize("name", [*ELEMENTS, *MATERIALS])
def test_mass_fractions_sum_to_one(name):
    fraction = mass_fractions(name)
    assert fraction.sum() == pytest.approx(1.0, abs=1e-12) and (fraction >= 0.0).all()
    # The composition itself sums to one to its printed digits.
    assert sum(MATERIALS.get(name, {name: 1.0}).values()) == pytest.approx(1.0, abs=2e-4)


def test_formulas_of_compounds():
    weight = {name: element.atomic_weight for name, element in ELEMENTS.items()}
    for name, formula in (
        ("polyethylene", {"C": 1, "H": 2}),
        ("polyimide", {"C": 22, "H": 10, "N": 2, "O": 5}),
        ("PET", {"C": 10, "H": 8, "O": 4}),
        ("PTFE", {"C": 1, "F": 2}),
        ("alumina", {"Al": 2, "O": 3}),
    ):
        total = sum(weight[element] * count for element, count in formula.items())
        expected = [weight[element] * formula.get(element, 0) / total for element in ELEMENT_NAMES]
        # Five printed digits and the atomic weights of their time.
        assert mass_fractions(name) == pytest.approx(np.array(expected), abs=2e-4)


def test_wrong_materials_are_refused():
    with pytest.raises(ValueError, match="'cheese' is not known.*polyethylene"):
        mass_fractions("cheese")
    with pytest.raises(ValueError, match="no stopping power for Xe"):
        mass_fractions({"Xe": 1.0})
    for composition in ({"Al": 0.5}, {"Al": 1.2, "Si": -0.2}, {"Al": np.nan}):
        with pytest.raises(ValueError, match="sum to 1"):
            mass_fractions(composition)


def test_isotopes():
    assert ISOTOPE_MASS_NUMBER.shape == (92,)
    assert ISOTOPE_MASS_NUMBER[[0, 5, 25, 53, 91]] == pytest.approx([1, 12, 56, 132, 238])
