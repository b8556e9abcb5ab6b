"""Checks of coatings against the bands and the point of life of the run."""

from collections.abc import Iterator

from caloris.case import check_cover, check_specular
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, shown
from caloris.case.schema_coating import Bands, BandValue
from caloris.case.schema_structure import Coating
from caloris.case.schema_types import AgeingTable, Exposure

Problems = Iterator[CaseProblem]

# Keys of a coating and the split of [bands] that a list in them has to fit.
_KEYS = {
    "solar_absorptance": "solar",
    "solar_specularity": "solar",
    "solar_transmittance": "solar",
    "infrared_emittance": "infrared",
    "infrared_specularity": "infrared",
    "infrared_transmittance": "infrared",
}


def problems(draft: Draft) -> Problems:
    """Lists that do not fit the bands, and what does not say how it ages under an exposure."""
    lists = list(_lists(draft))
    yield from lists
    if not lists:
        yield from check_specular.problems(draft)
        yield from check_cover.problems(draft)
    run = draft.case.run
    if run is not None and isinstance(run.life, Exposure):
        for path, coating in draft.located("coating"):
            for key in _KEYS:
                yield from _ageing(f"{path}/{key}", getattr(coating, key), run.life)
        for path, array in draft.located("solar_array"):
            yield from _ageing(f"{path}/degradation", array.degradation, run.life)


def _lists(draft: Draft) -> Problems:
    bands = draft.case.bands
    if draft.raw.get("bands") and bands == Bands():
        return  # a wrong table of bands is an error of its own
    for path, coating in draft.located("coating"):
        for key, split, values in _values(coating):
            count = bands.solar_count if split == "solar" else bands.infrared_count
            for value in values:
                if isinstance(value, tuple) and len(value) != count:
                    made = f"[bands] {split} makes {count} band{'s' if count > 1 else ''}"
                    allowed = "a number" + (f" or a list of {count}" if count > 1 else "")
                    message = f"{shown(list(value))} has the wrong number of entries; {made}, allowed: {allowed}"
                    yield CaseProblem(f"{path}/{key}", message)


def _values(coating: Coating) -> Iterator[tuple[str, str, tuple[BandValue, ...]]]:
    """Key, split of [bands] and values of everything that may be a list by band."""
    for key, split in _KEYS.items():
        yield key, split, getattr(coating, key).values()
    if coating.cover is not None:
        for key in ("refractive_index", "optical_depth"):
            yield f"cover/{key}", "solar", (getattr(coating.cover, key),)


def _ageing(path: str, table: AgeingTable, life: Exposure) -> Problems:
    if not table.changes:
        return
    if table.time_constant is None and table.fluence_constant is None:
        message = "is missing: [run] life is an exposure; needs time_constant or fluence_constant, or one value"
        yield CaseProblem(f"{path}/time_constant", message)
    for key in ("time", "fluence"):
        if getattr(table, f"{key}_constant") is not None and getattr(life, key) is None:
            yield CaseProblem(f"run/life/{key}", f"is missing: {path} ages with it (write 0 for none)")
