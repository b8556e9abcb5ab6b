"""A long computation with checkpoints: data and units, no algorithms."""

import equinox as eqx
from jaxtyping import Array, Float

from caloris.model.leaves import leaf, optional_leaf


class Job(eqx.Module):
    """What a computation spends on safety; every failure of its devices throws it back to its last checkpoint."""

    checkpoint_time: Float[Array, ""] = eqx.field(converter=leaf)  # s
    restart_time: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)  # s
    interval: Float[Array, ""] | None = eqx.field(
        converter=optional_leaf, default=None
    )  # s of work between checkpoints; None: the best one
    profile: Float[Array, " phase"] | None = eqx.field(
        converter=optional_leaf, default=None
    )  # -, failure rate over its mean at equal phases of the orbit
    period: Float[Array, ""] | None = eqx.field(converter=optional_leaf, default=None)  # s, of the profile
