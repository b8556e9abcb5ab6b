"""Pictures of the environment along an orbit: spectra by component, the world map of the belts, a day of the track."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patheffects import withStroke

from caloris.output.particle_quantities import LEAST_FLUX, MAP_ENERGY
from caloris.output.plot_style import COLORS, legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile

_SQUARE_METER = 1e4  # cm2
# Of the spectra: below the least of the components' highest values, and below the highest of all.
_DECADES_OF_EACH, _MOST_DECADES = 4, 18
_MAP_DECADES = 4
# So many that the lines of a day can still be told apart (MeV).
_TRACK_ENERGY = {"proton": (1.0, 10.0, 30.0, 100.0), "electron": (0.1, 1.0)}
_GAP = 32767  # between coastlines


def plot_components(run: RunFile, folder: Path) -> list[Path]:
    """Draw what arrives outside by component: protons of each, all heavier ions of each, electrons."""
    names, energy = run.names("particle/component"), run["particle/energy"]
    flux = run["particle/component_flux"]
    figure, ((axes,),) = panels(1, 1, 3.6)
    for index, name in enumerate(names):
        color = line_style(index)["color"]
        _loglog(axes, energy, flux[index, 0], label=f"{name}: protons", color=color)
        heavier = flux[index, 1:].sum(axis=0)
        if heavier.max() > 0:
            _loglog(axes, energy, heavier, label="heavier ions, per MeV/u", color=color, linestyle=(0, (4, 2)))
    electrons = run.get("particle/electron_flux")
    if not flux.any() and electrons is None:  # a fluence of the mission alone
        return []
    drawn = [flux[:, 0], flux[:, 1:].sum(axis=1)]
    if electrons is not None:
        _loglog(axes, run["particle/electron_energy"], electrons, label="trapped electrons", color="#000000")
        drawn.append(electrons[None])
    spectrum_limits(axes, np.concatenate([part.max(axis=1) for part in drawn]))
    mark_decades(axes.xaxis, axes.yaxis)
    axes.set(xlabel="Kinetic energy (MeV, per nucleon)", ylabel="Flux (m⁻² s⁻¹ sr⁻¹ MeV⁻¹)")
    axes.set_title("Particles outside, mean of the orbit")
    _legend_below(axes)
    return save(figure, folder, "particle_components")


def _loglog(axes: Axes, x: np.ndarray, y: np.ndarray, **look) -> None:
    positive = y > 0
    axes.loglog(x[positive], y[positive], **look)


def spectrum_limits(axes: Axes, highest: np.ndarray) -> None:
    """Cut the flux axis some decades below the weakest of the spectra with these highest values."""
    highest = highest[highest > 0]
    if len(highest):
        low = max(highest.min() * 10.0**-_DECADES_OF_EACH, highest.max() * 10.0**-_MOST_DECADES)
        axes.set_ylim(low, highest.max() * 3)


def _legend_below(axes: Axes) -> None:
    """The labels are long: they stand below the axes in two columns."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, borderaxespad=0.0, handlelength=2.6)


def plot_world_map(run: RunFile, folder: Path) -> list[Path]:
    """Draw the flux of trapped particles on the orbit's sphere, with coasts and a day of the ground track."""
    kind = "proton" if "particle/map_proton_flux" in run else "electron"
    thresholds = run[f"particle/{kind}_threshold"]
    every = run[f"particle/map_{kind}_flux"]
    latitude, longitude = run["particle/map_latitude"], run["particle/map_longitude"]
    # The energy that matters to electronics, or the next lower one that there is at this altitude.
    wanted = int(np.argmin(abs(thresholds - MAP_ENERGY[kind])))
    met = [k for k in range(wanted, -1, -1) if every[:, :, k].max() >= LEAST_FLUX]
    index = met[0] if met else wanted
    flux = every[:, :, index] / _SQUARE_METER
    figure, ((axes,),) = panels(1, 1, 3.7)
    highest = float(flux.max())
    if not met:
        words = f"no {kind}s above {thresholds[0]:g} MeV at this altitude by the model"
        axes.text(0, 0, words, ha="center", va="center", fontsize=11, bbox={"color": "white", "alpha": 0.8})
    else:
        top = 10.0 ** np.ceil(np.log10(highest))
        low = top * 10.0**-_MAP_DECADES
        levels = np.geomspace(low, top, 8 * _MAP_DECADES + 1)
        shades = axes.contourf(
            longitude, latitude, np.maximum(flux, 1e-3 * low), levels=levels, cmap="YlOrRd", norm=LogNorm(low, top)
        )
        bar = figure.colorbar(shades, ax=axes, fraction=0.03, pad=0.02, ticks=np.geomspace(low, top, _MAP_DECADES + 1))
        mark_decades(bar.ax.yaxis)
        bar.set_label(f"{kind.capitalize()}s above {thresholds[index]:g} MeV (cm⁻² s⁻¹)")
    axes.plot(*coastline().T, color="#555555", linewidth=0.5)
    _draw_track(axes, run)
    axes.set(xlim=(-180, 180), ylim=(-90, 90), aspect="equal", xlabel="Longitude (°)", ylabel="Latitude (°)")
    axes.set_xticks(np.arange(-180, 181, 60))
    axes.set_yticks(np.arange(-90, 91, 30))
    mean = run.attribute("particle", "mean_altitude")
    altitude = run.attribute("particle", "map_altitude", mean)
    # Of an eccentric orbit one altitude is shown, which its track crosses and does not keep to.
    crossed = "" if abs(altitude - mean) < 1e3 else ", where the orbit meets most of them,\n"
    epoch = run.attribute("particle", f"{kind}_field_epoch")
    title = f"Trapped {kind}s at {altitude / 1e3:.0f} km{crossed or ', '}field of {epoch:.6g}, and a day of the track"
    axes.set_title(title)
    return save(figure, folder, "trapped_map")


