"""The store of drift-shell tables: what is kept, told apart and refused. The table itself is the kernel's."""

import jax.numpy as jnp
import numpy as np
import pytest

from caloris.array_store import remembered_arrays
from caloris.solve import drift_shells
from caloris_kernels.magnetic.field import dipole_moment
from caloris_kernels.magnetic.shell_table import DriftShellTable


@pytest.fixture
def traced(monkeypatch) -> list[float]:
    """Moments of the tables that were traced; their rows hold that moment."""
    moments = []

    def tabulate(coefficients, moment):
        moments.append(float(moment))
        return DriftShellTable(jnp.full((4, 8), moment), coefficients, moment)

    monkeypatch.setattr(drift_shells, "_tabulate", tabulate)
    return moments


def test_tables_are_found_again_and_told_apart(traced):
    with remembered_arrays():
        first = drift_shells.drift_shell_table(1964.0)
        again = drift_shells.drift_shell_table(1964.0)
        assert len(traced) == 1
        np.testing.assert_array_equal(again.rows, first.rows)
        assert float(again.moment) == float(dipole_moment(again.coefficients)) == pytest.approx(3.097e-5, rel=1e-3)
        np.testing.assert_array_equal(again.coefficients.cosine, first.coefficients.cosine)
        fixed = drift_shells.drift_shell_table(1964.0, 3.11653e-5)
        later = drift_shells.drift_shell_table(1970.0)
        assert traced[1:] == [3.11653e-5, float(later.moment)]
        assert float(fixed.rows[0, 0]) == float(fixed.moment) == 3.11653e-5


@pytest.mark.parametrize(
    ("epoch", "moment", "message"),
    [
        (1899.9, None, "field_epoch 1899.9 lies outside IGRF-14, 1900 to 2030"),
        (2031.0, None, "1900 to 2030"),
        (float("nan"), None, "1900 to 2030"),
        (2000.0, 0.0, "moment 0.0 is not positive"),
        (2000.0, float("nan"), "moment nan is not positive"),
    ],
)
def test_wrong_arguments(traced, epoch, moment, message):
    with pytest.raises(ValueError, match=message):
        drift_shells.drift_shell_table(epoch, moment)
    assert not traced
