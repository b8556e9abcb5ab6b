"""Which parts of loops and heat pipes have nodes, and how many: what an address may name."""

from collections.abc import Mapping

from caloris.case.draft import Draft
from caloris.case.fluid_nodes import HEAT_PIPES, Shaped, end_names
from caloris.case.loop_plan import plan_loop
from caloris.case.schema import Case


def shaped(case: Case) -> dict[str, Shaped]:
    """Surfaces and solids by name."""
    return {table.name: table for table in (*case.surfaces, *case.solids)}


def lines(draft: Draft) -> dict[str, Mapping[str, int] | None]:
    """By loop and heat pipe the parts that have nodes, and the number of these; None where the own table is wrong."""
    found: dict[str, Mapping[str, int] | None] = dict.fromkeys(draft.names("loop"))
    surfaces = shaped(draft.case)
    for _, loop in draft.located("loop"):
        if loop.is_two_phase:
            found[loop.name] = {"accumulator": 1} if loop.accumulator.node is None else {}
        else:
            found[loop.name] = {pipe.table.name: pipe.cells for pipe in plan_loop(loop, surfaces).pipes}
    for table, word in HEAT_PIPES.items():
        for k, (_, pipe) in enumerate(draft.located(table)):
            ends = [name for name in end_names(pipe, f"{word} {k}", surfaces) if name is not None]
            if ends:
                found[ends[0].rpartition(".")[0]] = {name.rpartition(".")[2]: 1 for name in ends}
    return found
