"""The particle environment on the terminal: what it is in words, and what an orbit meets."""

from typing import NamedTuple

import numpy as np
from rich.panel import Panel
from rich.text import Text

from caloris.output.read import RunFile
from caloris.output.text import percent

# A moment is inside the belts' horn or the South Atlantic Anomaly when it has this part of the day's largest flux.
_INSIDE = 1e-2
_SQUARE_METER = 1e4  # cm2
# How the names of environments begin that hold a worst period, and nothing that comes from outside the Earth's field.
_EVENT, _TRAPPED_ALONE = "solar particles of the worst", "no geomagnetic cutoff"


class Event(NamedTuple):
    """The period of solar particles that the rates of a run are of."""

    name: str  # "worst 5 minutes"
    duration: float  # s


def event_of(run: RunFile) -> Event | None:
    """The event whose flux is part of the environment; None for an environment that lasts."""
    name, seconds = run.attribute("particle", "event"), run.attribute("particle", "event_duration")
    return None if name is None or seconds is None else Event(str(name), float(seconds))


def environment_words(run: RunFile) -> str | None:
    """What the environment of a run is and which way its gaps and its models push the rates; None without one."""
    environment = run.attribute("particle", "environment")
    if not environment:
        return None
    followed = (
        " Fragments of ions behind shields are followed." if run.attribute("particle", "fragments_followed") else ""
    )
    return f"Environment: {described(str(environment))}{followed}"


def described(environment: str) -> str:
    """What an environment is and which way its gaps and its models push the rates."""
    words = [f"{environment}."]
    if _EVENT in environment:
        words.append("Rates are those during that event, which comes once, and not of an average day.")
    # Trapped particles are fluxes where they are: the cutoff is nothing to them.
    if "no geomagnetic cutoff" in environment and not environment.startswith(_TRAPPED_ALONE):
        words.append("Without the cutoff, rates and doses in a low orbit are too high.")
    if "no trapped" in environment and "no trapped electrons" not in environment:
        words.append("Without trapped protons, rates and doses across the belts are too low.")
    if "trapped protons of AP8" in environment or "trapped electrons of AE8" in environment:
        words.append("AP-8 and AE-8 are uncertain by a factor of 2, more at low altitude.")
    return " ".join(words)


def particle_panel(run: RunFile) -> Panel:
    """Mean fluxes of trapped particles, how much of the day has them, cutoffs, and the epochs of all fields."""
    lines = Text()
    for kind, word, field in (("proton", "protons", "proton"), ("electron", "electrons", "electron")):
        mean = run.get(f"particle/trapped_{kind}_mean")
        if mean is None:
            continue
        above = run[f"particle/{kind}_threshold"]
        day = run[f"particle/track_{kind}_flux"]
        epoch = run.attribute("particle", f"{field}_field_epoch")
        lines.append(f"trapped {word}, field of {epoch:.6g} (cm-2 s-1, all directions)\n", "bold")
        for index, energy in enumerate(above):
            most = day[:, index].max()
            inside = np.mean(day[:, index] > _INSIDE * most) if most > 0 else 0.0
            lines.append(
                f"  above {energy:>5g} MeV {mean[index] / _SQUARE_METER:>11.4g} orbit mean "
                f"{most / _SQUARE_METER:>11.4g} highest of a day, {percent(inside)} of it inside\n"
            )
    cutoff = run.get("particle/track_cutoff")
    if cutoff is not None:
        epoch = run.attribute("particle", "epoch")
        span = f"{cutoff.min():.2g} to {cutoff.max():.3g} GV" if cutoff.max() > 0.0 else "none all day"
        lines.append(f"cutoff, field of {epoch}: {span}\n")
    rigidity, passed = run.get("particle/rigidity"), run.get("particle/transmission")
    if rigidity is not None and passed is not None:
        parts = [f"{float(np.interp(value, rigidity, passed)):.2f} at {value:g}" for value in (0.3, 1.0, 3.0, 10.0)]
        lines.append(f"part of all directions and times that is open: {', '.join(parts)} GV")
    lines.rstrip()
    return Panel(lines, title="Particles", title_align="left", expand=False)
