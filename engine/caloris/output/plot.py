"""All pictures of a run, as PNG and PDF."""

from pathlib import Path

from caloris.output.plot_particle import plot_flux, plot_let_spectrum, plot_upsets
from caloris.output.plot_satellite import plot_satellite
from caloris.output.plot_style import style
from caloris.output.plot_time import plot_heat_flows, plot_power, plot_temperatures
from caloris.output.read import open_run

# What each picture needs; a run that lacks it goes without that picture.
_PICTURES = (
    (plot_temperatures, ("thermal/temperature",)),
    (plot_heat_flows, ("thermal/temperature",)),
    (plot_power, ("thermal/time", "power/load_power")),
    (plot_satellite, ("thermal/temperature", "mesh/facets")),
    (plot_flux, ("particle/flux_outside", "particle/flux_behind")),
    (plot_let_spectrum, ("particle/integral_let_flux",)),
    (plot_upsets, ("upset/heavy_ion_rate_per_device", "upset/proton_rate_per_device")),
)


def plot(path: str | Path, folder: str | Path) -> list[Path]:
    """Draw the pictures that the run file `path` allows into `folder` and return their paths.

    Each picture is written as PNG (200 dpi) and PDF; the folder is made when missing. Raises RunFileError
    when the file cannot be read as a run file, OSError when the folder cannot be written.
    """
    folder = Path(folder)
    paths: list[Path] = []
    with open_run(path) as run, style():
        folder.mkdir(parents=True, exist_ok=True)
        for draw, needed in _PICTURES:
            if all(name in run for name in needed):
                paths += draw(run, folder)
    return paths
