"""A process that is Caloris's alone, as each of the command line's is."""

import atexit
import gc
import sys


def prepare_process() -> None:
    """Switch on float64 and every cache, for a process that does nothing else.

    Where JAX is not imported yet, Python does not look for garbage among its modules: while they are imported, later,
    and at the end of the process, which takes 0.3 s otherwise. Programs that use Caloris beside other things call
    `caloris.enable_float64` and `caloris.enable_compilation_cache` instead.
    """
    alone = "jax" not in sys.modules and gc.isenabled()
    if alone:
        gc.disable()
    try:
        from caloris.devices import enable_compilation_cache, keep_programs
        from caloris.precision import enable_float64
    finally:
        if alone:
            gc.enable()
    if alone:
        gc.freeze()
        atexit.register(gc.freeze)
    enable_float64()
    enable_compilation_cache()
    keep_programs()
