"""What the law of a part returns."""

from typing import NamedTuple

from jaxtyping import Array, Float


class PartHeat(NamedTuple):
    """Heat into each state of one element, told apart by where it comes from.

    A law is `law(values, parameters, mode) -> PartHeat`: values are the temperatures of the element's nodes (K), then
    its auxiliary states; parameters a NamedTuple of scalars or small arrays; mode 0 or 1 of the element's switch.
    """

    # W into each local state from the others; over node entries it sums to zero. For auxiliary states the right side
    # of C y' = F, where C = 0 makes it an algebraic row 0 = F.
    internal: Float[Array, " local"]
    # W into each local state from electrical power turned into heat; its sum is what the part draws from the bus.
    source: Float[Array, " local"]
