"""Reference cases of devices: parts of the library, chords and protons by sampling, words, checkpoints."""

from functools import cache, partial

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.model.device import BendelResponse, Device, HeavyIonResponse, Memory
from caloris.model.dose import DosePoint
from caloris.model.job import Job
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris_validation import creme96_figures as creme96
from caloris_validation.reference_case import ReferenceCase

_REPORT = "CREME96 run q800a90i, PRBEM/IRBEM-extras csda_rpp; O'Brien, ATR-2022-00960, table 1"
_KINTEX = "two printed digits, 5 %; Matthia's spectra against CREME96's, 10 %; unknown depth"
_ONE_DIGIT = "the cross-section is printed with one digit"
_BEAM = "stopping power 1.5 %, a beam 10 MeV wide 0.2 %"
_SUNCATCHER = "Google, Project Suncatcher (2025), 67 MeV protons; second-hand"
_PARTICLES = '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n[[device]]\n'


def _part(name: str) -> Device:
    return caloris.build(caloris.parse_case(f'{_PARTICLES}part = "{name}"\n')).device


def _creme96() -> ParticleEnvironment:
    """The run's own spectra at the device: LETs of Z >= 2, and protons."""
    energy, flux = np.array(creme96.PROTONS_BEHIND).T
    let, above = np.array(creme96.LET_SPECTRUM).T
    return ParticleEnvironment.from_let_spectrum(let, above, ([1], energy, flux[None]))


@cache
def _library_rate(name: str, cause: str) -> float:
    device = _part(name)
    rate = caloris.upset_rate(device, _creme96())
    return float(getattr(rate, f"{cause}_rate_per_bit") * device.bits)


@cache
def _kintex_rate(memory: str) -> float:
    """Upsets per bit and day of the XC7K325T behind 100 mil of aluminum, in free space at solar minimum."""
    shield = 'shield = [{ material = "aluminum", areal_density = "0.686 g/cm^2" }]\n'
    aluminum = '[[material]]\nname = "aluminum"\ncomposition = { Al = 1.0 }\n'
    text = f'{_PARTICLES}part = "XC7K325T {memory}"\n{shield}{aluminum}'
    scenario = caloris.build(caloris.parse_case(text))
    assert scenario.particles is not None
    return 86400.0 * float(caloris.upset_rate(scenario.device, scenario.particles).heavy_ion_rate_per_bit)


_BOX = np.array([3.0, 2.0, 0.5])  # um
_SURFACE = 2.0 * (3.0 * 2.0 + 2.0 * 0.5 + 0.5 * 3.0)
_COUNT = 2_000_000


@cache
def _sampled_chords() -> np.ndarray:
    """Chords of isotropic tracks through the box: a line through a sphere around it, drawn by direction and offset.

    Lines of a sphere of radius r: a direction, and a point of the disc of radius r across it; those that miss the
    box have a chord of zero. No property of the box's surface is used.
    """
    random = np.random.default_rng(7)
    direction = random.standard_normal((_COUNT, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    helper = np.eye(3)[np.abs(direction).argmin(axis=1)]
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first, axis=1)[:, None]
    second = np.cross(direction, first)
    radius, angle = np.sqrt(random.uniform(size=_COUNT)) * _radius(), random.uniform(0, 2 * np.pi, _COUNT)
    point = radius[:, None] * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second)
    near, far = (-0.5 * _BOX - point) / direction, (0.5 * _BOX - point) / direction
    return np.maximum(np.maximum(near, far).min(axis=1) - np.minimum(near, far).max(axis=1), 0.0)


def _radius() -> float:
    return 0.5 * float(np.linalg.norm(_BOX)) * 1.0001


def _longer(length: float) -> float:
    response = HeavyIonResponse(1.0, 1.0, 1.0, 6e-8, _BOX)
    return float(eqx.filter_jit(response.longer_chord_fraction)(jnp.array([length]))[0])


def _sampled_share(length: float) -> float:
    chord = _sampled_chords()
    return float((chord > length).sum() / (chord > 0.0).sum())


def _crossings() -> float:
    device = Device(HeavyIonResponse(1e-3, 1e-6, 1.0, 6e-8, _BOX))
    environment = ParticleEnvironment.from_let_spectrum([50.0, 60.0], [1.0, 0.0])
    return float(caloris.upset_rate(device, environment).heavy_ion_rate_per_bit)


