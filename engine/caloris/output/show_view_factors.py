"""The table of a view-factor file: what each side of each surface sees."""

import numpy as np
from rich.table import Table

from caloris.output.items import item_of
from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import percent

_MOST_ROWS = 30
# What a side sees is named from this part of its view on, and so many at most.
_LEAST_VIEW, _MOST_SEEN = 0.005, 3


def view_factor_table(run: RunFile) -> Table:
    """What each side sees of surfaces, space and inactive sides: means over its area and over the poses."""
    names = [f"{item_of(name)}/{side}" for name, _, side in (n.partition("/") for n in run["view_factors/facet_name"])]
    sides, side = np.unique(names, return_inverse=True)
    order = np.argsort([names.index(name) for name in sides])
    sides, side = sides[order], np.argsort(order)[side.ravel()]
    facet_area, count = run["mesh/facet_area"], len(sides)
    area = np.bincount(side, facet_area, count)
    space, inactive = run["view_factors/space_view"], run["view_factors/inactive_view"]
    poses = len(space)
    seen = np.zeros((count, count))
    first, second = side[run["view_factors/pair_first"]], side[run["view_factors/pair_second"]]
    exchange = run["view_factors/exchange_area"] / poses
    np.add.at(seen, (first, second), exchange)
    np.add.at(seen, (second, first), exchange)
    seen /= area[:, None]

    caption = "means over the side's area" + (f" and {poses} poses" if poses > 1 else "")
    table = open_table(_title(run, poses), caption)
    table.add_column("side", overflow="fold")
    for heading in ("facets", "area m²", "to surfaces", "to space", "to inactive"):
        table.add_column(heading, justify="right")
    table.add_column("sees most of", overflow="fold")
    for k in range(min(count, _MOST_ROWS)):
        mine = side == k
        views = [np.average(view[:, mine].mean(axis=0), weights=facet_area[mine]) for view in (space, inactive)]
        most = [j for j in np.argsort(-seen[k])[:_MOST_SEEN] if seen[k, j] >= _LEAST_VIEW]
        table.add_row(
            str(sides[k]),
            str(int(mine.sum())),
            f"{area[k]:.4g}",
            f"{seen[k].sum():.4f}",
            f"{views[0] + 0.0:.4f}",
            f"{views[1]:.4f}",
            ", ".join(f"{sides[j]} {seen[k, j]:.3f}" for j in most) or "-",
        )
    if count > _MOST_ROWS:
        rest = slice(_MOST_ROWS, None)
        facets = np.bincount(side, minlength=count)
        table.add_row(f"{count - _MOST_ROWS} others", str(facets[rest].sum()), f"{area[rest].sum():.4g}")
    return table


def _title(run: RunFile, poses: int) -> str:
    """Numbers of facets, poses and pairs, and how good they are."""
    facets, pairs = len(run["mesh/facet_area"]), len(run["view_factors/exchange_area"])
    share = percent(pairs / poses / max(facets * (facets - 1) / 2, 1))
    many = f" in each of {poses} poses" if poses > 1 else ""
    words = [f"View factors: {facets} facets, {pairs / poses:.0f} pairs see each other ({share}){many}"]
    error, tolerance = (run.attribute("view_factors", name) for name in ("error_estimate", "tolerance"))
    if error is not None and tolerance is not None:
        words.append(f"estimated error {error:.1e} of a tolerance of {tolerance:.1e}")
    if "mesh/facet_sky_mismatch" in run:
        worst = float(np.abs(run["mesh/facet_sky_mismatch"]).max())
        words.append(f"the view of space differs from an independent trace by {worst:.1e} at most")
    return "\n".join(words)
