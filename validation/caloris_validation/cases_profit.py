"""Reference cases of PROFIT: protons' cross-sections from heavy ions', over measured ones."""

from functools import cache, partial

import numpy as np

import caloris
from caloris.model.particles import ParticleEnvironment
from caloris_validation.reference_case import ReferenceCase

_SPREAD = "what such models are known to stray by: a factor of three"
_CALVEL = (
    "62256R of Calvel and others, IEEE Trans. Nucl. Sci. 43(6), 2827 (1996), as its Weibull and Bendel parameters are "
    "quoted in public code that simulates upsets"
)
_PULSES = (
    "pulse heights of an IDT 6116V, McNulty's review in DTIC AD-A285581 (DNA-TR-92-163), fig. 12, as digitized in "
    "MarkWSavage/PANDA; volume as stated there"
)
_PETERSEN = "4.5e4 sigma_p = sigma_h / L^2: Petersen, IEEE Trans. Nucl. Sci. 45, 2550 (1998)"
# The quoted plateau, 0.640, is taken as cm2 of the device of 262144 bits (per bit it would be more than the chip).
# Bendel's A and B, per bit, are the fit to its proton test.
_SRAM = (
    'heavy_ion = { method = "effective flux", onset = "1.6 MeV cm^2/mg", width = "20 MeV cm^2/mg", exponent = 1.65, '
    'plateau = "2.4414e-6 cm^2" }\n'
)
_MEASURED = 'proton = { form = "Bendel 2", onset = "9.0 MeV", second = "8.6 MeV" }\n'
_PROFIT = 'proton = { form = "PROFIT" }\n'


def _cross_section(device: str, energy: float) -> float:
    """Proton cross-section of a bit (cm2) in the mean over protons within 15 % of `energy` (MeV), from a case file."""
    points = energy * np.geomspace(1 / 1.15, 1.15, 60)
    environment = ParticleEnvironment.from_spectrum([1], points, 1e4 * np.ones((1, 60)))
    particles = '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n'
    case = f'{particles}[[device]]\nname = "x"\n{device}'
    rate = caloris.upset_rate(caloris.build(caloris.parse_case(case)).device, environment)
    k = np.asarray(rate.energy * rate.flux_behind[0])
    flux = np.sum(0.5 * (k[1:] + k[:-1]) * np.diff(np.log(np.asarray(rate.energy))))
    return float(rate.proton_rate_per_bit) / (4e-4 * np.pi * float(flux))


def _apart(one: float, other: float) -> float:
    """By what factor two numbers differ, 1 or more."""
    return max(one / other, other / one)


@cache
def _of_sram(energy: float) -> float:
    return _apart(_cross_section(_SRAM + _PROFIT, energy), _cross_section(_SRAM + _MEASURED, energy))


@cache
def _of_deposits(deposit: float, measured: float) -> float:
    """148 MeV protons give a volume of 11.7 x 11.7 x 13.5 um at least `deposit` MeV: a cell with that threshold."""
    threshold = deposit / (13.5e-4 * 2.329e3)
    volume = f'onset = "{threshold!r} MeV cm^2/mg", plateau = "1.3689e-6 cm^2", depth = "13.5 um"'
    return _apart(_cross_section(f'heavy_ion = {{ method = "RPP", {volume} }}\n{_PROFIT}', 148.0), measured)


@cache
def _of_relation(onset: float, width: float) -> float:
    heavy = (
        f'heavy_ion = {{ method = "effective flux", onset = "{onset} MeV cm^2/mg", width = "{width} MeV cm^2/mg", '
        'exponent = 1.5, plateau = "1e-7 cm^2" }\n'
    )
    quarter = onset + width * np.log(4 / 3) ** (1 / 1.5)
    return _apart(_cross_section(heavy + _PROFIT, 150.0), 1e-7 / (4.5e4 * quarter**2))


CASES: tuple[ReferenceCase, ...] = (
    *(
        ReferenceCase(
            f"device.profit.62256R.{energy:g}_MeV",
            f"PROFIT at {energy:g} MeV from the heavy ions of a 256 kbit SRAM: factor from its measured protons",
            "-",
            1.0,
            2.0,
            _SPREAD,
            _CALVEL,
            partial(_of_sram, energy),
        )
        for energy in (50.0, 100.0, 200.0)
    ),
    *(
        ReferenceCase(
            f"device.profit.deposits.{deposit:g}_MeV",
            f"148 MeV protons that leave {deposit:g} MeV in 11.7 x 11.7 x 13.5 um of silicon: factor from the measured",
            "-",
            1.0,
            2.0,
            "recoils count one by one, and those from outside not at all: a factor of three",
            _PULSES,
            partial(_of_deposits, deposit, measured),
        )
        for deposit, measured in ((2.0, 3.4643e-11), (5.0, 1.3575e-11), (10.0, 3.4410e-12))
    ),
    *(
        ReferenceCase(
            f"device.profit.figure_of_merit.onset_{onset:g}",
            f"PROFIT at 150 MeV, onset {onset:g} and width 20 MeV cm2/mg: factor from the figure of merit",
            "-",
            1.0,
            2.0,
            _SPREAD,
            _PETERSEN,
            partial(_of_relation, onset, 20.0),
        )
        for onset in (1.0, 3.0)
    ),
)
