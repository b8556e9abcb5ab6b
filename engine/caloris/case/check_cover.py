"""Checks of coatings under a transparent cover: what cannot be in front of an opaque backing."""

import math
from collections.abc import Iterator

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, shown
from caloris.case.schema_coating import BandValue, Cover, each_band
from caloris.case.schema_structure import Coating

Problems = Iterator[CaseProblem]

# Decimal fractions such as 0.96 for 1 - (0.5 / 2.5)^2.
_ROUNDING = 1e-9


def problems(draft: Draft) -> Problems:
    """More absorbed at normal incidence than enters the cover, or less than the cover alone takes; sheets."""
    for path, coating in draft.located("coating"):
        if coating.cover is None:
            continue
        if coating.solar_transmittance.most() > 0.0:
            message = "cannot be combined with solar_transmittance: the backing under a cover lets nothing through"
            yield CaseProblem(f"{path}/cover", f"{message}; allowed: solar_transmittance = 0")
        yield from _first(_absorbed(path, coating, coating.cover))


def _first(found: Problems) -> Problems:
    """The first of problems that may come once for every band and either end of life."""
    for problem in found:
        yield problem
        return


def _absorbed(path: str, coating: Coating, cover: Cover) -> Problems:
    """Absorptance and optical depth against each other, as in `caloris_kernels.radiative.incidence`."""
    for life in (0.0, 1.0):
        normal: BandValue = coating.solar_absorptance.at(life)
        for absorbed, index, depth in each_band(normal, cover.refractive_index, cover.optical_depth):
            front = ((index - 1.0) / (index + 1.0)) ** 2
            if absorbed > 1.0 - front + _ROUNDING:
                message = f"{shown(absorbed)} is more than enters a cover of refractive_index {shown(index)} at normal"
                allowed = f"incidence; must be at most 1 - ((n - 1) / (n + 1))^2 = {1.0 - front:.6g}"
                yield CaseProblem(f"{path}/solar_absorptance", f"{message} {allowed}")
                continue
            if absorbed <= 0.0:
                message = "0 is out of range under a cover: must be above 0, what is absorbed at normal incidence"
                yield CaseProblem(f"{path}/solar_absorptance", message)
                continue
            # What comes back to the front after both ways through the cover, at most exp(-2 k) of what entered.
            back = max(1.0 - front - absorbed, 0.0) / (1.0 - front - front * absorbed)
            most = 0.5 * math.log(1.0 / back) if back > 0.0 else math.inf
            if depth > most + _ROUNDING:
                message = f"{shown(depth)} alone absorbs more than solar_absorptance = {shown(absorbed)}"
                allowed = f"with refractive_index {shown(index)} it must be at most {most:.4g}"
                yield CaseProblem(f"{path}/cover/optical_depth", f"{message}; {allowed}")
