"""Checks of devices: responses that are complete, volumes that fit their plateau, words, and the job on them."""

import math
from collections.abc import Iterator
from typing import Any

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_device import Device, HeavyIonResponse, Memory, ProtonResponse
from caloris_kernels.constants import IRON_PEAK_LET

Problems = Iterator[CaseProblem]

_NEEDED = {
    "IRPP": ("width", "exponent", "volume"),
    "RPP": ("volume",),
    "effective flux": ("width", "exponent"),
}
_UNUSED = {
    "IRPP": ("largest_angle",),
    "RPP": ("width", "exponent", "largest_angle"),
    "effective flux": ("funnel", "direct_protons"),
}
_CURVE = {
    "Weibull": (("onset", "width", "exponent", "plateau"), ("second", "depth")),
    "Bendel 1": (("onset",), ("width", "exponent", "plateau", "second", "depth")),
    "Bendel 2": (("onset", "second"), ("width", "exponent", "plateau", "depth")),
    "figure of merit": ((), ("onset", "width", "exponent", "plateau", "second", "depth")),
    "PROFIT": ((), ("onset", "width", "exponent", "plateau", "second")),
}


def problems(draft: Draft) -> Problems:
    """What is wrong with the devices of a case and with its job."""
    for path, device in draft.located("device"):
        if device.heavy_ion is None and device.proton is None and not device.effect:
            yield CaseProblem(path, "needs heavy_ion or proton (or both), or an effect")
        yield from _responses(path, device)
        for k, effect in enumerate(device.effect):
            place = f"{path}/effect/{k}"
            if effect.heavy_ion is None and effect.proton is None:
                yield CaseProblem(place, f'the effect "{effect.name}" needs heavy_ion or proton (or both)')
            yield from _responses(place, effect)
        if device.memory is not None:
            yield from _memory(f"{path}/memory", device, device.memory)
    yield from _job(draft)


def warnings(draft: Draft) -> Iterator[str]:
    """One line for each heavy-ion response whose onset lies above the LETs of the ions that are followed."""
    particles = draft.case.particles
    if particles is None or particles.let_spectrum is not None:
        return  # a given LET spectrum may hold what it likes
    for device in draft.case.devices:
        holders = [(f"device/{device.name}", device.heavy_ion)]
        holders += [(f"device/{device.name}/effect/{effect.name}", effect.heavy_ion) for effect in device.effect]
        for path, response in holders:
            if response is not None and response.onset > IRON_PEAK_LET:
                yield (
                    f"{path}/heavy_ion/onset: {response.onset:g} MeV cm^2/mg lies above the highest LET of iron in "
                    f"silicon, {IRON_PEAK_LET:g}; of the ions that go beyond, those heavier than nickel are missing: "
                    "the rate, of long tracks alone, comes out too low, and its band says little"
                )


def _responses(path: str, holder: Any) -> Problems:
    if holder.heavy_ion is not None:
        yield from _heavy_ion(f"{path}/heavy_ion", holder.heavy_ion)
    if holder.proton is not None:
        yield from _proton(f"{path}/proton", holder.proton)
        if holder.proton.form in ("figure of merit", "PROFIT"):
            yield from _follows(f"{path}/proton", holder.proton.form, holder.heavy_ion)


def _complete(path: str, table: Any, choice: str, needed: tuple[str, ...], unused: tuple[str, ...]) -> Problems:
    for key in needed:
        if getattr(table, key) is not None:
            continue
        if key == "volume":
            message = f'is missing: "{choice}" needs it, or depth, or the diameter of a sphere'
            yield CaseProblem(f"{path}/sensitive_volume", message)
        else:
            yield CaseProblem(f"{path}/{key}", f'is missing: "{choice}" needs it')
    for key in unused:
        if key in table.model_fields_set:
            yield CaseProblem(f"{path}/{key}", f'has no meaning with "{choice}"; remove it')


