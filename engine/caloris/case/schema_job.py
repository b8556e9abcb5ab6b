"""The table of a long computation that upsets interrupt."""

from typing import Annotated

from pydantic import Field, ValidationInfo

from caloris.case import quantity as q
from caloris.case.schema_types import Measure, PositiveTime, References, Schedule, ScheduleOf, Table


class _Interval(Measure):
    """A time, or "optimal" (kept as None)."""

    def parse(self, value: object, info: ValidationInfo | None = None) -> float | None:  # pyright: ignore
        return None if value == "optimal" or value is None else super().parse(value, info)


class Job(Table):
    """A computation with checkpoints on devices of the case: a failure of any throws all of it back."""

    devices: References | None = Field(default=None, description="Devices that it runs on; without it all of the case")
    checkpoint_time: PositiveTime = Field(description="Time that saving a checkpoint takes")
    restart_time: Annotated[float, Measure(q.TIME, least=0)] = Field(
        default=0.0, description="Time from a failure to work again from the last checkpoint"
    )
    interval: Annotated[float | None, _Interval(q.TIME, above=0)] = Field(
        default=None, description='Time of work between two checkpoints; "optimal" is the best one'
    )
    rate_over_orbit: Annotated[Schedule, ScheduleOf(Measure(q.RATIO, least=0, most=1e9), allow_time=False)] | None = (
        Field(default=None, description="Upset rate over orbital phase, in any unit: its mean is that of the devices")
    )
