"""Checks of what is solved: the power balance, the particle environment, the run and its tables."""

from collections.abc import Iterator

from caloris.case import check_devices
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_types import Schedule

Problems = Iterator[CaseProblem]


def problems(draft: Draft) -> Problems:
    """All problems of power, particles and run."""
    yield from _power(draft)
    yield from _particles(draft)
    yield from _run(draft)
    yield from _schedules(draft)
    yield from _network(draft)
    yield from _limits(draft)


def _limits(draft: Draft) -> Problems:
    """Ranges in order; what is said to be off has a range for that."""
    for path, limit in draft.located("limit"):
        for key in ("operating", "non_operating"):
            allowed = getattr(limit, key)
            if allowed is not None and not allowed[0] < allowed[1]:
                yield CaseProblem(f"{path}/{key}", "the lowest temperature must be below the highest")
    run = draft.case.run
    if run is None or not draft.is_complete("limit"):
        return
    ranges = [(name, limit.non_operating) for limit in draft.case.limits for name in limit.of]
    for k, name in enumerate(run.non_operating):
        found = [allowed for of, allowed in ranges if of == name]
        if not found:
            message = f'"{name}" is in no [[limit]]{nearest(name, [of for of, _ in ranges])}'
            yield CaseProblem(f"run/non_operating/{k}", message)
        elif all(allowed is None for allowed in found):
            yield CaseProblem(f"run/non_operating/{k}", f'the [[limit]] of "{name}" has no non_operating range')


def _power(draft: Draft) -> Problems:
    electrical = any(load.electrical for load in draft.case.loads) or bool(draft.case.computes)
    if draft.has("battery") and not draft.has("power"):
        yield CaseProblem("power", "is missing: a [[battery]] needs the bus, write [power]")
    power = draft.case.power
    if power is not None and power.bus_efficiency < 1.0 and power.losses_on is None and electrical:
        yield CaseProblem("power/losses_on", "is missing: a bus efficiency below 1 makes heat, which needs a node")
    for path, load in draft.located("load"):
        if load.electrical and min(load.power.value) < 0:
            yield CaseProblem(f"{path}/power", "an electrical load cannot be negative")
    for path, compute in draft.located("compute"):
        if compute.idle_power > compute.peak_power:
            yield CaseProblem(
                f"{path}/idle_power", f"{compute.idle_power:g} W is above the peak power {compute.peak_power:g} W"
            )


def _particles(draft: Draft) -> Problems:
    particles = draft.case.particles
    if particles is not None:
        sources = [key for key in ("galactic", "spectrum", "let_spectrum") if getattr(particles, key) is not None]
        if "galactic" in sources and len(sources) > 1:
            yield CaseProblem(f"particles/{sources[1]}", "replaces the environment; remove galactic, or this key")
        sources += [] if particles.trapped is None else ["trapped"]
        sources += [] if particles.solar_event == "none" else ["solar_event"]
        if not sources and draft.has("device"):
            yield CaseProblem("particles", "has no environment; devices need galactic, spectrum or let_spectrum")
    elif draft.has("device") and not draft.has("particles"):
        yield CaseProblem("particles", "is missing: devices need an environment")
    elif draft.has("dose_point") and not draft.has("particles"):
        yield CaseProblem("particles", "is missing: a [[dose_point]] needs an environment")
    yield from check_devices.problems(draft)


def _run(draft: Draft) -> Problems:
    has_thermal = draft.has("surface", "solid", "node")
    if not has_thermal and not draft.has("device", "dose_point"):
        yield CaseProblem(
            "", "there is nothing to compute; a case needs a [[surface]], a [[solid]], a [[node]] or a [[device]]"
        )
    if not draft.has("run") and has_thermal:
        yield CaseProblem("run", "is missing: write [run] with mode = steady, transient or cyclic")
    case, run = draft.case, draft.case.run
    if run is None:
        return
    if run.mode == "transient" and run.duration is None:
        yield CaseProblem("run/duration", "is missing: a transient run needs a duration")
    if run.mode == "cyclic" and not draft.has("orbit"):
        yield CaseProblem("run/mode", "a cyclic run lasts one orbit and needs an [orbit]")
    if run.at != "mean" and (run.mode != "steady" or not draft.has("orbit")):
        yield CaseProblem("run/at", "a phase is for steady runs with an [orbit]")
    if run.duration is not None and run.output_every > run.duration:
        yield CaseProblem("run/output_every", f"{run.output_every:g} s is longer than the duration {run.duration:g} s")
    faces = [face for solid in case.solids for face in solid.face]
    fixed = any(part.temperature is not None for part in (*case.surfaces, *faces, *case.nodes))
    if (
        has_thermal
        and draft.is_complete("surface", "solid", "node")
        and run.mode != "transient"
        and not case.radiates
        and not fixed
    ):
        yield CaseProblem(
            "run/mode", f"a {run.mode} run needs a surface that radiates or a part with a fixed temperature"
        )