def _sampled_crossings() -> float:
    # A sphere of radius r is crossed pi (4 pi r^2) j times a second (m-2 s-1 sr-1); the box by this share of them.
    return float((_sampled_chords() > 0.0).mean() * 4.0 * np.pi**2 * _radius() ** 2 * 1e-12)


def _stopped_protons() -> float:
    """Upset rate of a cube of 3 cm that stops every proton below 40 MeV: those above its charge of 7 MeV count."""
    energy = np.geomspace(1.0, 1e3, 400)
    flux = np.where(energy < 40.0, 1e3 * energy**-1.2, 0.0)
    cell = HeavyIonResponse(1e-3, 0.0, 1.0, 9.0, [3e4, 3e4, 3e4], direct_protons=True)
    environment = ParticleEnvironment.from_spectrum([1], energy, flux[None])
    return float(caloris.upset_rate(Device(cell), environment).direct_proton_rate_per_bit)


def _bendel_far() -> float:
    """Bendel's rate over 4 pi times the flux above 25 MeV, far above its onset: the plateau."""
    energy = np.geomspace(1e4, 9e4, 50)
    environment = ParticleEnvironment.from_spectrum([1], energy, np.ones((1, 50)))
    rate = caloris.upset_rate(Device(proton=BendelResponse(10.0, 11.0)), environment)
    k = np.asarray(rate.energy * rate.flux_behind[0])
    flux = np.sum(0.5 * (k[1:] + k[:-1]) * np.diff(np.log(np.asarray(rate.energy))))
    return float(rate.proton_rate_per_bit / (4 * np.pi * flux * 1e-4))


def _rad_of_a_proton() -> float:
    """Dose in silicon of 67 MeV protons over their fluence (rad cm2), by the engine's stopping power."""
    return float(caloris.stopping_power("Si", 1, 67.0)) * 1.602176634e-8


@cache
def _suncatcher(part: str) -> float:
    """Dose in silicon between two events of a part of the library (rad), by the verbs, in a beam of 62 to 72 MeV."""
    energy = np.array([62.0, 63.0, 71.0, 72.0])
    beam = ParticleEnvironment.from_spectrum([1], energy, np.array([[0.0, 1e6, 1e6, 0.0]]))
    device = _part(part)
    (rate,) = caloris.effect_rates(device, caloris.upset_rate(device, beam))
    bare = DosePoint(SectorShield.sphere([ShieldLayer.of("Al", None, 0.0)]))
    dose = float(caloris.dose(bare, beam).total_rate)
    return dose / (365.25 * 86400.0 * float(rate.proton_rate_per_bit))


