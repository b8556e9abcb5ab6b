"""Kernels of particles, fields, upsets and reliability, by what they are called with."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.magnetic.shell_table import DriftShellTable
from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.let_spectrum import LetCoverage
from caloris_kernels.particle.transport import ShieldTable
from caloris_kernels.reliability.goodput import paths_of
from lowering_shapes import FIELD, FLUX_MAP, Wrapped, double, f, f32, i

# Triangles, tiles, orbit: shapes of the arguments below.
ELEMENTS = len(ELEMENT_NAMES)
SHELLS = DriftShellTable(f32(63 * 63 * 21, 8), FIELD, f())
LAYERS = ShieldTable(f(1, 6), *[f(1, 2, 6)] * 6)
LEVELS = np.geomspace(0.1, 100.0, 6)
WEIBULL = (f(), f(), f())
PATHS = (f(8), f(), f(8))  # a rate, its period, intervals


def _leveled(kernel: Callable, energy: Any, above: Any) -> Any:
    return kernel(energy, LEVELS, above)


# They run on the host, or only rearrange what a program is made of.
HOST_PARTICLES = {
    "particle.detectors.detector_fractions": "numpy, once a material",
    "particle.shield_dose.dose_energies": "numpy, a grid",
    "particle.shield_dose.dose_table": "numpy, once a particle and detector",
    "particle.shield_dose.natural_spline": "numpy, once a table",
    "particle.shield_dose.natural_spline_at": "numpy, once a table",
    "particle.shield_dose.source_tables": "reads a table, once",
    "magnetic.shell_table.table_positions": "numpy, once a table",
    "particle.materials.mass_fractions": "numpy, where a material is named",
    "trapped.flux_map.trapped_map": "numpy, once a map",
    "trapped.flux_map.map_energies": "numpy, once a map",
    "upset.sensitive_volume.is_sphere": "the shape of an array",
    "particle.solar_modulation.known_months": "a table of Python",
    "particle.solar_modulation.monthly_modulation": "a table of Python",
}

# What each kernel is called with: arrays by shape, all else as it is. A new kernel needs an entry.
KERNELS_PARTICLES: dict[str, tuple | Callable[[Callable], Wrapped]] = {
    "magnetic.cutoff.cosine_squared_latitude": (f(3),),
    "magnetic.cutoff.directional_cutoff": (f(3), f(3), f(3)),
    "magnetic.cutoff.directional_transmission": (f(4), f(3), f(3), f(3), f(), f()),
    "magnetic.cutoff.disturbed_cutoff": (f(3), f()),
    "magnetic.cutoff.geomagnetic_transmission": (f(4), f(3), f(), f(3)),
    "magnetic.cutoff.ion_rigidity": (f(3), f(), f()),
    "magnetic.cutoff.vertical_cutoff": (f(3), f(), f()),
    "magnetic.drift_shell.drift_shell": (FIELD, f(600, 3), f()),
    "magnetic.drift_shell.shell_parameter": (f(3), f(3), f()),
    "magnetic.field.days_of_year": (f(),),
    "magnetic.field.dipole_moment": (FIELD,),
    "magnetic.field.dipole_vector": (FIELD,),
    "magnetic.field.field_coefficients": (f(),),
    "magnetic.field.field_of_columns": (FIELD, f(3, 4)),
    "magnetic.field.magnetic_field": (FIELD, f(600, 3)),
    "magnetic.field_line.evaluate": (f(6, 3), f(3)),
    "magnetic.field_line.interpolate_line": ((f(9, 3), f(9, 3)), f(5, 3)),
    "magnetic.field_line.trace_field_line": (FIELD, f(3, 4), 20),
    "magnetic.field_line.window_polynomial": (f(9, 3), i(3)),
    "magnetic.field_line.window_start": (i(3), 9),
    "magnetic.shell_table.look_up_drift_shell": (SHELLS, f(4, 3)),
    "magnetic.shell_table.tabulate_drift_shells": (FIELD, f()),
    "particle.dose.ion_dose": (f(5), f(2, 5), f(2), f(len(ELEMENT_NAMES))),
    "particle.dose.slab_directions": (jnp.float64,),
    "particle.electrons.electrons_before": (f(5), f()),
    "particle.galactic.galactic_flux": (f(28, 5), f()),
    "particle.galactic.visible_sky_fraction": (f(), f()),
    "particle.integral_spectrum.differential_flux": lambda g: Wrapped(
        lambda e, above: g(e, LEVELS, above), (f(3), f(6))
    ),
    "particle.integral_spectrum.integral_flux": lambda g: Wrapped(partial(_leveled, g), (f(3), f(6))),
    "particle.let_spectrum.flux_per_bin": (f(5), f(2, 5)),
    "particle.let_spectrum.integral_let_flux": (f(2, 4), f(2, 5), f(3)),
    "particle.let_spectrum.let_coverage": (f(2, 5), f(3)),
    "particle.let_spectrum.covered_let_flux": (f(2, 4), LetCoverage(i(2, 4, 4), f(2, 4, 4)), 3),
    "particle.let_spectrum.interpolate_flux": (f(3), f(5), f(5)),
    "particle.solar_modulation.modulation_of_count_rate": (f(3),),
    "particle.fragmentation.fragment_cross_section": (f(3), f(3), f(3), f(3), f(3)),
    "particle.fragmentation.production_table": (f(5), f(2), f(2), f(ELEMENTS)),
    "particle.fragment_transport.fragments_behind": lambda kernel: Wrapped(
        partial(kernel, double), (f(5), LAYERS, f(1, 5, 2, 2), f(1))
    ),
    "particle.nuclear.charge_changing_cross_section": (f(3), f(3), f(3), f(3)),
    "particle.nuclear.letaw_cross_section": (f(3), f(3)),
    "particle.nuclear.sihver_cross_section": (f(3), f(3)),
    "particle.nuclear.tripathi_cross_section": (f(3), f(3), f(3), f(3), f(3)),
    "particle.nuclear.attenuation_table": (f(5), f(2), f(2), f(ELEMENTS), "tripathi"),
    "particle.nuclear.attenuation": (f(2, 5), f(2), f(2), f(ELEMENTS)),
    "particle.niel.proton_niel": (f(5), "GaAs"),
    "particle.niel.electron_niel": (f(5), "GaAs"),
    "particle.niel.displacement_dose": (f(5), f(5), f(5)),
    "particle.niel.effective_damage": (f(5), f(5), f()),
    "particle.niel.equivalent_neutrons": (f(5),),
    "particle.niel.equivalent_protons": (f(5), "GaAs"),
    "particle.niel.remaining_power": (f(5), f(), f()),
    "particle.shield_dose.dose_response": ("electron", "Si", "sphere", f(3)),
    "particle.shield_dose.spectrum_dose": (f(5), f(5), f(5, 3)),
    "particle.solar.august_1972_fluence": (f(3),),
    "particle.solar.october_1989_peak_flux": (f(3), 22),
    "particle.solar.solar_ion_flux": (f(28, 3), "week"),
    "particle.solar.solar_proton_fluence": (f(), f()),
    "particle.solar.worst_solar_flux": (f(3), "week"),
    "particle.stopping_power.element_stopping_power": (f(3),),
    "particle.stopping_power.proton_stopping_power": (f(3), f(ELEMENTS)),
    "particle.stopping_power.ion_stopping_power": (f(2, 3), f(2), f(ELEMENTS)),
    "particle.stopping_power.ion_stopping_table": (f(5), f(2), f(ELEMENTS)),
    "particle.transport.csda_range": (f(5), f(2, 5), f(2)),
    "particle.transport.range_at": (f(2, 5), f(2), f(2), f(ELEMENTS)),
    "particle.transport.shield_table": (f(6), f(2), f(2), f(ELEMENTS)),
    "particle.transport.through_layer": (f(2, 5), ShieldTable(f(6), *[f(2, 6)] * 6), f()),
    "particle.transport.layer_tables": (f(6), f(2), f(2), f(1, ELEMENTS)),
    "particle.transport.through_layers": (f(2, 5), LAYERS, f(1)),
    "trapped.flux.orbit_flux": (FLUX_MAP, f(3), DriftShell(f(4), f(4))),
    "trapped.flux.orbit_means": (FLUX_MAP, f(3), SHELLS, f(9, 4, 3)),
    "trapped.flux.trapped_flux": (FLUX_MAP, f(4), f(4), f(4)),
    "trapped.flux.trapped_spectrum": (FLUX_MAP, f(3), DriftShell(f(4), f(4))),
    "reliability.checkpoint.optimal_interval": (f(), f()),
    "reliability.checkpoint.young_interval": (f(), f()),
    "reliability.checkpoint.daly_interval": (f(), f()),
    "reliability.checkpoint.expected_time_factor": (f(), f(), f(), f()),
    "reliability.goodput.orbit_goodput": (f(8), f(), f(8), f(), f()),
    "reliability.goodput.attempt": lambda g: Wrapped(lambda rate, period, tau: g(paths_of(rate, period), tau), PATHS),
    "reliability.goodput.chain_of": lambda g: Wrapped(
        lambda rate, period, tau, d, r: g(paths_of(rate, period), tau, d, r), (*PATHS, f(), f())
    ),
    "reliability.goodput.paths_of": (f(8), f()),
    "reliability.periodic.cumulative_rate": (f(8), f()),
    "reliability.periodic.exposure": (f(8), f(), f(3)),
    "reliability.periodic.neighbors": (f(3), f(), 8),
    "reliability.periodic.window_mean_rate": (f(8), f(), f()),
    "reliability.schedule.best_schedule": (f(8), f(), f(), f()),
    "reliability.memory.wrong_bit_probability": (f(), f()),
    "reliability.memory.wrong_symbol_probability": (f(), 8),
    "reliability.memory.more_than": (1, 72, f()),
    "reliability.memory.accumulated_failure_rate": lambda g: Wrapped(partial(g, symbols=72), (f(), f())),
    "reliability.memory.strike_failure_rate": lambda g: Wrapped(partial(g, interleave=4), (f(9),)),
    "reliability.memory.voted_failure_rate": (f(), f()),
    "upset.chord_length.longer_chord_fraction": (f(5), f(3)),
    "upset.chord_length.longer_sphere_chord_fraction": (f(5), f()),
    "upset.cross_section.weibull": (f(5), *WEIBULL, f()),
    "upset.cross_section.weibull_thresholds": WEIBULL,
    "upset.cross_section.mean_over_thresholds": (double, *WEIBULL),
    "upset.bendel.bendel_one": (f(5), f()),
    "upset.bendel.bendel_two": (f(5), f(), f()),
    "upset.bendel.bendel_plateau": (f(5), f(), f()),
    "upset.figure_of_merit.quarter_let": (f(), f(), f()),
    "upset.figure_of_merit.figure_of_merit_plateau": (f(), f(), f(), f()),
    "upset.figure_of_merit.figure_of_merit_cross_section": (f(5), f(), f(), f(), f(), f()),
    "upset.profit.profit_cross_section": (f(5), *WEIBULL, f(), f()),
    "upset.recoils.ionizing_energy": (f(3, 5), f(3), f(3)),
    "upset.recoils.recoil_stopping": (f(3, 5), f(3), f(3)),
    "upset.recoils.recoil_let": (f(),),
    "upset.direct_ionization.direct_proton_upset_rate": (f(5), f(5), *WEIBULL, f(), f(3), f()),
    "upset.direct_ionization.path_of_loss": (f(), f(5)),
    "upset.multiplicity.multiplicity": (f(5), f(5), *WEIBULL, f(3), f()),
    "upset.multiplicity.upset_cells": (f(5), f(3), f(), 4),
    "upset.rate.effective_flux_upset_rate": (f(5), f(5), *WEIBULL, f(), f()),
    "upset.rate.folded_proton_rate": lambda kernel: Wrapped(partial(kernel, double), (f(5), f(5))),
    "upset.rate.heavy_ion_upset_rate": (f(5), f(5), *WEIBULL, f(), f(3), f()),
    "upset.rate.integral_flux_above": (f(), f(5), f(5)),
    "upset.rate.proton_upset_rate": (f(5), f(5), *WEIBULL, f()),
    "upset.sensitive_volume.chord_fraction": (f(5), f(1)),
    "upset.sensitive_volume.longest_normal_path": (f(1),),
    "upset.sensitive_volume.mean_normal_path": (f(1),),
    "upset.sensitive_volume.normal_area": (f(1),),
    "upset.sensitive_volume.volume_and_scale": (f(), f(3)),
}
