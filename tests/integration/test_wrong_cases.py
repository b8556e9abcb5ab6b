"""Wrong case files: what the user reads, where it points, and which stage finds it.

`load` errors are a CaseError of `load_case`; `build` errors belong to the geometry, whose files are read and
whose shapes are made when the models are built. Either way the command's exit code is 2 and nothing is written.
"""
# ruff: noqa: E501 (a table, one file a line)

from pathlib import Path

import jax
import pytest
from typer.testing import CliRunner

from caloris.case.errors import CaseError
from caloris.case.load import load_case
from caloris.cli import app

FOLDER = Path(__file__).parent / "wrong_cases"

# file: stage, path of one of its errors, words of that message
WRONG_CASES: dict[str, tuple[str, str, str]] = {
    "absorptance_above_one": ("load", "coating/white/solar_absorptance", "1.2 is out of range: must be at least 0 and at most 1"),
    "absorptance_over_temperature": ("load", "coating/white/solar_absorptance", "a table over it is for infrared_emittance alone"),
    "ageing_without_constant": ("load", "coating/white/solar_absorptance/time_constant", "needs time_constant or fluence_constant"),
    "array_damage_at_no_point": ("load", "solar_array/0/damage/dose_point", 'no [[dose_point]] is named "panel"'),
    "array_damage_in_no_material": ("load", "dose_point/cells/damage", "is missing: say in which material"),
    "array_damage_in_silicon": ("load", "dose_point/cells/damage", "the constants of GaAs/Ge are for damage in GaAs"),
    "array_damage_of_unknown_cell": ("load", "solar_array/0/damage/cell", '"ZTJ" is not a type of cell; allowed: GaAs/Ge'),
    "array_damage_without_constants": ("load", "solar_array/0/damage", "needs cell, or coefficient and reference_dose"),
    "array_damage_without_material": ("load", "solar_array/0/damage", "shield needs material, Si or GaAs"),
    "array_damage_without_particles": ("load", "particles", "the damage of a [[solar_array]] needs an environment"),
    "array_damage_without_years": ("load", "solar_array/0/damage", "shield needs years"),
    "bands_in_kelvin": ("load", "bands/infrared/0", '"K" is not the unit of a length'),
    "bands_not_ascending": ("load", "bands", "must increase from entry to entry"),
    "bare_angle_in_degrees": ("load", "orbit/beta", "at most 90 deg (a bare number is in rad"),
    "bare_linear_energy_transfer": ("load", "device/LM7912/heavy_ion/onset", "a bare number is in J m^2/kg"),
    "battery_without_bus": ("load", "power", "a [[battery]] needs the bus"),
    "below_absolute_zero": ("load", "node/battery/start_temperature", '"-300 degC" is out of range: must be above 0 K'),
    "cell_outside_division": ("load", "link/0/between/0", "divided into [2, 2]: [0,0] to [1,1]"),
    "cells_on_inactive_side": ("load", "solar_array/0/on/0", "that side is inactive"),
    "celsius_as_difference": ("load", "run/temperature_tolerance", "is a temperature, not a difference"),
    "character_in_name": ("load", "surface/deck[0]/name", "/ [ ] ."),
    "comma_in_number": ("load", "surface/deck/thickness", 'has a comma; write the decimal point, as in "1.5 mm"'),
    "contact_of_either_layer": ("build", "contact/0/between", "say which of them touches: deck.front or deck.back"),
    "contact_that_does_not_touch": ("build", "contact/0/between", "'tray' and 'deck' do not touch within 0.002 m"),
    "device_in_no_geometry": ("load", "device/memory/shield", '"geometry" needs a [[surface]] or a [[solid]]'),
    "device_slab_of_nothing": ("load", "device/memory", 'shape = "slab" needs a shield of layers'),
    "device_without_place": ("load", "device/memory", 'shield = "geometry" needs at'),
    "dose_behind_nothing": ("load", "dose_point/die/shield", '"geometry" needs a [[surface]] or a [[solid]]'),
    "dose_damage_of_unknown_material": ("load", "dose_point/die/damage", '"Si" or "GaAs"'),
    "dose_in_unknown_target": ("load", "dose_point/die/target", '"Sillicon" is not a target; allowed: Al, '),
    "dose_layer_without_measure": ("load", "dose_point/die/shield/0", "needs areal_density or thickness, and not both"),
    "dose_of_unknown_material": ("load", "dose_point/die/shield/0/material", '"Alu" is not the name of a material'),
    "dose_shield_misspelled": ("load", "dose_point/die/shield", 'allowed: "geometry", or a list of layers'),
    "dose_without_environment": ("load", "particles", "a [[dose_point]] needs an environment"),
    "dose_without_place": ("load", "dose_point/die", 'shield = "geometry" needs at'),
    "corrupt_mesh": ("build", "surface/hull/file", "corrupt.stl"),
    "cover_deeper_than_absorptance": ("load", "coating/white/cover/optical_depth", "it must be at most 0.04182"),
    "cover_for_other_bands": ("load", "coating/white/cover/refractive_index", "[bands] solar makes 2 bands"),
    "cover_of_vacuum": ("load", "coating/white/cover/refractive_index", "must be above 1 and at most 5"),
    "cover_over_nothing": ("load", "coating/white/solar_absorptance", "0 is out of range under a cover"),
    "cover_with_too_much_absorbed": ("load", "coating/white/solar_absorptance", "must be at most 1 - ((n - 1) / (n + 1))^2 = 0.96"),
    "cover_with_transmittance": ("load", "coating/white/cover", "cannot be combined with solar_transmittance"),
    "device_bendel_without_second": ("load", "device/LM7912/proton/second", 'is missing: "Bendel 2" needs it'),
    "device_effect_without_response": ("load", "device/LM7912/effect/0", 'the effect "latch-up" needs heavy_ion or proton'),
    "device_figure_of_merit_alone": ("load", "device/LM7912/proton", '"figure of merit" needs heavy_ion'),
    "device_layer_without_density": ("load", "material/Al/density", "the device memory has a layer of it by thickness"),
    "device_layer_without_measure": ("load", "device/memory/shield/0", "needs areal_density or thickness, and not both"),
    "device_library_without_part": ("load", "device/LM7912", "library is given without a part"),
    "device_part_unknown": ("load", "device/0", '"LM7921" is not a part of the library of Caloris; the nearest known name is "LM7912"'),
    "device_profit_alone": ("load", "device/LM7912/proton", '"PROFIT" needs heavy_ion'),
    "device_profit_with_onset": ("load", "device/LM7912/proton/onset", 'has no meaning with "PROFIT"'),
    "device_threshold_with_width": ("load", "device/LM7912/heavy_ion/width", 'has no meaning with "RPP"'),
    "device_without_width": ("load", "device/LM7912/heavy_ion/width", 'is missing: "IRPP" needs it'),
    "duplicate_name": ("load", "node/deck/name", 'the name "deck" is taken by a [[surface]]'),
    "edge_without_length": ("build", "surface/deck/edge_u", "no length"),
    "edges_that_do_not_meet": ("build", "edge/0", "roof"),
    "emittance_for_other_bands": ("load", "coating/white/infrared_emittance", "[bands] infrared makes 3 bands, allowed: a number or a list of 3"),
    "emittance_of_band_above_one": ("load", "coating/white/infrared_emittance/value/1", "entry 1: 1.9 is out of range"),
    "emittance_temperatures_not_ascending": ("load", "coating/white/infrared_emittance", "must increase from entry to entry"),
    "emittance_with_life_and_temperature": ("load", "coating/white/infrared_emittance", "has both a life and temperatures"),
    "empty_case": ("load", "", "there is nothing to compute"),
    "exposure_without_fluence": ("load", "run/life/fluence", "coating/white/solar_absorptance ages with it"),
    "heat_pipe_film_too_small": ("load", "heat_pipe/pipe", "3 W/K in series carry no more than conductance = 4 W/K"),
    "heat_pipe_reservoir_nowhere": ("load", "heat_pipe/pipe/reservoir/node", '"resrvoir" is not the name of a surface, solid or node'),
    "heat_pipe_to_itself": ("load", "heat_pipe/pipe/between", 'both ends are "board"'),
    "heat_pipe_without_length": ("load", "heat_pipe/pipe", "effective_length is missing"),
    "heat_pump_on_divided_surface": ("load", "heat_pump/0/hot", 'has several cells; name one of them, as in "deck[0,0]"'),
    "heater_thresholds_reversed": ("load", "heater/0/control", "must be below off_above"),
    "job_interval_of_no_time": ("load", "job/interval", "does not begin with a number"),
    "job_on_unknown_device": ("load", "job/devices/0", 'no [[device]] is named "LM7921"; the nearest known name is "LM7912"'),
    "job_over_phase_without_orbit": ("load", "job/rate_over_orbit", "a table over phase needs an [orbit]"),
    "joint_along_its_axis": ("load", "body/wing/joint/point", "lies along the joint's axis"),
    "joint_range_reversed": ("load", "body/wing/joint/range", "the lowest angle must be below the highest"),
    "later_orbit": ("load", "orbit/tle", 'not supported yet: the key "tle"'),
    "later_table": ("load", "sweep", "not supported yet: the table [sweep]"),
    "later_throttle": ("load", "compute/0/throttle", 'not supported yet: the key "throttle"'),
    "left_handed_box": ("build", "surface/box/edge_w", "left-handed"),
    "life_misspelled": ("load", "run/life/tme", 'the nearest known name is "time"'),
    "link_of_no_kind": ("load", "link/0", "no coupling given; a link needs one of conductance, radiative_area, capacity_rate"),
    "link_of_two_kinds": ("load", "link/0", "conductance and radiative_area given; a link needs one of"),
    "list_as_single_table": ("load", "node", "write [[node]]"),
    "material_without_density": ("load", "material/aluminum/density", "the surface deck is made of this material"),
    "loop_accumulator_beyond_table": ("load", "loop/coolant/accumulator/pressure", "lies outside the table of ammonia"),
    "loop_begins_in_branch": ("load", "loop/coolant/pipe/0/branch", "the first pipe holds the pump"),
    "loop_branch_alone": ("load", "loop/coolant/pipe/1/branch", '"one" has no branch beside it'),
    "loop_cell_that_is_none": ("load", "load/1/on/0", '"coolant.plate" has cells [0] to [7]'),
    "loop_glycol_without_fraction": ("load", "loop/coolant", "propylene glycol needs its part of the mass, 0.1 to 0.6"),
    "loop_insulated_with_coefficient": ("load", "loop/coolant/pipe/0", "heat_transfer without on"),
    "loop_on_nothing": ("load", "loop/coolant/pipe/1/on/0", 'the nearest known name is "board"'),
    "loop_pipe_named_as_layer": ("load", "loop/coolant/pipe/0", 'name = "front" has a meaning of its own'),
    "loop_pump_curve_rises": ("load", "loop/coolant/pump", "head must fall with the flow"),
    "loop_sensor_unknown": ("load", "loop/coolant/setpoint/sensor", 'the nearest known name is "supply"'),
    "loop_set_point_frozen": ("load", "loop/coolant/setpoint/temperature", "253.15 K lies outside the table of liquid water"),
    "loop_two_phases_of_glycol": ("load", "loop/coolant", "two phases are known of ammonia and water, not of HFE-7100"),
    "loop_unknown_correlation": ("load", "loop/coolant/pipe/1/heat_transfer", '"turbulant" is not known; allowed: "laminar"'),
    "loop_valve_without_branch": ("load", "loop/coolant/setpoint/by", 'the nearest known name is "bypass"'),
    "loop_without_flow": ("load", "loop/coolant", "mass_flow and pump with flow and head are both missing"),
    "louver_without_boundary": ("load", "louver/0/sink", '"battery" must be a boundary'),
    "margin_in_celsius": ("load", "margins/uncertainty", "is a temperature, not a difference"),
    "memory_larger_than_device": ("load", "device/LM7912/memory/word", "the device has 64 bits"),
    "memory_pitch_below_cell": ("load", "device/LM7912/memory/pitch", "overlap at a pitch of 10 um"),
    "memory_shares_not_one": ("load", "device/LM7912/memory/multiplicity", "the shares add up to 1.1"),
    "memory_word_of_part_symbols": ("load", "device/LM7912/memory/symbol", "no whole number of symbols of 16"),
    "mirror_beside_emittance_over_temperature": ("load", "coating/white/solar_specularity", "is not supported beside an emittance over temperature"),
    "missing_key": ("load", "coating/white/infrared_emittance", "is missing"),
    "missing_mesh_file": ("load", "surface/hull/file", 'the file "hull.stl" does not exist'),
    "missing_orbit": ("load", "run/mode", "a cyclic run lasts one orbit and needs an [orbit]"),
    "missing_run": ("load", "run", "is missing: write [run]"),
    "missing_spectrum_file": ("load", "particles/spectrum", 'the file "nowhere.csv" does not exist'),
    "negative_capacity": ("load", "node/battery/heat_capacity", '"-5000 J/K" is out of range: must be at least 0 J/K'),
    "network_with_mistakes": ("load", "network/file", "network_with_mistakes.d:6:19: expected a number, a name or an expression"),
    "no_heat_capacity": ("load", "surface/deck", "needs heat_capacity, or thickness + material, or panel, or temperature"),
    "no_unit": ("load", "orbit/altitude", '"408" has no unit'),
    "not_a_number": ("load", "orbit/altitude", "nan is not a finite number"),
    "not_text": ("load", "", "is not a text file in UTF-8"),
    "off_without_range": ("load", "run/non_operating/0", 'the [[limit]] of "battery" has no non_operating range'),
    "orbit_given_twice": ("load", "orbit", "altitude + semi_major_axis given; allowed: altitude, or"),
    "orbit_inside_planet": ("load", "orbit", "the orbit enters the planet"),
    "parallel_attitude": ("load", "attitude/to", '"zenith" and "nadir" are parallel'),
    "parallel_body_axes": ("load", "attitude/align", "point and align are parallel"),
    "parallel_edges": ("build", "surface/deck/edge_v", "parallel"),
    "parents_in_a_circle": ("load", "body/wing/parent", "wing -> boom -> wing"),
    "phases_not_ascending": ("load", "load/0/power", "[0.4, 0.0] must increase"),
    "radii_exchanged": ("load", "surface/ring/inner_radius", "must be below the radius"),
    "several_errors": ("load", "orbit/altitude", '"kmm" is not a known unit'),
    "sheet_of_two_transmittances": ("load", "surface/deck/front", '"white" and "clear" have not the same infrared_transmittance'),
    "shield_without_composition": ("load", "material/aluminum/composition", "LM7912 is shielded by this material"),
    "single_table_as_list": ("load", "run", "write [run]"),
    "solar_fraction_below_one": ("load", "bands", "it must sum to 1 within 0.001"),
    "specularity_over_temperature": ("load", "coating/white/solar_specularity", "a table over it is for infrared_emittance alone"),
    "sun_synchronous_without_time": ("load", "orbit/ltan", "is missing"),
    "syntax_error": ("load", "", "is not valid TOML: Illegal character '\\n' (at line 2"),
    "thickness_without_material": ("load", "surface/deck/material", "is missing: thickness needs it"),
    "time_table_in_cyclic_run": ("load", "load/0/power", "a table over time needs a transient run"),
    "transient_without_duration": ("load", "run/duration", "is missing"),
    "transmittance_above_rest": ("load", "coating/white/solar_transmittance", "with solar_absorptance sums to 1.1; together they must be at most 1"),
    "transmittance_with_inactive_back": ("load", "surface/deck/back", 'is inactive, but "white" lets radiation through'),
    "unit_of_another_dimension": ("load", "link/0/conductance", '"m" is not the unit of a conductance; needs'),
    "unknown_coating": ("load", "surface/deck/front", 'the nearest known name is "white"'),
    "unknown_element": ("load", "material/glue/composition", '"Xy" is not a chemical element'),
    "unknown_end_of_link": ("load", "link/0/between/1", 'the nearest known name is "battery"'),
    "unknown_key": ("load", "coating/white/solar_absorbtance", 'the nearest known name is "solar_absorptance"'),
    "unknown_mode": ("load", "run/mode", 'allowed: "steady", "transient" or "cyclic"'),
    "unknown_nested_key": ("load", "coating/white/solar_absorptance/begining", 'the nearest known name is "beginning"'),
    "unknown_shape": ("load", "surface/deck/shape", 'the nearest known name is "rectangle"'),
    "unknown_table": ("load", "coatting", 'the nearest known name is "coating"'),
    "unknown_unit": ("load", "load/0/power", '"Wat" is not a known unit'),
    "variant_not_flat": ("load", "variant/hot/set", "orbit: a path into [orbit] is orbit/key"),
    "variant_of_nothing": ("load", "variant/hot/set", 'no [[coating]] is named "whit"; the nearest known name is "white"'),
    "variant_of_variants": ("load", "variant/hot/set", "a variant cannot change variants"),
    "variant_out_of_range": ("load", "variant/hot/set", "coating/white/solar_absorptance: 1.3 is out of range"),
    "vector_of_two": ("load", "surface/deck/edge_u", "wrong number of entries; needs a list of 3"),
    "fragments_of_reactions": ("load", "particles/transport", 'fragments = true needs cross_section = "charge-changing"'),
    "volume_given_twice": ("load", "device/cell/heavy_ion", "depth and diameter exclude each other; give one"),
    "volume_missing": ("load", "device/cell/heavy_ion/sensitive_volume", "needs it, or depth, or the diameter of a sphere"),
    "volume_not_a_box": ("load", "device/cell/memory/pitch", "needs heavy_ion with a box, sensitive_volume or depth"),
    "sphere_not_plateau": ("load", "device/cell/heavy_ion/diameter", "its circle is 3.142e-08 cm^2, the plateau is 4e-08"),
    "volume_not_plateau": ("load", "device/LM7912/heavy_ion/sensitive_volume", "they must agree within 1 %"),
    "wall_below_absolute_zero": ("load", "node/wall/temperature", 'value/1: "-300 degC" is out of range: must be above 0 K'),
    "wall_of_fewer_values": ("load", "node/wall/temperature", "time and value must be lists of the same length"),
    "wall_over_phase_without_orbit": ("load", "node/wall/temperature", "a table over phase needs an [orbit]"),
    "wall_over_time_in_steady_run": ("load", "node/wall/temperature", "a table over time needs a transient run"),
    "wall_with_two_starts": ("load", "node/wall/start_temperature", "has no meaning where temperature is fixed"),
    "cutoff_without_orbit": ("load", "particles/cutoff", "needs an [orbit] with inclination, raan and epoch"),
    "cutoff_form_unknown": ("load", "particles/cutoff/form", 'allowed: "vertical" or "directional"'),
    "magnetosphere_unknown": ("load", "particles/cutoff/magnetosphere", 'allowed: "quiet", "storm" or "none"'),
    "solar_event_misspelled": ("load", "particles/solar_event", 'the nearest known name is "worst-week"'),
    "solar_event_without_confidence": ("load", "particles/solar_event", "confidence missing"),
    "solar_modulation_of_the_future": ("load", "particles/galactic/solar_modulation", "known from 1964-04 to 2021-01, not for 2027-03"),
    "spectrum_beside_trapped": ("load", "particles/spectrum", "leave out trapped, or the file"),
    "trapped_field_of_the_future": ("load", "particles/trapped/field_epoch", "a year from 1900 to 2030"),
    "trapped_of_nothing": ("load", "particles/trapped", 'needs proton = "AP8MIN" or "AP8MAX"'),
    "trapped_of_unknown_map": ("load", "particles/trapped/proton", 'allowed: "AP8MIN" or "AP8MAX"'),
    "trapped_with_beta": ("load", "particles/trapped", "which orbit/beta alone does not say"),
}  # fmt: skip


