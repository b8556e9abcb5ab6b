"""Equipment as a case states it: totals on a spread of nodes, before the geometry says how the total is shared."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.model.conduction import Spread
from caloris.model.fluids import Fluid
from caloris.model.parts import Auxiliary, Law, PartGroup, Switches

OWN = -1  # among `others`: the node of the spread itself


class EquipmentTable(eqx.Module):
    """One table of the case: a part on every node of a spread, under one law."""

    name: str = eqx.field(static=True)
    kind: str = eqx.field(static=True)
    law: Law = eqx.field(static=True)
    spread: Spread  # the first node of each part
    others: Int[Array, " other"]  # further nodes of every part, or OWN; a switch's sensor comes last
    parameters: Any  # a NamedTuple of scalars
    totals: tuple[str, ...] = eqx.field(static=True)  # parameters that the spread shares out
    switch: Int[Array, ""] | None = None
    electrical: bool = eqx.field(static=True, default=True)

    def on_nodes(self, size: Float[Array, " source"]) -> PartGroup:
        """The parts with their shares."""
        node, share = self.spread.node, self.spread.shares(size)
        others = jnp.broadcast_to(self.others, (node.shape[0], self.others.shape[0]))
        nodes = jnp.concatenate([node[:, None], jnp.where(others == OWN, node[:, None], others)], axis=1)
        values = {
            key: value * (share if key in self.totals else jnp.ones_like(share))
            for key, value in self.parameters._asdict().items()
        }
        switch = None if self.switch is None else jnp.broadcast_to(self.switch, node.shape)
        nothing = jnp.zeros((node.shape[0], 0), int)
        names = (self.name,) * node.shape[0]
        parameters = type(self.parameters)(**values)
        return PartGroup(names, self.kind, self.law, nodes, nothing, parameters, switch, self.electrical)


class SharedParts(eqx.Module):
    """Parts on given nodes, of which those of one set share a total by the sizes of their nodes.

    Each part has its `portion` of the total, shared within its set: the tubes along a row of cells, the film over the
    wall of an evaporator.
    """

    group: PartGroup
    source: Int[Array, " part"]  # where the size of the part's node stands
    set_of: Int[Array, " part"]
    sets: int = eqx.field(static=True)
    totals: tuple[str, ...] = eqx.field(static=True)  # parameters that are shared out

    def on_nodes(self, size: Float[Array, " source"]) -> PartGroup:
        """The parts with their shares."""
        mine = size[self.source]
        share = mine / jax.ops.segment_sum(mine, self.set_of, self.sets)[self.set_of]
        shared = {key: getattr(self.group.parameters, key) * share for key in self.totals}
        return eqx.tree_at(lambda group: group.parameters, self.group, self.group.parameters._replace(**shared))


class Equipment(eqx.Module):
    """All equipment of a case."""

    tables: tuple[EquipmentTable | SharedParts, ...] = ()
    groups: tuple[PartGroup, ...] = ()  # whose parts are known without the geometry
    auxiliary: Auxiliary | None = None
    switches: Switches | None = None
    fluids: tuple[Fluid, ...] = ()

    def parts(self, size: Float[Array, " source"]) -> tuple[PartGroup, ...]:
        """Groups of all parts, those under one law together: each group is compiled by itself."""
        return merged([*self.groups, *(table.on_nodes(size) for table in self.tables)])


def merged(groups: Sequence[PartGroup]) -> tuple[PartGroup, ...]:
    """Parts of the same kind, law and form in one group."""
    alike: dict[Any, list[PartGroup]] = {}
    for group in groups:
        states = (group.node.shape[1], group.auxiliary.shape[1])
        form = (group.kind, group.law, group.fluid, group.electrical, group.switch is None, *states)
        alike.setdefault(form, []).append(group)
    return tuple(_joined(those) for those in alike.values())


def _joined(groups: list[PartGroup]) -> PartGroup:
    if len(groups) == 1:
        return groups[0]
    first = groups[0]
    names = tuple(name for group in groups for name in group.name)

    arrays = [(group.node, group.auxiliary, group.parameters, group.switch) for group in groups]
    node, auxiliary, parameters, switch = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *arrays)
    return PartGroup(names, first.kind, first.law, node, auxiliary, parameters, switch, first.electrical, first.fluid)
