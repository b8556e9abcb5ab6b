"""Checks of loops and heat pipes: what they are joined to exists, branches divide a flow, a valve has two of them."""

from collections.abc import Iterator

import numpy as np

from caloris.case.check_equipment import Check, single
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.fluid_nodes import HEAT_PIPES
from caloris.case.lines import shaped
from caloris.case.loop_plan import plan_loop, wall_rows
from caloris.case.schema_loop import Loop
from caloris_kernels.fluid.library import pressure_range, temperature_range

Problems = Iterator[CaseProblem]


def problems(draft: Draft, check: Check) -> Problems:
    """All problems of loops and heat pipes; check(path, address) yields those of one address."""
    surfaces = shaped(draft.case)
    for path, loop in draft.located("loop"):
        for k, pipe in enumerate(loop.pipe):
            walls: tuple[tuple[str, ...], ...] = pipe.on or ()
            for n, names in enumerate(walls):
                for name in names:
                    yield from check(f"{path}/pipe/{k}/on/{n}", name)
                rows = [wall_rows(name, pipe.along, surfaces) for name in names]
                if len(set(rows)) > 1:
                    said = " and ".join(f'"{name}" {count}' for name, count in zip(names, rows, strict=True))
                    message = f"rows of cells along the flow differ: {said}; side by side they must be the same"
                    yield CaseProblem(f"{path}/pipe/{k}/on/{n}", message)
        yield from _course(path, loop)
        yield from _valve(draft, path, loop, check)
        yield from _accumulator(draft, path, loop, check)
        yield from _within_table(path, loop)
    for table in HEAT_PIPES:
        for path, pipe in draft.located(table):
            for end, names in enumerate(pipe.between):
                for n, name in enumerate(names):
                    yield from check(f"{path}/between/{end}" + (f"/{n}" if len(names) > 1 else ""), name)
            both = [name for name in pipe.between[0] if name in pipe.between[1]]
            if both:
                yield CaseProblem(f"{path}/between", f'both ends are "{both[0]}"; needs two different parts')
            if table == "heat_pipe" and pipe.reservoir is not None:
                yield from single(draft, f"{path}/reservoir/node", pipe.reservoir.node, check)


def _course(path: str, loop: Loop) -> Problems:
    """A loop begins with a pipe of its own, and branches come in twos at least."""
    if loop.pipe[0].branch is not None:
        message = "the first pipe holds the pump and cannot stand in a branch; begin with the pipe behind the pump"
        yield CaseProblem(f"{path}/pipe/0/branch", message)
    plan = plan_loop(loop, {})
    for section in plan.sections:
        if len(section.branches) == 1:
            pipe = plan.in_branch(section.branches[0])[0]
            message = f'"{pipe.table.branch}" has no branch beside it; name another one or leave out branch'
            yield CaseProblem(f"{path}/pipe/{plan.pipes.index(pipe)}/branch", message)
    inside: dict[str, int] = {}
    for number, section in enumerate(plan.sections):
        for branch in section.branches:
            name = plan.branches[branch]
            if inside.setdefault(name, number) != number:
                k = plan.pipes.index(plan.in_branch(branch)[0])
                yield CaseProblem(f"{path}/pipe/{k}/branch", f'"{name}" is the name of a branch of another section too')


def _valve(draft: Draft, path: str, loop: Loop, check: Check) -> Problems:
    """The set point is of a pipe or node, and the valve stands between two branches."""
    valve = loop.setpoint
    if valve is None:
        return
    pipes = [pipe.name for pipe in loop.pipe]
    if valve.sensor not in pipes:
        found = list(single(draft, f"{path}/setpoint/sensor", valve.sensor, check))
        if found and "." not in valve.sensor:
            said = f'"{valve.sensor}" is neither a pipe of this loop nor one node{nearest(valve.sensor, pipes)}'
            found = [CaseProblem(f"{path}/setpoint/sensor", said)]
        yield from found
    branches = [pipe.branch for pipe in loop.pipe if pipe.branch is not None]
    if valve.by not in branches:
        message = f'"{valve.by}" is not the name of a branch{nearest(valve.by, branches)}'
        yield CaseProblem(f"{path}/setpoint/by", message)
        return
    plan = plan_loop(loop, {})
    section = next(section for section in plan.sections if section.has_valve)
    if len(section.branches) != 2:
        message = f'"{valve.by}" stands beside {len(section.branches) - 1} branches; a three-way valve divides two'
        yield CaseProblem(f"{path}/setpoint/by", message)


def _accumulator(draft: Draft, path: str, loop: Loop, check: Check) -> Problems:
    """The node exists; pressure and temperature lie on the saturation line that is known."""
    held = loop.accumulator
    if held is None:
        return
    if held.node is not None:
        yield from single(draft, f"{path}/accumulator/node", held.node, check)
    for key, value, (low, high), unit in (
        ("pressure", held.pressure, pressure_range(loop.fluid), "Pa"),
        ("temperature", held.temperature, temperature_range(loop.fluid, None), "K"),
    ):
        if value is not None and not low <= value <= high:
            message = f"{value:g} {unit} lies outside the table of {loop.fluid}: {low:g} to {high:g} {unit}"
            yield CaseProblem(f"{path}/accumulator/{key}", message)


def _within_table(path: str, loop: Loop) -> Problems:
    """Temperatures that are given lie where the liquid is one and its table reaches."""
    low, high = temperature_range(loop.fluid, loop.mass_fraction)
    given = [("start_temperature", loop.start_temperature)]
    given += [(f"pipe/{k}/start_temperature", pipe.start_temperature) for k, pipe in enumerate(loop.pipe)]
    if loop.setpoint is not None:
        given.append(("setpoint/temperature", loop.setpoint.temperature))
    for key, value in given:
        if value is not None and not low <= value <= high:
            message = f"{value:g} K lies outside the table of liquid {loop.fluid}: {np.ceil(low):g} to {high:g} K"
            yield CaseProblem(f"{path}/{key}", message)


def warnings(draft: Draft) -> Iterator[str]:
    """Loops of which something is not judged."""
    for loop in draft.case.loops:
        if not loop.is_two_phase and loop.pressure is None:
            place = f"loop/{loop.name}/pressure"
            yield f"{place}: not given, so boiling is not judged and pressures count from the pump's inlet"
