"""Arrays that outlive the process: HDF5 files under a hash of everything that they depend on.

What is stored is used again only if it is certain to be what would be computed now. A file's name is the hash of
its inputs (every number, name, shape and type), of this format and of the source code. In front of the HDF5 content,
in its user block, stand the same key and a checksum of all that follows; both are verified before HDF5 sees a byte, so
that a damaged, cut, foreign, renamed or older file counts as none and is replaced. Files appear whole or not at all
(written beside, then renamed), so that processes may share the folder.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import h5py
import numpy as np

from caloris.devices import caches_are_on, load_bytes, source_digest, store_bytes

_FORMAT = "caloris arrays 1"
# HDF5 looks for its signature at 0, 512, 1024, ...: what stands before is the user's.
_BLOCK = 512
_REMEMBERED: list[dict[str, dict[str, np.ndarray]]] = []


@contextmanager
def remembered_arrays() -> Iterator[None]:
    """Inside, what is stored or loaded is found again in memory, also where the caches on disk are off."""
    _REMEMBERED.append({})
    try:
        yield
    finally:
        _REMEMBERED.pop()


def load_arrays(kind: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
    """Arrays stored for exactly these inputs; None where there are none that can be trusted, or nothing is kept."""
    if not caches_are_on() and not _REMEMBERED:
        return None
    key = _key(kind, inputs)
    for memory in _REMEMBERED:
        if key in memory:
            return dict(memory[key])
    content = load_bytes(kind, f"{key}.h5")
    if content is None or content[:_BLOCK] != _block(key, content[_BLOCK:]):
        return None
    try:
        with h5py.File(io.BytesIO(content[_BLOCK:]), "r") as file:
            arrays = {str(name): np.asarray(file[name]) for name in file}
    except (OSError, KeyError, ValueError, TypeError, RuntimeError):  # an HDF5 that no longer reads its own files
        return None
    _remember(key, arrays)
    return arrays


def store_arrays(kind: str, inputs: Mapping[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    """Keep arrays for these inputs where the caches are on; a folder that cannot be written is no failure."""
    if not caches_are_on() and not _REMEMBERED:
        return
    key = _key(kind, inputs)
    _remember(key, arrays)
    if not caches_are_on():
        return
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file.attrs.update(format=_FORMAT, kind=kind, key=key)
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
    content = memory.getvalue()
    store_bytes(kind, f"{key}.h5", _block(key, content) + content)


def _remember(key: str, arrays: Mapping[str, np.ndarray]) -> None:
    if _REMEMBERED:
        _REMEMBERED[-1][key] = dict(arrays)


def _block(key: str, content: bytes) -> bytes:
    """The user block of a file of this content."""
    text = f"{_FORMAT}\nkey {key}\nsha256 {hashlib.sha256(content).hexdigest()}\n"
    return text.encode().ljust(_BLOCK, b"\0")


def _key(kind: str, inputs: Mapping[str, np.ndarray]) -> str:
    """Hash of the inputs and of what makes arrays of them."""
    digest = hashlib.sha256(f"{_FORMAT}\n{kind}\n".encode() + source_digest())
    for name, array in inputs.items():
        array = np.ascontiguousarray(array)
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
