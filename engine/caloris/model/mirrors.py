"""Paths by way of mirrors and transmitting sheets along a run, and the light of Sun and planet that takes them."""

import equinox as eqx
from jaxtyping import Array, Float

from caloris_kernels.radiative.path_environment import EscapeNodes
from caloris_kernels.radiative.paths import Paths


class MirrorRays(eqx.Module):
    """Traced paths; frozen numbers. Facets are numbered within `seeing` of the exchange."""

    paths: Paths  # from facet to facet; every array with a leading axis of poses
    nodes: EscapeNodes | None  # directions of their escapes; node and weight by pose; None without an orbit
    beams: Paths | None  # sunlight, by moment of the grid; None without an orbit


class Mirrors(eqx.Module):
    """Traced paths, and what shines along them (bus frame, all moments of the grid)."""

    rays: MirrorRays
    solar_flux: Float[Array, " grid"]  # W m-2, as if the planet cast no shadow
    albedo: Float[Array, "grid direction"]  # W m-2 sr-1, radiance at the table's directions
    infrared: Float[Array, "grid direction"]  # W m-2 sr-1
