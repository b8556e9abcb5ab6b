"""Datasets of particles, upsets, systems of devices and doses: the part of `quantities` that speaks of them."""

from caloris.output.quantity import Quantity

# Energies (MeV) whose trapped flux a world map shows first, and the flux (m-2 s-1) below which the models are empty.
MAP_ENERGY = {"proton": 30.0, "electron": 1.0}
LEAST_FLUX = 1e4

_FLUX = "m-2 s-1 sr-1 MeV-1"

PARTICLE = {
    "ion": Quantity("1", ("ion",), "atomic number of the ion", "integer"),
    "energy": Quantity("MeV", ("energy",), "kinetic energy per nucleon"),
    "flux_outside": Quantity(_FLUX, ("ion", "energy"), "differential flux outside the spacecraft, per MeV/u"),
    "flux_behind": Quantity(_FLUX, ("device", "ion", "energy"), "differential flux behind the shield, per MeV/u"),
    "let": Quantity("MeV cm2 mg-1", ("let",), "linear energy transfer in silicon"),
    "integral_let_flux": Quantity("m-2 s-1 sr-1", ("device", "let"), "flux above the linear energy transfer"),
    "shield": Quantity("g cm-2", ("device",), "areal density of the shield around the device, mean over the sphere"),
    "component": Quantity("1", ("component",), "component of the environment: ions of one origin", "text"),
    "component_flux": Quantity(
        _FLUX, ("component", "ion", "energy"), "differential flux outside the spacecraft by component, per MeV/u"
    ),
    "electron_energy": Quantity("MeV", ("electron_energy",), "kinetic energy of electrons"),
    "electron_flux": Quantity(_FLUX, ("electron_energy",), "differential flux of electrons outside, mean of the orbit"),
    "event_fluence": Quantity("m-2 sr-1 MeV-1", ("energy",), "fluence of solar protons over the mission, outside"),
    "rigidity": Quantity("GV", ("rigidity",), "rigidity"),
    "transmission": Quantity("1", ("rigidity",), "part that cutoff and Earth's shadow let through, mean of the orbit"),
    "proton_threshold": Quantity("MeV", ("proton_threshold",), "energy of protons above which flux is counted"),
    "electron_threshold": Quantity("MeV", ("electron_threshold",), "energy of electrons above which flux is counted"),
    "trapped_proton_mean": Quantity("m-2 s-1", ("proton_threshold",), "trapped protons, all directions, mean"),
    "trapped_electron_mean": Quantity("m-2 s-1", ("electron_threshold",), "trapped electrons, all directions, mean"),
    "mcilwain": Quantity("1", ("time",), "McIlwain's L in the field in which the map is read"),
    "strength_ratio": Quantity("1", ("time",), "B/B0: field over its least along the field line"),
    "cutoff": Quantity("GV", ("time",), "vertical cutoff rigidity"),
    "proton_flux": Quantity("m-2 s-1", ("time", "proton_threshold"), "trapped protons above the threshold"),
    "electron_flux_above": Quantity("m-2 s-1", ("time", "electron_threshold"), "trapped electrons above the threshold"),
    "track_time": Quantity("s", ("track",), "time since the epoch, one day"),
    "track_latitude": Quantity("degree", ("track",), "geocentric latitude"),
    "track_longitude": Quantity("degree", ("track",), "longitude, east"),
    "track_mcilwain": Quantity("1", ("track",), "McIlwain's L along one day of the track"),
    "track_strength_ratio": Quantity("1", ("track",), "B/B0 along one day of the track"),
    "track_cutoff": Quantity("GV", ("track",), "vertical cutoff rigidity along one day of the track"),
    "track_proton_flux": Quantity("m-2 s-1", ("track", "proton_threshold"), "trapped protons along a day of the track"),
    "track_electron_flux": Quantity(
        "m-2 s-1", ("track", "electron_threshold"), "trapped electrons along a day of the track"
    ),
    "map_latitude": Quantity("degree", ("map_latitude",), "geocentric latitude of the world map"),
    "map_longitude": Quantity("degree", ("map_longitude",), "longitude of the world map, east"),
    "map_proton_flux": Quantity(
        "m-2 s-1", ("map_latitude", "map_longitude", "proton_threshold"), "trapped protons at the map's altitude"
    ),
    "map_electron_flux": Quantity(
        "m-2 s-1", ("map_latitude", "map_longitude", "electron_threshold"), "trapped electrons at the map's altitude"
    ),
}

