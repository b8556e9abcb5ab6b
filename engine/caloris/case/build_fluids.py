"""What builders of loops and heat pipes share: fluids, auxiliary states, and groups of parts as they come."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.model.equipment import EquipmentTable, SharedParts
from caloris.model.fluids import Fluid, GlycolMixture
from caloris.model.parts import Auxiliary, Law, PartGroup
from caloris_kernels.fluid.library import liquid_named, saturated_named


class Kind(NamedTuple):
    """What all parts of a group have in common."""

    kind: str
    law: Law
    fluid: int | None = None
    electrical: bool = True


class FluidParts:
    """Fluids, states and parts of all loops and heat pipes of a case, in the order in which they are added."""

    def __init__(self) -> None:
        self._fluids: dict[tuple[str, float | None, bool], Fluid] = {}
        self._states: list[tuple[str, str, float, float, float, float]] = []
        self.groups: list[PartGroup] = []
        self.tables: list[EquipmentTable | SharedParts] = []

    def fluid(self, name: str, mass_fraction: float | None = None, two_phase: bool = False) -> int:
        """Index of a fluid; those that are alike are one."""
        key = (name, mass_fraction, two_phase)
        if key not in self._fluids:
            if two_phase:
                self._fluids[key] = saturated_named(name)
            elif mass_fraction is not None:
                self._fluids[key] = GlycolMixture(jnp.asarray(mass_fraction))
            else:
                self._fluids[key] = liquid_named(name)
        return list(self._fluids).index(key)

    @property
    def fluids(self) -> tuple[Fluid, ...]:
        """All fluids, by index."""
        return tuple(self._fluids.values())

    def state(
        self, name: str, unit: str, start: float, per_kelvin: float, capacity: float = 0.0, stores: bool = False
    ) -> int:
        """A new auxiliary state; its index."""
        self._states.append((name, unit, capacity, start, per_kelvin, float(stores)))
        return len(self._states) - 1

    @property
    def auxiliary(self) -> Auxiliary | None:
        """All auxiliary states; None without any."""
        if not self._states:
            return None
        name, unit, *columns = zip(*self._states, strict=True)
        return Auxiliary(name, unit, *(jnp.asarray(column, float) for column in columns))

    def add(self, kind: Kind, names: Sequence[str], nodes: Any, auxiliary: Any, parameters: Any = ()) -> None:
        """A group of parts; nodes and auxiliary [part, local], parameters with scalars or columns."""
        if names:
            self.groups.append(part_group(kind, names, nodes, auxiliary, parameters))


def part_group(kind: Kind, names: Sequence[str], nodes: Any, auxiliary: Any, parameters: Any = ()) -> PartGroup:
    """Parts of one kind; a scalar among the parameters is the same for all of them."""
    count = len(names)
    if isinstance(parameters, tuple) and parameters:
        columns = [jnp.asarray(value, float) for value in parameters]
        # One number, or one row (a pump's curve), for every part.
        spread = [
            column if column.ndim and column.shape[0] == count else jnp.broadcast_to(column, (count, *column.shape))
            for column in columns
        ]
        parameters = type(parameters)(*spread)
    return PartGroup(
        tuple(names),
        kind.kind,
        kind.law,
        jnp.asarray(np.asarray(nodes, int).reshape(count, -1)),
        jnp.asarray(np.asarray(auxiliary, int).reshape(count, -1)),
        parameters,
        electrical=kind.electrical,
        fluid=kind.fluid,
    )