def _schedules(draft: Draft) -> Problems:
    """Tables over phase need an orbit, tables over time a transient run."""
    found: list[tuple[str, Schedule]] = []
    for path, load in draft.located("load"):
        found.append((f"{path}/power", load.power))
    for path, compute in draft.located("compute"):
        found.append((f"{path}/utilization", compute.utilization))
    for path, node in draft.located("node"):
        if isinstance(node.temperature, Schedule):
            found.append((f"{path}/temperature", node.temperature))
    for path, body in draft.located("body"):
        if body.joint is not None and body.joint.angle is not None:
            found.append((f"{path}/joint/angle", body.joint.angle))
    run = draft.case.run
    for path, schedule in found:
        if schedule.over == "phase" and not draft.has("orbit"):
            yield CaseProblem(path, "a table over phase needs an [orbit]; allowed without: a table over time")
        if schedule.over == "time" and run is not None and run.mode != "transient":
            yield CaseProblem(path, f"a table over time needs a transient run; allowed in a {run.mode} one: phase")


def _network(draft: Draft) -> Problems:
    """Loads over time of an imported network: in transient runs, and no longer than they are given."""
    network, run = draft.case.imported, draft.case.run
    if network is None or run is None:
        return
    for load in network.timed:
        name = network.name[load.node]
        if run.mode != "transient":
            yield CaseProblem("network/file", f"the heat of {name} is a table over time, which needs a transient run")
        elif run.duration is not None and not (load.time[0] <= 0.0 and run.duration <= load.time[-1] * (1 + 1e-12)):
            span = f"{load.time[0]:g} to {load.time[-1]:g} s"
            yield CaseProblem(
                "network/file", f"the heat of {name} is given for {span}; the run needs 0 to {run.duration:g} s"
            )


def warnings(draft: Draft) -> Iterator[str]:
    """What is allowed but deserves the user's attention."""
    case, run = draft.case, draft.case.run
    if run is not None and run.mode != "transient" and run.duration is not None:
        yield f"run/duration: not used by a {run.mode} run"
    for device in case.devices:
        for response in (device.heavy_ion, device.proton):
            limit = 0.0 if response is None else response.limit
            if device.bits * limit > device.die_area:
                area = device.bits * limit
                yield (
                    f"device/{device.name}: bits times plateau is {area:.3g} cm^2, more than the die area of "
                    f"{device.die_area:g} cm^2; is the plateau per bit?"
                )
                break
        if device.kind in ("quoted", "upper bound", "second-hand"):
            yield f"device/{device.name}: its figures are {device.kind}. {device.note}"
        only_let = case.particles is not None and case.particles.let_spectrum and not case.particles.spectrum
        if device.proton is not None and only_let:
            yield f"device/{device.name}/proton: a LET spectrum has no proton energies; give spectrum too for this rate"
    coatings = {coating.name: coating for coating in case.coatings}
    surfaces = {surface.name: surface for surface in case.surfaces}
    life = run.life if run is not None else 0.0
    for array in case.solar_arrays:
        taken = array.efficiency * array.packing * array.degradation.at(life)
        for text in array.on:
            part, _, side = text.partition("/")
            surface = surfaces.get(part.split("[")[0].split(".")[0])
            name = case.sides(surface).get(side or "front") if surface is not None else None
            if name in coatings and taken > coatings[name].solar_absorptance.largest(life):
                yield f"solar_array on {text}: cells take out more than the coating {name} absorbs"