def _heavy_ion(path: str, response: HeavyIonResponse) -> Problems:
    yield from _complete(path, response, response.method, _NEEDED[response.method], _UNUSED[response.method])
    if response.diameter is not None:
        key, what, area = "diameter", "its circle is", 0.25 * math.pi * response.diameter**2
    elif response.sensitive_volume is not None:
        a, b, _ = response.sensitive_volume
        key, what, area = "sensitive_volume", "its first two sides enclose", a * b
    else:
        return
    area, plateau = area * 1e-8, response.plateau
    if abs(area - plateau) > 0.01 * plateau:
        message = f"{what} {area:.4g} cm^2, the plateau is {plateau:.4g} cm^2; they must agree within 1 %"
        yield CaseProblem(f"{path}/{key}", message)


def _proton(path: str, response: ProtonResponse) -> Problems:
    yield from _complete(path, response, response.form, *_CURVE[response.form])
    if response.form in ("Bendel 1", "Bendel 2") and response.onset == 0.0:
        yield CaseProblem(f"{path}/onset", "must be above 0 MeV: Bendel's curve divides by it")


def _follows(path: str, form: str, heavy_ion: HeavyIonResponse | None) -> Problems:
    if heavy_ion is None:
        yield CaseProblem(path, f'"{form}" needs heavy_ion: the protons\' response follows from it')
    elif form == "figure of merit" and heavy_ion.onset + (heavy_ion.width or 0.0) <= 0.0:
        yield CaseProblem(path, '"figure of merit" needs an onset or a width of heavy_ion above 0: it divides by both')


def _memory(path: str, device: Device, memory: Memory) -> Problems:
    if memory.word % memory.symbol:
        yield CaseProblem(
            f"{path}/symbol", f"a word of {memory.word} bits has no whole number of symbols of {memory.symbol}"
        )
    elif memory.corrects >= memory.word // memory.symbol:
        symbols = memory.word // memory.symbol
        yield CaseProblem(f"{path}/corrects", f"a word of {symbols} symbols cannot correct {memory.corrects} of them")
    if device.bits < memory.word * memory.copies:
        yield CaseProblem(f"{path}/word", f"the device has {device.bits} bits, less than one word of {memory.word}")
    if memory.copies == 3 and (memory.multiplicity or memory.pitch is not None or memory.interleave > 1):
        yield CaseProblem(
            f"{path}/copies", "three copies stand apart; multiplicity, pitch and interleave have no meaning"
        )
    if memory.multiplicity:
        if memory.pitch is not None:
            yield CaseProblem(f"{path}/pitch", "multiplicity gives the shares already; remove one of the two")
        if abs(sum(memory.multiplicity) - 1.0) > 1e-6:
            message = f"the shares add up to {sum(memory.multiplicity):.6g}; they must add up to 1"
            yield CaseProblem(f"{path}/multiplicity", message)
    if memory.pitch is not None:
        volume = None if device.heavy_ion is None else device.heavy_ion.sensitive_volume
        if volume is None:
            yield CaseProblem(
                f"{path}/pitch", "needs heavy_ion with a box, sensitive_volume or depth: chords are projected on it"
            )
        elif memory.pitch < volume[0] * (1.0 - 1e-9):
            message = f"cells of {volume[0]:.4g} um along the row overlap at a pitch of {memory.pitch:.4g} um"
            yield CaseProblem(f"{path}/pitch", message)


def _job(draft: Draft) -> Problems:
    job = draft.case.job
    if job is None:
        return
    names = draft.names("device")
    if not names:
        yield CaseProblem("job", "there is no [[device]] that it could run on")
    for k, name in enumerate(job.devices or ()):
        if name not in names:
            yield CaseProblem(f"job/devices/{k}", f'no [[device]] is named "{name}"{nearest(name, names)}')
    profile = job.rate_over_orbit
    if profile is not None and not draft.has("orbit"):
        yield CaseProblem("job/rate_over_orbit", "a table over phase needs an [orbit]")
    if profile is not None and max(profile.value) <= 0.0:
        yield CaseProblem("job/rate_over_orbit", "all values are 0; only their ratios count, so one must be above 0")
