"""Checks of coatings that reflect like mirrors or let radiation through, and of the surfaces that carry them."""

from collections.abc import Iterator

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem
from caloris.case.schema_coating import CoatingFraction, each_band
from caloris.case.schema_structure import Coating
from caloris.case.schema_surface import INACTIVE

Problems = Iterator[CaseProblem]

_KINDS = (("solar", "solar_absorptance"), ("infrared", "infrared_emittance"))
# Rounding of three decimal fractions that sum to one.
_ROUNDING = 1e-9


def problems(draft: Draft) -> Problems:
    """More than all is absorbed and let through; sheets that are not the same on both sides; what cannot be joined."""
    for path, coating in draft.located("coating"):
        yield from _sums(path, coating)
    yield from _over_temperature(draft)
    yield from _sheets(draft)


def _sums(path: str, coating: Coating) -> Problems:
    for kind, absorbed in _KINDS:
        through: CoatingFraction = getattr(coating, f"{kind}_transmittance")
        own: CoatingFraction = getattr(coating, absorbed)
        if through.most() == 0.0 or own.is_table:
            continue
        for life in (0.0, 1.0):
            total = max(a + b for a, b in each_band(own.at(life), through.at(life)))
            if total > 1.0 + _ROUNDING:
                message = f"with {absorbed} sums to {total:g}; together they must be at most 1"
                yield CaseProblem(f"{path}/{kind}_transmittance", message)
                break


def _over_temperature(draft: Draft) -> Problems:
    tables = [path for path, coating in draft.located("coating") if coating.infrared_emittance.is_table]
    if not tables:
        return
    for path, coating in draft.located("coating"):
        for key in ("specularity", "transmittance"):
            for kind, _ in _KINDS:
                if getattr(coating, f"{kind}_{key}").most() > 0.0:
                    message = f"is not supported beside an emittance over temperature ({tables[0]}); allowed: 0"
                    yield CaseProblem(f"{path}/{kind}_{key}", message)


def _sheets(draft: Draft) -> Problems:
    known = {coating.name: coating for _, coating in draft.located("coating")}
    for path, surface in draft.located("surface"):
        sides = {side: getattr(surface, side) for side in ("front", "back")}
        if any(name != INACTIVE and name not in known for name in sides.values()):
            continue  # an error of its own
        for side, name in sides.items():
            if name == INACTIVE:
                continue
            other_side = "back" if side == "front" else "front"
            other = sides[other_side]
            for kind, _ in _KINDS:
                key = f"{kind}_transmittance"
                through = getattr(known[name], key)
                if through.most() == 0.0:
                    continue
                if other == INACTIVE:
                    message = f'is inactive, but "{name}" lets radiation through; give that side a coating'
                    yield CaseProblem(f"{path}/{other_side}", f"{message} of the same {key}")
                elif getattr(known[other], key) != through:
                    message = f'"{name}" and "{other}" have not the same {key}'
                    yield CaseProblem(f"{path}/{side}", f"{message}; a sheet lets as much through either way")
