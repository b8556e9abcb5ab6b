"""The result of a part's law: a part couples a few states of a thermal network, all parts of a kind by one law.

    law(values, parameters, mode) -> PartHeat

values [local]: temperatures (K) of the part's nodes, then its auxiliary states; parameters: a NamedTuple of scalars or
small arrays; mode: 0 or 1 of the part's switch, 0 for parts without one. A law is a smooth function of one part: the
network maps it over the parts of a group and takes its small Jacobian.
"""

from typing import NamedTuple

from jaxtyping import Array, Float


class PartHeat(NamedTuple):
    """Right sides of the states that a part couples.

    internal: W into each of the part's nodes out of the others, their sum vanishes; for auxiliary states the right
    side F of C y' = F (C = 0: an algebraic equation 0 = F). source: W into each node made of electrical power, whose
    sum the part draws.
    """

    internal: Float[Array, " local"]
    source: Float[Array, " local"]
