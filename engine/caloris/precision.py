"""Floating-point precision: float64 is the reference precision, switched on in this one place."""

import jax


def enable_float64() -> None:
    """Switch JAX to float64 for the whole process; the command line does so, importing Caloris does not."""
    jax.config.update("jax_enable_x64", True)


def require_float64(verb: str) -> None:
    """Raise RuntimeError with the cure when `verb` is called while JAX works in float32."""
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise RuntimeError(
            f"{verb} needs float64: call caloris.enable_float64() (or set JAX_ENABLE_X64=1) before building the model"
        )
