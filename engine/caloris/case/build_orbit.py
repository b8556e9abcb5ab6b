"""The orbit and its planet, from the case's tables."""

from caloris.case.schema import Case
from caloris.model.orbit import Orbit
from caloris.model.planet import Planet


def build_orbit(case: Case) -> Orbit:
    """The orbit that [orbit] and [planet] describe; ValueError for what is no orbit."""
    table, planet_table = case.orbit, case.planet
    assert table is not None
    planet = Planet(
        radius=planet_table.radius,
        gravitational_parameter=planet_table.gravitational_parameter,
        j2=planet_table.j2,
        solar_flux=1361.0 if planet_table.is_seasonal else planet_table.solar_flux,
        albedo=planet_table.albedo,
        infrared_flux=planet_table.infrared_flux,
        space_temperature=planet_table.space_temperature,
        seasonal=planet_table.is_seasonal,
    )
    if table.form == "beta":
        assert table.altitude is not None and table.beta is not None
        return Orbit.from_beta(planet, table.altitude, table.beta)
    if table.form == "sun_synchronous":
        assert table.altitude is not None and table.ltan is not None
        return Orbit.sun_synchronous(planet, table.altitude, table.ltan, table.epoch_days)
    axis, eccentricity = table.size(planet_table)
    assert table.inclination is not None and table.raan is not None
    return Orbit.from_elements(
        planet,
        axis,
        eccentricity,
        table.inclination,
        table.raan,
        table.argument_of_perigee,
        table.true_anomaly,
        table.epoch_days,
    )