def test_every_file_is_listed():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(WRONG_CASES)


@pytest.mark.parametrize("name", [name for name, case in WRONG_CASES.items() if case[0] == "load"])
def test_load_reports(name):
    _, path, words = WRONG_CASES[name]
    with pytest.raises(CaseError) as caught:
        load_case(FOLDER / f"{name}.toml")
    said = [problem.message for problem in caught.value.errors if problem.path == path]
    assert any(words in message for message in said), str(caught.value)
    assert str(caught.value).startswith(f"{name}.toml: ")


@pytest.mark.parametrize("name", [name for name, case in WRONG_CASES.items() if case[0] == "build"])
def test_load_leaves_geometry_to_the_builder(name):
    assert load_case(FOLDER / f"{name}.toml").surfaces


def test_all_errors_at_once():
    with pytest.raises(CaseError) as caught:
        load_case(FOLDER / "several_errors.toml")
    assert [problem.path for problem in caught.value.errors] == [
        "orbit/altitude",
        "coating/white/solar_absorptance",
        "run/sede",
        "link/0/between/1",
    ]
    assert "several_errors.toml: 4 errors" in str(caught.value)


def test_missing_file_names_its_neighbor():
    with pytest.raises(CaseError, match='does not exist; the nearest known name is "empty_case.toml"'):
        load_case(FOLDER / "emty_case.toml")
    with pytest.raises(CaseError, match="is a folder"):
        load_case(FOLDER)


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("name", list(WRONG_CASES))
def test_command_exits_with_two_and_writes_nothing(name, command, tmp_path, monkeypatch):
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    _, path, words = WRONG_CASES[name]
    result = CliRunner().invoke(app, [command, str(FOLDER / f"{name}.toml")])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    assert result.output.startswith(f"error: {name}.toml: ")
    # One line names the place and says what is wrong with it.
    lines = [line for line in result.output.splitlines() if line.startswith(f"  {path}")]
    assert any(words in line for line in lines), result.output
    assert list(tmp_path.iterdir()) == []
