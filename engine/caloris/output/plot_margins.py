"""A picture of all limits: the calculated range of every item in every variant, and the margins around it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from caloris.output.plot_style import COLORS, legend_outside, panels, save
from caloris.output.read import RunFile
from caloris.output.show_limits import AS_IT_STANDS
from caloris.output.text import ZERO_CELSIUS

# Widened by uncertainty, acceptance and qualification margin, from the outside in; the calculated range on top.
_STEPS = (("qualification", 0.15), ("acceptance", 0.3), ("predicted", 0.5), ("calculated", 1.0))


def plot_margins(run: RunFile, folder: Path) -> list[Path]:
    """Draw one bar for each item and variant: calculated, predicted, acceptance, qualification; limits as marks."""
    item, variant, state = (run.names(f"limits/{name}") for name in ("item", "variant", "state"))
    # Rows of one item side by side; items as the case lists them.
    order = sorted(range(len(item)), key=lambda row: (item.index(item[row]), row))
    several = len(set(variant)) > 1
    labels = []
    for row in order:
        words = [item[row], *(["(off)"] if state[row] != "operating" else [])]
        labels.append(" ".join([*words, *(["-", variant[row] or AS_IT_STANDS] if several else [])]))
    figure, ((axes,),) = panels(1, 1, 1.1 + 0.24 * len(order))
    _bars(axes, run, order)
    _limits(axes, run, order)
    axes.set_yticks(range(len(order)), labels)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlabel("Temperature (°C)")
    axes.set_title("Limits and margins")
    legend_outside(axes)
    return save(figure, folder, "margins")


def _bars(axes: Axes, run: RunFile, order: list[int]) -> None:
    place = np.arange(len(order))
    for step, opacity in _STEPS:
        low, high = (run[f"limits/{step}_{end}imum"][order] - ZERO_CELSIUS for end in ("min", "max"))
        # A range of no width is still seen.
        width = np.maximum(high - low, 0.2)
        axes.barh(place, width, left=low, height=0.62, color=COLORS[0], alpha=opacity, linewidth=0, label=step)


def _limits(axes: Axes, run: RunFile, order: list[int]) -> None:
    """A mark at both ends of what is allowed, of another color where its margin is negative."""
    limit, margin, place = [], [], []
    for end, side in (("min", "low"), ("max", "high")):
        limit.append(run[f"limits/limit_{end}imum"][order] - ZERO_CELSIUS)
        margin.append(run[f"limits/margin_{side}"][order])
        place.append(np.arange(len(order)))
    where, left, row = (np.concatenate(part) for part in (limit, margin, place))
    for chosen, color, label in ((left >= 0, "#000000", "limit"), (left < 0, COLORS[1], "limit not kept")):
        if chosen.any():
            axes.plot(where[chosen], row[chosen], "|", color=color, markersize=13, markeredgewidth=2, label=label)
