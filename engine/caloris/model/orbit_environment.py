"""What is said about the particles along an orbit: the orbit and the models, before anything is computed from them."""

from typing import Literal, get_args

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.orbit import KeplerOrbit
from caloris.model.planet import leaf
from caloris_kernels.particle.solar import ESP_ENERGY, WorstPeriod, august_1972_fluence, solar_proton_fluence
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, MapName

ProtonMap = Literal["AP8MIN", "AP8MAX"]
ElectronMap = Literal["AE8MIN", "AE8MAX"]
Arrival = Literal["vertical", "directional"]
SIDEREAL_DAY = 86164.0905  # s
# King's event is given at these energies (MeV); beyond it goes on as the same exponential.
_KING_ENERGY = (10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0)
# A ground track that closes within so many revolutions, to this part of them, is one's own; others pass everywhere.
_MOST_REVOLUTIONS, _CLOSED = 4, 1e-3


def _optional(value) -> Array | None:
    return None if value is None else leaf(value)


class EspFluence(eqx.Module):
    """Solar protons of a mission by the model ESP, not exceeded with this confidence; `solar_proton_fluence`."""

    years: Float[Array, ""] = eqx.field(converter=leaf)  # of active Sun
    confidence: Float[Array, ""] = eqx.field(converter=leaf)  # -, 0 to 1

    def integral(self) -> tuple[tuple[float, ...], Float[Array, " level"]]:
        """Energies (MeV) and the fluence above each (m-2)."""
        return tuple(float(energy) for energy in ESP_ENERGY), solar_proton_fluence(self.years, self.confidence)


class KingFluence(eqx.Module):
    """Solar protons of a number of events like that of August 1972; `august_1972_fluence`. None below 10 MeV."""

    events: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -

    def integral(self) -> tuple[tuple[float, ...], Float[Array, " level"]]:
        """Energies (MeV) and the fluence above each (m-2)."""
        return _KING_ENERGY, self.events * august_1972_fluence(jnp.array(_KING_ENERGY))


class OrbitEnvironment(eqx.Module):
    """The orbit and what is around it; `caloris.orbit_particles` makes spectra of it. A part that is None is absent.

    Numbers are leaves, so that spectra and rates have derivatives in them: those of the orbit, the solar modulation,
    the strength of the storm, the epochs of the field.
    """

    orbit: KeplerOrbit
    solar_modulation: Float[Array, ""] | None = eqx.field(converter=_optional, default=None)  # W of galactic rays (-)
    storm: Float[Array, ""] | None = eqx.field(converter=_optional, default=None)  # 0 quiet to 1; None: no cutoff
    proton_epoch: Float[Array, ""] | None = eqx.field(converter=_optional, default=None)  # year; None: the map's
    electron_epoch: Float[Array, ""] | None = eqx.field(converter=_optional, default=None)  # year; None: the map's
    mission: EspFluence | KingFluence | None = None
    proton: ProtonMap | None = eqx.field(static=True, default=None)
    electron: ElectronMap | None = eqx.field(static=True, default=None)
    solar_event: WorstPeriod | None = eqx.field(static=True, default=None)
    # The cutoff: one for all directions or one for each; in the magnetosphere as measured or the internal field alone.
    arrival: Arrival = eqx.field(static=True, default="vertical")
    internal_field: bool = eqx.field(static=True, default=False)
    # Revolutions and sidereal days after which the ground track repeats; None: all longitudes count alike.
    repeat: tuple[int, int] | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        if self.arrival not in get_args(Arrival):
            raise ValueError(f"arrival {self.arrival!r} is not known; known are {', '.join(get_args(Arrival))}")

    @property
    def proton_year(self) -> Float[Array, ""] | None:
        """Decimal year of the field in which the proton map is read; None without one."""
        if self.proton is None:
            return None
        return leaf(FIELD_EPOCHS[self.proton]) if self.proton_epoch is None else self.proton_epoch

    @property
    def electron_year(self) -> Float[Array, ""] | None:
        """Decimal year of the field in which the electron map is read; None without one."""
        if self.electron is None:
            return None
        return leaf(FIELD_EPOCHS[self.electron]) if self.electron_epoch is None else self.electron_epoch

    @property
    def maps(self) -> tuple[tuple[MapName, Float[Array, ""]], ...]:
        """The maps that are asked for, protons before electrons, each with the decimal year of its field."""
        pairs: tuple[tuple[MapName | None, Array | None], ...] = (
            (self.proton, self.proton_year),
            (self.electron, self.electron_year),
        )
        return tuple((name, year) for name, year in pairs if name is not None and year is not None)

    @property
    def words(self) -> str:
        """What is in the environment and what is not; without numbers that may change."""
        parts = []
        if self.solar_modulation is not None:
            parts.append("galactic cosmic rays (Matthia and others 2013)")
        if self.solar_event is not None:
            parts.append(f"solar particles of the worst {self.solar_event} (CREME96, other elements by abundance)")
        if self.mission is not None:
            model = "ESP" if isinstance(self.mission, EspFluence) else "King's event of August 1972"
            parts.append(f"solar protons of the mission ({model}), as a fluence for doses and not as a rate")
        if self.storm is None:
            parts.append("no geomagnetic cutoff, with the Earth's shadow")
        else:
            field = "the internal field alone" if self.internal_field else "the magnetosphere as measured"
            form = "by direction of arrival" if self.arrival == "directional" else "of vertical arrival"
            parts.append(f"behind the geomagnetic cutoff {form}, in {field}, and the Earth's shadow")
        names: dict[str, tuple[MapName | None, Array | None]] = {
            "protons": (self.proton, self.proton_epoch),
            "electrons": (self.electron, self.electron_epoch),
        }
        for word, (model, epoch) in names.items():
            if model is not None:
                field = f"of its own epoch, {FIELD_EPOCHS[model]:.0f}" if epoch is None else "of a given epoch"
                parts.append(f"trapped {word} of {model} in the field {field}")
        if self.proton is None:
            parts.append("no trapped particles" if self.electron is None else "no trapped protons")
        elif self.electron is None:
            parts.append("no trapped electrons")
        return "; ".join(parts) + "; mean over the orbit"


def ground_track_repeat(period: float) -> tuple[int, int] | None:
    """Revolutions and sidereal days after which the ground track of a period (s) closes; None for more than four.

    Geostationary, geosynchronous, half-day and similar orbits see their own longitudes alone.
    """
    for revolutions in range(1, _MOST_REVOLUTIONS + 1):
        days = revolutions * period / SIDEREAL_DAY
        whole = round(days)
        if whole > 0 and abs(days - whole) < _CLOSED * days:
            return revolutions, whole
    return None
