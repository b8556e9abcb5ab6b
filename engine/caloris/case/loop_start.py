"""Where the flows of a loop start: near those at which its losses balance, so that Newton's method has no way to go."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.case.fluid_nodes import start_temperatures
from caloris.case.loop_plan import LoopPlan, Section
from caloris_kernels.fluid.friction import pump_rise
from caloris_kernels.fluid.liquid import liquid_properties
from caloris_kernels.fluid.loop_laws import TubeCell, tube_loss

_ROUNDS = 12  # of dividing a flow between branches


class LoopStart(NamedTuple):
    """Mass flow (kg/s) and pressure loss (Pa) of every branch."""

    flow: list[float]
    loss: list[float]


@jax.jit
def _losses(fluid: Any, temperature: jnp.ndarray, flow: jnp.ndarray, cells: TubeCell) -> jnp.ndarray:
    """Loss in every cell (Pa) as if full of liquid."""

    def one(t: jnp.ndarray, m: jnp.ndarray, cell: TubeCell) -> jnp.ndarray:
        return tube_loss(liquid_properties(fluid, t), m, cell)

    return jax.vmap(one)(temperature, flow, cells)


class _Loop:
    """Losses of the branches of a loop at given flows."""

    def __init__(self, plan: LoopPlan, fluid: Any, start: float):
        self.plan, self.fluid = plan, getattr(fluid, "liquid", fluid)
        given = [start if own is None else own for own in start_temperatures(plan)]
        self.temperature = jnp.asarray(given, float)
        self.branch = np.array(plan.cell_branch)
        tables = [plan.pipes[k].table for k in plan.cell_pipe]
        counts = [plan.pipes[k].cells for k in plan.cell_pipe]
        columns = [
            (t.diameter, t.length / n, t.parallel, t.roughness, t.loss_coefficient / n, 0.0, 0.0, 1e-9, 0.0)
            for t, n in zip(tables, counts, strict=True)
        ]
        self.cells = TubeCell(*jnp.asarray(columns, float).T)

    def losses(self, flow: np.ndarray) -> np.ndarray:
        """Loss of every branch by its own cells (Pa) at the branches' flows (kg/s)."""
        each = np.asarray(_losses(self.fluid, self.temperature, jnp.asarray(flow[self.branch]), self.cells))
        return np.bincount(self.branch, each, len(self.plan.branches))

    def divided(self, total: float) -> tuple[np.ndarray, np.ndarray]:
        """Flows and losses of all branches at a flow of the whole; that of the loop holds its sections'."""
        flow = np.full(len(self.plan.branches), total)
        for section in self.plan.sections:
            flow[list(section.branches)] = total / len(section.branches)
        loss = self.losses(flow)
        for _ in range(_ROUNDS):
            for section in self.plan.sections:
                mine = list(section.branches)
                if not section.has_valve:
                    flow[mine] *= 1.0 / np.sqrt(np.maximum(loss[mine], 1e-12))
                    flow[mine] *= total / flow[mine].sum()
            loss = self.losses(flow)
        for section in self.plan.sections:
            loss[0] += _of_section(section, loss)
        return flow, loss


def _of_section(section: Section, loss: np.ndarray) -> float:
    mine = loss[list(section.branches)]
    return float(mine.max() if section.has_valve else mine[-1])


def starting_point(plan: LoopPlan, fluid: Any, start: float, least: float) -> LoopStart:
    """Flows and losses as if the fluid were liquid at its start temperatures; start: that of [run] (K).

    least: the smallest flow over that of the pump's last point that is looked for.
    """
    loop, table = _Loop(plan, fluid, start), plan.table
    if table.mass_flow is not None:
        flow, loss = loop.divided(table.mass_flow)
        return LoopStart(flow.tolist(), loss.tolist())
    from scipy.optimize import brentq  # here: only loops with a curve wait for it

    assert table.pump.flow is not None and table.pump.head is not None
    density = liquid_properties(loop.fluid, loop.temperature[0]).density
    curve = jnp.asarray(table.pump.flow), jnp.asarray(table.pump.head)

    def excess(m: float) -> float:
        return float(pump_rise(jnp.asarray(m), density, *curve)) - loop.divided(m)[1][0]

    last = float(density) * table.pump.flow[-1]
    # Beyond its last point the curve goes on as a straight line, down to a head of zero at some flow.
    while excess(last) > 0.0:
        last *= 2.0
    root: Any = brentq(excess, least * last, last, xtol=1e-4 * last)
    flow, loss = loop.divided(float(root))
    return LoopStart(flow.tolist(), loss.tolist())
