"""Tables of drift shells: traced once for a field epoch and a dipole moment, and kept between runs."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.array_store import load_arrays, store_arrays
from caloris.precision import require_float64
from caloris.programs import kept
from caloris_kernels.magnetic.field import FieldCoefficients, days_of_year, dipole_moment, field_coefficients
from caloris_kernels.magnetic.shell_table import DriftShellTable, tabulate_drift_shells

FIRST_EPOCH, LAST_EPOCH = 1900.0, 2030.0


def drift_shell_table(field_epoch: float, moment: float | None = None) -> DriftShellTable:
    """The table of drift shells of IGRF-14 at field_epoch, a decimal year from 1900 to 2030.

    moment is the dipole moment of Hilton's formula (T, in units of a^3), the field's own unless given. The table is
    made in half a minute where it is not in the store of arrays. Not differentiable in its arguments, because they
    name what is stored: trace `tabulate_drift_shells` for that, or field lines (`drift_shell`).
    """
    require_float64("drift_shell_table")
    if not FIRST_EPOCH <= field_epoch <= LAST_EPOCH:
        raise ValueError(f"field_epoch {field_epoch} lies outside IGRF-14, {FIRST_EPOCH:g} to {LAST_EPOCH:g}")
    if moment is not None and not moment > 0.0:
        raise ValueError(f"moment {moment} is not positive; that of the field is some 3e-5 T")
    coefficients = field_coefficients(days_of_year(jnp.asarray(field_epoch)))
    present = dipole_moment(coefficients) if moment is None else jnp.asarray(moment)
    inputs = {name: np.asarray(part) for name, part in coefficients._asdict().items()} | {"moment": np.asarray(present)}
    found = load_arrays("drift_shells", inputs)
    if found is not None and set(found) == {"rows"}:
        return DriftShellTable(jnp.asarray(found["rows"]), coefficients, present)
    table = _tabulate(coefficients, present)
    store_arrays("drift_shells", inputs, {"rows": np.asarray(table.rows)})
    return table


@kept
def _tabulate(coefficients: FieldCoefficients, moment: Float[Array, ""]) -> DriftShellTable:
    return tabulate_drift_shells(coefficients, moment)
