"""The stages of the CREME96 run fail where the chain is broken: defects planted one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.shield import ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.solve import particle_chain
from caloris_kernels.particle import transport
from caloris_validation import creme96_figures
from caloris_validation.cases_transport import CASES, outside

SHIELD = (ShieldLayer.of("Al", None, creme96_figures.SHIELD),)
BOUND = {case.name: (case.exact, case.bound) for case in CASES}


def stage_errors():
    """Error over bound of the stages, traced anew so that what was planted is in: above one is a failed case."""
    source = outside().source
    _, behind = jax.jit(lambda: particle_chain.spectra(SHIELD, source, ShieldTransport()))()
    flux = jax.jit(lambda flux: particle_chain.heavy_ion_let_flux(flux))(behind)
    x, found = np.log(particle_chain.ENERGY), {}
    for name, (exact, bound) in BOUND.items():
        stage, _, rest = name.removeprefix("transport.creme96.").partition(".")
        if stage == "flux_behind":
            z, energy = rest.removesuffix("_MeV_per_u").split(".", 1)
            row = np.log(np.maximum(np.asarray(behind)[int(z[1:]) - 1], 1e-30))
            got = np.exp(np.interp(np.log(float(energy)), x, row))
        elif stage == "let_from_outside":
            got = np.exp(np.interp(np.log(float(rest)), np.log(particle_chain.LET), np.log(np.maximum(flux, 1e-30))))
        else:
            continue
        found[name.removeprefix("transport.creme96.")] = abs(got / exact - 1.0) / bound
    return found


def no_jacobian(*arguments, inner=transport.through_layer):
    """The flux behind without S(E_in) / S(E): what a change of variables forgotten would give."""
    incident, ratio = inner(*arguments)
    return incident, jnp.ones_like(ratio)


def total_energy_ranges(energy, stopping, mass_number, inner=transport.csda_range):
    """Ranges of ions as if energy were that of the whole ion, not of a nucleon."""
    return inner(energy, stopping, mass_number) / mass_number[:, None]


def with_protons(bin_flux, coverage, count, inner=particle_chain.covered_let_flux):
    """A LET spectrum in which each ion counts as its neighbor of one charge less, the off-by-one of a row."""
    return inner(jnp.roll(bin_flux, -1, axis=0), coverage, count)


def strong_losses(*arguments, inner=transport.attenuation_table, **named):
    """Cross-sections in units of 0.1 mb: ten times the losses."""
    return 10.0 * inner(*arguments, **named)


DEFECTS = {
    "no jacobian": (transport, "through_layer", no_jacobian, "flux_behind.Z2.30_MeV_per_u"),
    "energy per ion": (transport, "csda_range", total_energy_ranges, "flux_behind.Z26.100_MeV_per_u"),
    "rows shifted": (particle_chain, "covered_let_flux", with_protons, "let_from_outside.1"),
    "ten times the losses": (transport, "attenuation_table", strong_losses, "flux_behind.Z26.1000_MeV_per_u"),
}


def test_sound_chain_passes():
    errors = stage_errors()
    assert len(errors) == 33 and max(errors.values()) < 1.0


@pytest.mark.parametrize("defect", DEFECTS)
def test_planted_defects_fail(monkeypatch, defect):
    module, name, broken, stage = DEFECTS[defect]
    monkeypatch.setattr(module, name, broken)
    errors = stage_errors()
    print(defect, {key: round(float(value), 1) for key, value in errors.items() if value > 1.0})
    assert errors[stage] > 1.0