CASES: tuple[ReferenceCase, ...] = (
    *(
        ReferenceCase(
            f"device.library.{part}.{cause}",
            f"{cause.replace('_', ' ')} rate of the library's {part}, all of its volumes",
            "s-1",
            exact,
            bound,
            reason,
            _REPORT,
            partial(_library_rate, part, cause),
        )
        for part, cause, exact, bound, reason in (
            ("LM7912", "heavy_ion", 1.00594e-7, 0.01, "carried points of the LET spectrum, 3 %; quadratures 0.4 %"),
            ("LM7912", "proton", 1.10564e-9, 0.001, "carried points of the proton spectrum, 0.05 %, 3e-4 of the rate"),
            ("ATMEGA1280", "heavy_ion", 2.54608e-9, 0.01, "carried points of the LET spectrum; quadratures 0.4 %"),
        )
    ),
    *(
        ReferenceCase(
            f"device.library.XC7K325T.{memory.replace(' ', '_').replace('-', '_')}",
            f"upsets of the XC7K325T's {memory} behind 100 mil of aluminum at solar minimum, per bit",
            "1/day",
            exact,
            bound,
            reason,
            "Lee and others, REDW 2014, doi 10.1109/REDW.2014.7004595, table 2, as quoted with table 1",
            partial(_kintex_rate, memory),
        )
        for memory, exact, bound, reason in (
            ("configuration", 1.0e-7, 0.15, _KINTEX),
            ("block RAM", 5.2e-7, 0.15, _KINTEX),
            ("flip-flops", 9.0e-8, 0.35, f"{_KINTEX}; a high onset, where effective flux counts too much"),
        )
    ),
    *(
        ReferenceCase(
            f"device.chord.sampled_{length:g}_um",
            f"share of chords longer than {length:g} um in a 3 x 2 x 0.5 um box, over the sampled share",
            "-",
            1.0,
            bound,
            "three standard deviations of the sampled share of 1.2 million chords",
            "2 million random lines through a sphere around the box, clipped by its six planes",
            partial(lambda length: _longer(length) / _sampled_share(length), length),
        )
        for length, bound in ((0.4, 0.0017), (0.6, 0.0029), (2.0, 0.015))
    ),
    ReferenceCase(
        "device.crossings.sampled",
        "crossings of a 3 x 2 x 0.5 um box in an isotropic flux, over the sampled ones",
        "-",
        1.0,
        0.0028,
        "three standard deviations of the sampled share of lines",
        "2 million random lines through a sphere around the box, clipped by its six planes",
        lambda: _crossings() / _sampled_crossings(),
    ),
    ReferenceCase(
        "device.direct_ionization.stopped",
        "direct proton rate of a 3 cm cube with a charge of 7 MeV, protons to 40 MeV",
        "s-1",
        np.pi * 6 * 9e-4 * 1e3 / 0.2 * (6.987**-0.2 - 40.0**-0.2),
        0.06,
        "tracks across corners, shorter than the range of 8 mm: 3 % of the surface; the step at 40 MeV on the grid",
        "pi S int_Q^40 j dE: a proton that stops inside gives all that it has, none gives more",
        _stopped_protons,
    ),
    ReferenceCase(
        "device.bendel.plateau",
        "Bendel cross-section of A = 10, B = 11 MeV behind protons above 10 GeV",
        "cm2",
        1.1**14 * 1e-12,
        1e-4,
        "at 10 GeV the curve lacks 4 exp(-0.18 Y^(1/2)) = 2e-10 of its plateau; the grid's ends",
        "(B/A)^14 1e-12 cm2, CREME-MC help, Bendel 2-parameter function",
        _bendel_far,
    ),
    ReferenceCase(
        "device.suncatcher.rad",
        "dose in silicon of one 67 MeV proton per cm2",
        "rad",
        1.260e-7,
        0.015,
        "stopping powers of PSTAR within 1.5 %",
        "NIST PSTAR (doi 10.18434/T4NC7P), 7.866 MeV cm2/g at 67 MeV, times 1.602e-8 rad g/MeV",
        _rad_of_a_proton,
    ),
    *(
        ReferenceCase(
            f"device.suncatcher.{name}",
            f"dose of 67 MeV protons in silicon per {event} of the library's {part}",
            "rad",
            exact,
            bound,
            reason,
            _SUNCATCHER,
            partial(_suncatcher, part),
        )
        for name, part, event, exact, bound, reason in (
            (
                "hbm",
                "Trillium HBM",
                "uncorrectable error",
                50.0,
                0.28,
                f"{_ONE_DIGIT}, 2e-9 for 2.5e-9: 26 %; {_BEAM}",
            ),
            (
                "logic",
                "Trillium logic",
                "error",
                150.0,
                0.22,
                f"{_ONE_DIGIT}, 7e-10 cm2, the dose in two: 20 %; {_BEAM}",
            ),
            ("cpu", "Trillium host CPU", "functional interrupt", 450.0, 0.02, _BEAM),
            ("ram", "Trillium host RAM", "functional interrupt", 400.0, 0.02, _BEAM),
        )
    ),
    ReferenceCase(
        "device.memory.secded",
        "failures of a SECDED word of 72 bits at 1e-6 upsets per bit and second, scrubbed every 1000 s",
        "s-1",
        2.43499e-6,
        1e-6,
        "the printed digits",
        "binomial tail of p = (1 - exp(-2 lam T)) / 2; Saleh, Serrano, Patel (1990), doi 10.1109/24.52622",
        lambda: float(caloris.memory_failure_rate(Memory(1000.0, word=72), 1e-6, 72).word),
    ),
    ReferenceCase(
        "device.job.interval",
        "best interval of checkpoints of 60 s at a failure every 7200 s",
        "s",
        889.95,
        1e-5,
        "the printed digits",
        "Daly (2006), doi 10.1016/j.future.2004.11.016: root of the derivative of his equation 20",
        lambda: float(caloris.job_goodput(Job(60.0), 1 / 7200).optimal_interval),
    ),
)