UPSET = {
    "device": Quantity("1", ("device",), "device name", "text"),
    "bits": Quantity("1", ("device",), "bits per device"),
    "count": Quantity("1", ("device",), "number of devices"),
    "heavy_ion_rate_per_bit": Quantity("s-1", ("device",), "upsets per bit by direct ionization of heavy ions"),
    "proton_rate_per_bit": Quantity("s-1", ("device",), "upsets per bit by nuclear reactions of protons"),
    "heavy_ion_rate_per_device": Quantity("s-1", ("device",), "upsets per device by heavy ions"),
    "proton_rate_per_device": Quantity("s-1", ("device",), "upsets per device by protons"),
    "rate_per_day": Quantity("day-1", ("device",), "upsets per device and day, heavy ions and protons"),
    "heavy_ion_response": Quantity("1", ("device",), "1 where heavy ions upset bits of the device, else 0", "integer"),
    "proton_response": Quantity("1", ("device",), "1 where protons upset bits of the device, else 0", "integer"),
    "direct_proton_rate_per_bit": Quantity("s-1", ("device",), "upsets per bit by the ionization of protons"),
    "rate_deviation": Quantity("1", ("device",), "geometric standard deviation of the upset rate"),
    "rate_low_per_day": Quantity("day-1", ("device",), "upsets per device and day over their deviation"),
    "rate_high_per_day": Quantity("day-1", ("device",), "upsets per device and day times their deviation"),
    "source": Quantity("1", ("device",), "where the device's figures were published", "text"),
    "effect": Quantity("1", ("effect",), "device and effect", "text"),
    "effect_rate_per_day": Quantity("day-1", ("effect",), "effects per device and day"),
    "effect_low_per_day": Quantity("day-1", ("effect",), "effects per device and day over their deviation"),
    "effect_high_per_day": Quantity("day-1", ("effect",), "effects per device and day times their deviation"),
    "track_rate": Quantity(
        "day-1", ("device", "track"), "upsets per device and day, at the rate of each moment of a day of the track"
    ),
    "track_trapped_rate": Quantity("day-1", ("device", "track"), "part of track_rate by trapped protons"),
    "effect_track_rate": Quantity(
        "day-1", ("effect", "track"), "effects per device and day, at the rate of each moment of a day of the track"
    ),
    "effect_track_trapped_rate": Quantity("day-1", ("effect", "track"), "part of effect_track_rate by trapped protons"),
    "word_failure_rate": Quantity("s-1", ("device",), "failures of one corrected word", may_be_missing=True),
    "memory_accumulated_rate": Quantity(
        "s-1", ("device",), "failed words per device by upsets gathered between scrubs", may_be_missing=True
    ),
    "memory_strike_rate": Quantity(
        "s-1", ("device",), "failed words per device by single strikes", may_be_missing=True
    ),
    "memory_failure_rate": Quantity("s-1", ("device",), "failed words per device", may_be_missing=True),
    "memory_constant_rate": Quantity(
        "s-1", ("device",), "failed words per device if the mean rate held all along the orbit", may_be_missing=True
    ),
    "memory_failure_low": Quantity(
        "s-1", ("device",), "failed words per device at the low upset rate", may_be_missing=True
    ),
    "memory_failure_high": Quantity(
        "s-1", ("device",), "failed words per device at the high upset rate", may_be_missing=True
    ),
}

SYSTEM = {
    "orbit_phase": Quantity("1", ("orbit_phase",), "phase of the orbit"),
    "failure_rate_along_orbit": Quantity("s-1", ("orbit_phase",), "failures of the job"),
    "interval_along_orbit": Quantity("s", ("orbit_phase",), "work until the next checkpoint by the best schedule"),
}

_POINT_SOURCE = ("dose_point", "dose_source")
DOSE = {
    "dose_point": Quantity("1", ("dose_point",), "dose point", "text"),
    "dose_source": Quantity("1", ("dose_source",), "source of the dose", "text"),
    "target": Quantity("1", ("dose_point",), "material that absorbs the dose", "text"),
    "years": Quantity("year", ("dose_point",), "length of the mission, years of 365.25 days"),
    "rate": Quantity("Gy s-1", _POINT_SOURCE, "absorbed dose rate, mean over the orbit; 0 for events"),
    "mission_dose": Quantity("Gy", _POINT_SOURCE, "absorbed dose of the mission"),
    "sampling_error": Quantity("Gy s-1", _POINT_SOURCE, "standard error of the rate by the directions of the rays"),
    "binning_error": Quantity("1", ("dose_point",), "part of the rate that bins of shielding leave out, estimated"),
    "tabulated_proton_rate": Quantity(
        "Gy s-1", ("dose_point",), "rate of protons below 1 GeV by NIST's tables: a second way"
    ),
    "low": Quantity("Gy", ("dose_point",), "mission dose over the factor of the environment"),
    "high": Quantity("Gy", ("dose_point",), "mission dose times the factor of the environment"),
    "damage": Quantity("MeV g-1", ("dose_point",), "displacement damage dose of the mission, protons and electrons"),
    "electron_damage": Quantity("MeV g-1", ("dose_point",), "part of the damage that is electrons'"),
    "equivalent_protons": Quantity(
        "cm-2", ("dose_point",), "fluence of 10 MeV protons with the same damage, by the same table of NIEL"
    ),
    "equivalent_neutrons": Quantity(
        "cm-2",
        ("dose_point",),
        "fluence of 1 MeV neutrons with the same damage in silicon, 95 MeV mb; missing for other materials",
        may_be_missing=True,
    ),
    "damage_material": Quantity("1", ("dose_point",), "material of the displacement damage", "text"),
    "mean_shield": Quantity("g cm-2", ("dose_point",), "areal density around the point, mean over the sphere"),
    "sector_weight": Quantity("1", ("dose_point", "sector_bin"), "share of the sphere of each bin of shielding"),
    "sector_shield": Quantity("g cm-2", ("dose_point", "sector_bin"), "areal density of each bin of shielding"),
    "dose_depth": Quantity("g cm-2", ("dose_depth",), "radius of an aluminum sphere"),
    "depth_rate": Quantity(
        "Gy s-1", ("dose_source", "dose_depth"), "rate in silicon at the center of an aluminum sphere; 0 for events"
    ),
    "depth_event": Quantity(
        "Gy", ("dose_source", "dose_depth"), "what an event brings once at the center; 0 for what lasts"
    ),
}
