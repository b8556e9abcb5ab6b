"""What the law of a part returns: heat into each of the states that it couples."""

from typing import NamedTuple

from jaxtyping import Array, Float


class PartHeat(NamedTuple):
    """Heat into each local state of a part (W): its nodes first, then its auxiliary states.

    A law is a function (values, parameters, mode) -> PartHeat: values are the temperatures (K) of the nodes and then
    the auxiliary states, parameters a NamedTuple of scalars, mode 0 or 1 is the position of the part's switch (0 for
    parts without one). It is C1 where the physics allows, finite and of finite derivative from 3 K to 2000 K.
    """

    internal: Float[Array, " local"]
    """W into each local state from the others; over node entries it sums to zero.

    For auxiliary states it is the right side of C y' = F (C = 0: an algebraic row 0 = F).
    """
    source: Float[Array, " local"]
    """W into each local state from electrical power turned into heat; its sum is what the part draws from the bus."""
