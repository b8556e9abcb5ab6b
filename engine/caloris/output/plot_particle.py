"""Pictures of the particle environment: flux outside and behind the shield, LET spectra."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from caloris.output.plot_environment import spectrum_limits
from caloris.output.plot_style import legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile

# The abundant ions that carry most of the flux or of the upsets.
_SHOWN_IONS = {1: "H", 2: "He", 6: "C", 8: "O", 14: "Si", 26: "Fe"}
_MOST_PANELS = 4
# Decades shown below the highest value: the rest is numerically there but of no weight.
_DECADES = 9


def plot_let_spectrum(run: RunFile, folder: Path) -> list[Path]:
    """Draw the integral LET flux behind each device's shield."""
    let, flux = run["particle/let"], run["particle/integral_let_flux"]
    if not flux.any():  # a fluence of the mission alone
        return []
    figure, ((axes,),) = panels(1, 1, 3.4)
    for index, (names, row) in enumerate(_alike(run, flux)):
        positive = row > 0
        axes.loglog(let[positive], row[positive], label="\n".join(names), **line_style(index))
    _log_limits(axes, flux)
    axes.set(xlabel="Linear energy transfer in silicon (MeV cm² mg⁻¹)")
    axes.set(ylabel="Flux above it (m⁻² s⁻¹ sr⁻¹)")
    axes.set_title("Integral LET spectrum at the devices")
    legend_outside(axes)
    return save(figure, folder, "let_spectrum")


def plot_flux(run: RunFile, folder: Path) -> list[Path]:
    """Draw differential fluxes outside (dashed) and behind the shield (solid), a panel per distinct shield."""
    energy, ion = run["particle/energy"], run["particle/ion"]
    outside, behind = run["particle/flux_outside"], run["particle/flux_behind"]
    if not outside.any():  # a LET spectrum was given, and no flux
        return []
    shields = _alike(run, behind)[:_MOST_PANELS]
    figure, grid = panels(1, len(shields), 3.6 if len(shields) < 3 else 3.0, sharey=True)
    shown = [(row, _SHOWN_IONS[int(z)]) for row, z in enumerate(ion) if int(z) in _SHOWN_IONS]
    for axes, (names, values) in zip(grid[0], shields, strict=True):
        for index, (row, _) in enumerate(shown):
            color = line_style(index)["color"]
            for flux, dash in ((outside, (0, (3, 2))), (values, "-")):
                positive = flux[row] > 0
                axes.loglog(energy[positive], flux[row][positive], color=color, linestyle=dash, linewidth=1.3)
        axes.set_xlabel("Kinetic energy (MeV/u)")
        mark_decades(axes.xaxis)
        axes.set_title(_short(names), fontsize=9)
    mark_decades(grid[0, 0].yaxis)
    spectrum_limits(grid[0, 0], outside[[row for row, _ in shown]].max(axis=1))
    grid[0, 0].set_ylabel("Flux (m⁻² s⁻¹ sr⁻¹ (MeV/u)⁻¹)")
    handles = [Line2D([], [], color=line_style(i)["color"], label=name) for i, (_, name) in enumerate(shown)]
    handles += [Line2D([], [], color="#666666", linestyle=(0, (3, 2)), label="outside")]
    handles += [Line2D([], [], color="#666666", label="behind shield")]
    legend_outside(grid[0, -1], handles=handles)
    return save(figure, folder, "particle_flux")


def _alike(run: RunFile, values: np.ndarray) -> list[tuple[list[str], np.ndarray]]:
    """Return (labels of the devices, row) for every distinct row of values [device, ...]."""
    names = run.names("upset/device") if "upset/device" in run else [f"device {i}" for i in range(len(values))]
    # A LET spectrum that is given stands behind whatever shield: it has no outside.
    shield = run.get("particle/shield") if run["particle/flux_outside"].any() else None
    distinct: list[tuple[list[str], np.ndarray]] = []
    for index, row in enumerate(values):
        label = names[index] + (f" ({shield[index]:.3g} g/cm²)" if shield is not None else "")
        for labels, other in distinct:
            if np.array_equal(row, other):
                labels.append(label)
                break
        else:
            distinct.append(([label], row))
    return distinct


def _short(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _log_limits(axes: Axes, values: np.ndarray) -> None:
    """Cut the vertical axis a fixed number of decades below the highest value."""
    mark_decades(axes.xaxis, axes.yaxis)
    highest = float(values.max(initial=0.0))
    if highest > 0:
        axes.set_ylim(highest * 10.0**-_DECADES, highest * 3)
