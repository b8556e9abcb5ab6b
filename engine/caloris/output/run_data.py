"""What a finished run hands to the writer: named arrays and attributes, nothing of JAX or HDF5."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

SUCCESS = "success"


@dataclass
class RunData:
    """Everything that goes into a run file.

    arrays: dataset path without leading slash ("thermal/temperature") -> array with the dims of that path
    in quantities.QUANTITIES; names are arrays or sequences of str. attributes: group or dataset path ->
    attribute name -> value (number, flag, text, or a one-dimensional array of numbers). case_text: the case
    file verbatim. status: `result` ("success" or the name of what failed) and whatever tells how the solve
    went (iterations, residuals); it becomes the attributes of /status. variants: the same for each variant of the
    case, by its name.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    case_text: str = ""
    status: dict[str, Any] = field(default_factory=lambda: {"result": SUCCESS})
    variants: dict[str, "RunData"] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the solve ended with the result "success"."""
        return self.status.get("result") == SUCCESS