def _draw_track(axes: Axes, run: RunFile) -> None:
    """A day of the ground track, the first revolution on it thicker; broken where it leaves the map."""
    latitude, longitude, time = (
        run["particle/track_latitude"],
        run["particle/track_longitude"],
        run["particle/track_time"],
    )
    breaks = np.flatnonzero(abs(np.diff(longitude)) > 180.0) + 1
    broken_latitude, broken_longitude = np.insert(latitude, breaks, np.nan), np.insert(longitude, breaks, np.nan)
    axes.plot(broken_longitude, broken_latitude, color=COLORS[0], linewidth=0.5, alpha=0.8)
    period = run.attribute("particle", "period")
    if not period:
        return
    # Its gaps belong to it: everything up to its last moment.
    first = slice(int(np.flatnonzero(np.insert(time, breaks, np.nan) <= period)[-1]) + 1)
    edge = [withStroke(linewidth=2.6, foreground="white")]
    axes.plot(broken_longitude[first], broken_latitude[first], color=COLORS[0], linewidth=1.3, path_effects=edge)


@lru_cache
def coastline() -> np.ndarray:
    """Coasts as longitude and latitude (deg) [point, 2], NaN between lines.

    Source: Natural Earth, 1:110 000 000 coastlines, in the public domain (naturalearthdata.com), to 0.01 degree.
    """
    with files("caloris.output").joinpath("tables", "coastline.npz").open("rb") as file:
        points = np.load(file)["hundredths_of_degree"]
    return np.where(points == _GAP, np.nan, points / 100.0)


def plot_track(run: RunFile, folder: Path) -> list[Path]:
    """Draw a day along the track: trapped fluxes above each threshold, L, and the cutoff."""
    hours = run["particle/track_time"] / 3600.0
    kinds = [kind for kind in ("proton", "electron") if f"particle/track_{kind}_flux" in run]
    cutoff = run.get("particle/track_cutoff")
    rows = len(kinds) + 1
    figure, grid = panels(rows, 1, 0.5 + 1.75 * rows, sharex=True)
    for axes, kind in zip(grid[:, 0], kinds, strict=False):
        flux = run[f"particle/track_{kind}_flux"] / _SQUARE_METER
        for index, energy in enumerate(run[f"particle/{kind}_threshold"]):
            if energy not in _TRACK_ENERGY[kind]:
                continue
            # Below one particle per cm2 and second the maps are empty: the line ends there.
            axes.semilogy(hours, np.where(flux[:, index] >= 1.0, flux[:, index], np.nan), label=f"> {energy:g} MeV",
                          linewidth=1.0, color=line_style(index)["color"])  # fmt: skip
        highest = max(float(flux.max()), 10.0)
        axes.set_ylim(1.0, highest * 3)
        mark_decades(axes.yaxis)
        axes.set_ylabel(f"{kind.capitalize()}s (cm⁻² s⁻¹)")
        legend_outside(axes)
    _draw_shells(grid[-1, 0], hours, run["particle/track_mcilwain"], cutoff)
    grid[-1, 0].set_xlabel("Time since the epoch (h)")
    grid[-1, 0].set(xlim=(0, 24), xticks=np.arange(0, 25, 3))
    grid[0, 0].set_title("A day along the orbit")
    return save(figure, folder, "particle_track")


def _draw_shells(axes: Axes, hours: np.ndarray, mcilwain: np.ndarray, cutoff: np.ndarray | None) -> None:
    """L, and the cutoff beside it."""
    axes.semilogy(hours, np.minimum(mcilwain, 20.0), color=line_style(0)["color"], linewidth=1.0, label="L (to 20)")
    if cutoff is not None:
        axes.semilogy(hours, cutoff, color=line_style(1)["color"], linewidth=1.0, label="cutoff (GV)")
    low = 0.03 if cutoff is not None else 0.8
    axes.set_ylim(low, 30.0)
    mark_decades(axes.yaxis)
    axes.set_ylabel("L (-), cutoff (GV)" if cutoff is not None else "L (-)")
    legend_outside(axes)


def plot_transmission(run: RunFile, folder: Path) -> list[Path]:
    """Draw which part of the rigidities the Earth's field and its shadow let through."""
    figure, ((axes,),) = panels(1, 1, 2.8)
    axes.semilogx(run["particle/rigidity"], run["particle/transmission"], **line_style(0), label="mean of the orbit")
    mark_decades(axes.xaxis)
    axes.set(ylim=(0, 1), xlabel="Rigidity (GV)", ylabel="Part let through (-)")
    axes.set_title("Geomagnetic cutoff and the Earth's shadow")
    return save(figure, folder, "transmission")
