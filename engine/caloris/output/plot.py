"""All pictures of a run, as PNG and PDF."""

from pathlib import Path

from caloris.output.items import impossible_node
from caloris.output.plot_dose import plot_depth_dose
from caloris.output.plot_environment import plot_components, plot_track, plot_transmission, plot_world_map
from caloris.output.plot_margins import plot_margins
from caloris.output.plot_particle import plot_flux, plot_let_spectrum
from caloris.output.plot_satellite import plot_satellite
from caloris.output.plot_style import style
from caloris.output.plot_time import plot_heat_flows, plot_power, plot_temperatures
from caloris.output.plot_upset_track import plot_upset_track
from caloris.output.plot_upsets import plot_upsets
from caloris.output.read import RunFile, open_run

# What each picture needs; a run that lacks it goes without that picture.
_PICTURES = (
    (plot_margins, ("limits/item", "limits/verdict")),
    (plot_temperatures, ("thermal/temperature",)),
    (plot_heat_flows, ("thermal/temperature",)),
    (plot_power, ("thermal/time", "power/load_power")),
    (plot_satellite, ("thermal/temperature", "mesh/facets")),
    (plot_components, ("particle/component_flux",)),
    (plot_world_map, ("particle/track_latitude", "particle/map_latitude")),
    (plot_track, ("particle/track_mcilwain",)),
    (plot_transmission, ("particle/transmission",)),
    (plot_flux, ("particle/flux_outside", "particle/flux_behind")),
    (plot_let_spectrum, ("particle/integral_let_flux",)),
    (plot_depth_dose, ("dose/depth_rate", "dose/depth_event", "dose/rate")),
    (plot_upset_track, ("upset/track_rate", "particle/track_mcilwain")),
    (plot_upsets, ("upset/device", "upset/heavy_ion_rate_per_bit")),
)

_OF_STATE = ("limits/", "thermal/", "power/")


def plot(path: str | Path, folder: str | Path, variant: str | None = None) -> list[Path]:
    """Draw the pictures that the run file `path` allows into `folder` and return their paths.

    Those of each variant go into a folder of its name below; variant draws one alone. Each picture is written as PNG
    (200 dpi) and PDF; folders are made when missing. Raises RunFileError when the file cannot be read as a run file
    or has no such variant, OSError when the folder cannot be written.
    """
    folder = Path(folder)
    with open_run(path) as run, style():
        if variant is not None:
            return _draw(run.variant(variant), folder / variant)
        paths = _draw(run, folder)
        for name in run.variants:
            paths += _draw(run.variant(name), folder / name)
        return paths


def _draw(run: RunFile, folder: Path) -> list[Path]:
    """The pictures of one run, or of one variant."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    # A failed run that stopped at no temperature has nothing of heat to draw.
    impossible = impossible_node(run) is not None
    for draw, needed in _PICTURES:
        if all(name in run for name in needed) and not (impossible and needed[0].startswith(_OF_STATE)):
            paths += draw(run, folder)
    return paths
