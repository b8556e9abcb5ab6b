"""The picture of view factors' time against error, a panel for each size."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

_STYLES = {"Caloris": ("#c1121f", "o"), "View3D": ("#1d3557", "s"), "pyviewfactor": ("#588157", "^")}
_STYLES |= {"raystrack": ("#bc6c25", "D")}
# Where two of them lie close together, the labels of one go to the other side.
_LABELED_RIGHT = ("View3D",)


def plot_view_factors(results: list[dict[str, Any]], file: Path) -> None:
    """Draw the rows of `view-factors-peers`: filled warm, open in a new process; log-log; settings at the points."""
    rows = [row for row in results if row["name"] == "view-factors-peers"]
    if not rows:
        raise ValueError("nothing to draw: run the benchmark view-factors-peers")
    sizes = sorted({row["facets"] for row in rows})
    figure = Figure(figsize=(1.5 + 4.2 * len(sizes), 4.9), layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, len(sizes), sharex=True, sharey=True, squeeze=False)[0]
    for axes, size in zip(all_axes, sizes, strict=True):
        here = [row for row in rows if row["facets"] == size]
        for name in dict.fromkeys(row["who"] for row in here):
            _draw(axes, name, [row for row in here if row["who"] == name and row["reason"] is None])
        axes.axhspan(1e-12, here[0]["reference_noise"], color="0.9", zorder=0)
        axes.text(0.98, here[0]["reference_noise"], "noise of the reference", fontsize=7, color="0.35", ha="right",
                  va="top", transform=axes.get_yaxis_transform())  # fmt: skip
        missing = sorted({row["who"] for row in here} - {row["who"] for row in here if row["reason"] is None})
        reasons = {row["who"]: row["reason"] for row in reversed(here) if row["who"] in missing}
        note = "\n".join(f"{who}: {reason}" for who, reason in reasons.items())
        axes.text(0.98, 0.98, note, fontsize=7, ha="right", va="top", color="0.25", transform=axes.transAxes)
        axes.set(title=f"{size} facets", xlabel="time for all pairs (s)", xscale="log", yscale="log")
        axes.grid(which="major", color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)
    measured = [row for row in rows if row["reason"] is None]
    low = min(min(row["error"], row["reference_noise"]) for row in measured)
    all_axes[0].set_ylim(low / 2, 2.5 * max(row["error"] for row in measured))
    all_axes[0].set_ylabel("pair error, sum |error of A F| / sum A F (-)")
    # room for the labels beside the outermost points
    quickest, slowest = min(row["seconds"] for row in measured), max(row["cold_seconds"] for row in measured)
    all_axes[0].set_xlim(quickest / 4, 6 * slowest)
    names = list(dict.fromkeys(row["who"] for row in measured))
    handles = [Line2D([], [], color=_style(n)[0], marker=_style(n)[1], label=n) for n in names]
    handles.append(Line2D([], [], color="0.4", marker="o", linestyle="", label="warm"))
    handles.append(Line2D([], [], color="0.4", marker="o", linestyle=":", fillstyle="none", label="first call"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    figure.suptitle("View factors of a satellite with hiding: bottom left is better", fontsize=11)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)


def _draw(axes: Any, name: str, rows: list[dict[str, Any]]) -> None:
    color, marker = _style(name)
    error = [row["error"] for row in rows]
    axes.plot([row["seconds"] for row in rows], error, color=color, marker=marker, markersize=6, linewidth=1.3)
    for row in rows:
        axes.plot([row["seconds"], row["cold_seconds"]], [row["error"]] * 2, color=color, linestyle=":", linewidth=1)
        axes.plot(row["cold_seconds"], row["error"], color=color, marker=marker, markersize=6, fillstyle="none")
        right = name in _LABELED_RIGHT
        place = (row["cold_seconds"] if right else row["seconds"], row["error"])
        axes.annotate(row["setting"], place, xytext=(6 if right else -6, -1), textcoords="offset points", fontsize=7,
                      color=color, ha="left" if right else "right", va="bottom" if right else "top")  # fmt: skip


def _style(name: str) -> tuple[str, str]:
    return _STYLES.get(name, ("0.3", "x"))
