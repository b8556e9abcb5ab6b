"""The error that every part of the geometry raises for input that is no surface."""

from pathlib import Path


class GeometryError(ValueError):
    """A shape, mesh file or joint that cannot be built.

    The message names the key, its value and what is allowed; `key` is the case-file key at fault
    ("edge_u", "radius", "file", ...) or None when no single key is.
    """

    def __init__(self, message: str, key: str | None = None):
        """Error with its message and the case-file key at fault."""
        super().__init__(message)
        self.key = key


def file_error(path: Path, what: str, cure: str) -> GeometryError:
    """What is wrong with a file, and what to do."""
    return GeometryError(f"file = {str(path)!r}: {what}; {cure}", "file")
