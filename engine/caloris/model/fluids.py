"""Fluids of loops and heat pipes as leaves of a model, and the laws of parts that are told one."""

from dataclasses import dataclass

import equinox as eqx
from jaxtyping import Array, Float

from caloris_kernels.fluid.convection import CORRELATIONS
from caloris_kernels.fluid.library import propylene_glycol
from caloris_kernels.fluid.liquid import Liquid
from caloris_kernels.fluid.loop_laws import TubeCell, tube_heat
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.parts.part_heat import PartHeat

FluidTable = Liquid | SaturatedFluid


class GlycolMixture(eqx.Module):
    """Propylene glycol in water; its tables follow from the mass fraction, which is the leaf."""

    mass_fraction: Float[Array, ""]  # - of glycol


Fluid = Liquid | SaturatedFluid | GlycolMixture


def fluid_table(fluid: Fluid) -> FluidTable:
    """What the laws are told: the tables themselves, or those of a mixture."""
    return propylene_glycol(fluid.mass_fraction) if isinstance(fluid, GlycolMixture) else fluid


@dataclass(frozen=True)
class TubeLaw:
    """`tube_heat` by one of the correlations of `caloris_kernels.fluid.convection`; None: the coefficient of each cell.

    A law is static, equal to another of the same correlation, and kept under its name.
    """

    correlation: str | None

    def __call__(
        self, fluid: Liquid, values: Float[Array, " local"], parameters: TubeCell, mode: Float[Array, ""]
    ) -> PartHeat:
        """The law itself."""
        correlation = None if self.correlation is None else CORRELATIONS[self.correlation]
        return tube_heat(fluid, correlation, values, parameters, mode)
