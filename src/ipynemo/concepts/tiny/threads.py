"""One thread for small matrices.

numpy's linear algebra (OpenBLAS) starts a thread for every core. Matrices as small as here gain nothing from that; with
other work on the computer, the threads wait for each other ten times as long as they compute. One thread also makes the
results the same whatever the number of cores.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_thread"]

# numpy's own wheels put a prefix and a suffix to the names of OpenBLAS; a system's library has neither.
_NAMES = [f"{prefix}openblas_%s_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "")]

_lock = threading.Lock()
_inside = 0
_before = 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numpy's linear algebra use one thread inside, in the whole process; where it is not OpenBLAS, do nothing."""
    global _inside, _before  # noqa: PLW0603 (the number of threads is one for the whole process, and so is this)
    functions = _functions()
    with _lock:
        _inside += 1
        if _inside == 1 and functions:
            _before = int(functions[0]())
            functions[1](1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and functions:
                functions[1](_before)


def _functions() -> tuple[Any, Any] | None:
    """Return OpenBLAS's functions that read and set the number of threads; None where numpy has another library."""
    try:
        core = importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:  # numpy 1
        core = importlib.import_module("numpy.core._multiarray_umath")
    try:
        library = ctypes.CDLL(str(core.__file__))  # finds what the module is linked to as well
    except (OSError, AttributeError):  # a Python whose modules are not files
        return None
    for name in _NAMES:
        if hasattr(library, name % "set"):
            return getattr(library, name % "get"), getattr(library, name % "set")
    return None
