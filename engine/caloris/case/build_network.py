"""From an imported network to the couplings and loads of its nodes."""

import jax.numpy as jnp
import numpy as np

from caloris.case.lumped import Pairs
from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.model.conduction import NodePairs
from caloris.model.schedule import Schedule
from caloris.model.structure import LoadTable, NodeLoads


def build_pairs(case: Case, nodes: NodeLayout) -> NodePairs:
    """Couplings of the case's imported network between the numbers of its nodes; empty without one."""
    network = case.imported
    if network is None:
        none = jnp.zeros((0, 2), int), jnp.zeros(0)
        return NodePairs(*none, *none, *none)
    number = _numbers(case, nodes)

    def numbered(pairs: Pairs) -> tuple[jnp.ndarray, jnp.ndarray]:
        return jnp.asarray(number[pairs.node]), jnp.asarray(pairs.value)

    return NodePairs(*numbered(network.conductive), *numbered(network.radiative), *numbered(network.one_way))


def build_node_loads(case: Case, nodes: NodeLayout) -> tuple[NodeLoads | LoadTable, ...]:
    """Heat into the nodes of the imported network: all that is constant in one, then each over time."""
    network = case.imported
    if network is None:
        return ()
    number = _numbers(case, nodes)
    heated = np.flatnonzero(network.load)
    loads: list[NodeLoads | LoadTable] = []
    if len(heated):
        loads.append(NodeLoads("network", jnp.asarray(number[heated]), jnp.asarray(network.load[heated])))
    for load in network.timed:
        name = network.name[load.node]
        power = Schedule(jnp.asarray(load.power, float), jnp.asarray(load.time, float), linear=True, phase=False)
        loads.append(LoadTable(f"network {name}", nodes.spread([name]), power, False))
    return tuple(loads)


def _numbers(case: Case, nodes: NodeLayout) -> np.ndarray:
    """Numbers of the network's nodes: its nodes stand together among the tables [[node]]."""
    network = case.imported
    assert network is not None
    if not network.count:
        return np.zeros(0, int)
    first = next(k for k, node in enumerate(case.nodes) if node.name == network.name[0])
    return nodes.lumped[first : first + network.count]
