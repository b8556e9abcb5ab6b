"""The picture of transient runs' time against error, a panel for each scene."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from caloris_benchmarks.error_time import front

_STYLES = {"Caloris": ("#c1121f", "o"), "scipy BDF": ("#1d3557", "s")}


def plot_transient(results: list[dict[str, Any]], file: Path) -> None:
    """Draw the rows of `transient-peers`: log-log, lines through the fastest runs, the others as open points."""
    rows = [row for row in results if row["name"] == "transient-peers"]
    if not rows:
        raise ValueError("nothing to draw: run the benchmark transient-peers")
    figure = Figure(figsize=(1.0 + 4.4 * len(rows), 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for axes, row in zip(all_axes, rows, strict=True):
        errors = [float(error) for error in row["ratio"]]
        axes.axhspan(min(errors), max(errors), color="0.94", zorder=0)
        for who, runs in row["runs"].items():
            _draw(axes, who, runs)
        for error, ratio in row["ratio"].items():
            words, beside = "-" if ratio is None else f"{ratio:.3g} x", axes.get_yaxis_transform()
            axes.text(0.985, float(error), words, fontsize=8, color="0.25", ha="right", va="center", transform=beside)
        axes.set(title=row["size"], xlabel="time for one orbit (s)", xscale="log", yscale="log")
        axes.margins(x=0.22)
        axes.grid(which="major", color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)
    all_axes[0].set_ylabel("largest error at the ends of segments (K)")
    handles, names = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)
    figure.suptitle("Thermal networks over an orbit with eclipses: bottom left is better; "
                    "right, how many times faster at equal error", fontsize=11)  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)


def _draw(axes: Any, who: str, runs: list[dict[str, Any]]) -> None:
    color, marker = _STYLES.get(who, ("0.3", "x"))
    best = front(runs)
    seconds, error = ([run[key] for run in best] for key in ("seconds", "error"))
    axes.plot(seconds, error, color=color, marker=marker, markersize=5, linewidth=1.4, label=who)
    rest = [run for run in runs if run not in best]
    seconds, error = ([run[key] for run in rest] for key in ("seconds", "error"))
    axes.plot(seconds, error, color=color, marker=marker, markersize=5, linestyle="", fillstyle="none")
