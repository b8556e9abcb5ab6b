"""How a [[loop]] is laid out: its cells in the order of flow, its branches and sections, and which cell follows which.

Branch 0 is the loop itself: pipes without `branch`, one after the other. Pipes with branches that follow each other are
a section: each branch a row of pipes, side by side between the pipe before the section and the pipe behind it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from caloris.case.address import AddressError, cell_counts, parse_address
from caloris.case.schema_loop import Loop, Pipe
from caloris.case.schema_solid import SolidTable
from caloris.case.schema_surface import Box, SurfaceTable

# Cells of a pipe with a wall, at least: upwinding is of first order in their number.
_LEAST_CELLS = 8


class PipeCells(NamedTuple):
    """A pipe and its cells: numbers from `start` among those of the loop."""

    table: Pipe
    start: int
    cells: int
    branch: int
    rows: tuple[int, ...]  # places along the flow of each entry of `on`

    @property
    def last(self) -> int:
        """The cell at its outlet."""
        return self.start + self.cells - 1


class Section(NamedTuple):
    """Branches side by side, behind one pipe of the loop; with a valve the straight branch and then the bypass."""

    branches: tuple[int, ...]
    has_valve: bool


class Carried(NamedTuple):
    """Flow of one branch from a cell to the next, in a tube of this pipe."""

    first: int
    second: int
    branch: int
    pipe: int


class LoopPlan(NamedTuple):
    """A loop, laid out."""

    table: Loop
    pipes: tuple[PipeCells, ...]
    branches: tuple[str, ...]  # how they are called: the loop, then loop.branch
    sections: tuple[Section, ...]
    carried: tuple[Carried, ...]
    # The course of the loop: numbers of pipes, and of sections as -1 - number.
    course: tuple[int, ...]

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return self.pipes[-1].start + self.pipes[-1].cells

    @property
    def cell_names(self) -> tuple[str, ...]:
        """Names of the cells: loop.pipe[k], or loop.pipe where there is one."""
        names = []
        for pipe in self.pipes:
            head = f"{self.table.name}.{pipe.table.name}"
            names += [head] if pipe.cells == 1 else [f"{head}[{k}]" for k in range(pipe.cells)]
        return tuple(names)

    @property
    def cell_pipe(self) -> tuple[int, ...]:
        """The pipe of every cell."""
        return tuple(k for k, pipe in enumerate(self.pipes) for _ in range(pipe.cells))

    @property
    def cell_branch(self) -> tuple[int, ...]:
        """The branch of every cell."""
        return tuple(self.pipes[k].branch for k in self.cell_pipe)

    def outlet(self, name: str) -> int | None:
        """The last cell of the pipe under a name; None where no pipe has it."""
        return next((pipe.last for pipe in self.pipes if pipe.table.name == name), None)

    def in_branch(self, branch: int) -> list[PipeCells]:
        """The pipes of a branch in the order of flow."""
        return [pipe for pipe in self.pipes if pipe.branch == branch]

    @property
    def accumulator(self) -> str | None:
        """The node of the saturation temperature; None for a liquid."""
        given = self.table.accumulator
        if given is None:
            return None
        return f"{self.table.name}.accumulator" if given.node is None else given.node


def wall_rows(name: str, along: str, surfaces: Mapping[str, SurfaceTable | SolidTable]) -> int:
    """How many places a part has along the flow: rows of cells of a divided surface or face, 1 for everything else."""
    try:
        address = parse_address(name)
    except AddressError:
        return 1  # said where addresses are checked
    surface = surfaces.get(address.name)
    if not isinstance(surface, SurfaceTable) or address.cell is not None:
        return 1
    if isinstance(surface, Box) and address.face is None:
        return 1
    counts = cell_counts(surface, address.face)
    return counts["uv".index(along)] if counts is not None and len(counts) == 2 else 1


def _cells(pipe: Pipe, rows: tuple[int, ...]) -> int:
    if pipe.cells is not None:
        return pipe.cells
    places = sum(rows)
    return places * -(-_LEAST_CELLS // places) if places else 1


def plan_loop(loop: Loop, surfaces: Mapping[str, SurfaceTable | SolidTable]) -> LoopPlan:
    """Lay out a checked table."""
    pipes: list[PipeCells] = []
    branches, sections, course = [loop.name], [], []
    section: dict[str, int] = {}
    start = 0
    for table in loop.pipe:
        rows = tuple(wall_rows(names[0], table.along, surfaces) for names in table.on or ())
        if table.branch is None:
            section, branch = {}, 0
            course.append(len(pipes))
        else:
            if not section:
                course.append(-1 - len(sections))
                section = {}
                sections.append(section)
            if table.branch not in section:
                section[table.branch] = len(branches)
                branches.append(f"{loop.name}.{table.branch}")
            branch = section[table.branch]
        count = _cells(table, rows)
        pipes.append(PipeCells(table, start, count, branch, rows))
        start += count
    ordered = tuple(_ordered(one, loop) for one in sections)
    plan = LoopPlan(loop, tuple(pipes), tuple(branches), ordered, (), tuple(course))
    return plan._replace(carried=tuple(_carried(plan)))


def _ordered(section: dict[str, int], loop: Loop) -> Section:
    """The branches of a section; the bypass of a valve comes last."""
    valve = loop.setpoint
    if valve is None or valve.by not in section:
        return Section(tuple(section.values()), False)
    straight = [branch for name, branch in section.items() if name != valve.by]
    return Section((*straight, section[valve.by]), True)


def _carried(plan: LoopPlan) -> list[Carried]:
    """Every cell's flow to the next."""
    found: list[Carried] = []
    rows = [[plan.in_branch(branch) for branch in section.branches] for section in plan.sections]
    for row in [row for section in rows for row in section]:
        found += [_between(plan, a, b) for a, b in zip(row, row[1:], strict=False)]
    for number, pipe in enumerate(plan.pipes):
        found += [Carried(k, k + 1, pipe.branch, number) for k in range(pipe.start, pipe.last)]
    # Round the ring: from every end of one element to every start of the next.
    for here, there in zip(plan.course, (*plan.course[1:], plan.course[0]), strict=True):
        if here >= 0 and there >= 0:
            found.append(_between(plan, plan.pipes[here], plan.pipes[there]))
        elif here >= 0:
            found += [_between(plan, plan.pipes[here], row[0]) for row in rows[-1 - there]]
        else:
            found += [_between(plan, row[-1], plan.pipes[there]) for row in rows[-1 - here]]
    return found


def _between(plan: LoopPlan, first: PipeCells, second: PipeCells) -> Carried:
    """The flow from one pipe to another is that of the branch on either side, in a tube of the branch's pipe."""
    mine = first if second.branch == 0 and first.branch != 0 else second
    return Carried(first.last, second.start, mine.branch, plan.pipes.index(mine))
