"""Numbers and names as people read them: degrees Celsius, W/kW/MW, minutes, rates, lists; for tables and pictures."""

import math
from collections.abc import Sequence

from caloris_kernels.constants import DAY, JULIAN_YEAR

ZERO_CELSIUS = 273.15  # K
# Names that a line lists before it counts the rest.
MOST_NAMES = 6


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Names in a line, the rest of a long list counted."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" and {len(names) - most} more"


def counted(count: int, word: str) -> str:
    """Return "1 node", "11 nodes"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def celsius(kelvin: float) -> str:
    """Return a temperature (K) in degrees Celsius with one decimal, "-" for none."""
    if not math.isfinite(kelvin):
        return "-"
    # Half a digit goes up, and a tenth of a microkelvin is none: what differs by rounding alone, as the 350 K of a
    # boundary over time, reads the same. Adding zero turns the -0.0 of rounding into 0.0.
    return f"{math.floor(10.0 * (kelvin - ZERO_CELSIUS) + 0.5 + 1e-6) / 10.0 + 0.0:.1f}"


def signed(value: float) -> str:
    """Return a number with its sign and one decimal; what would round to zero from below stays negative."""
    if value < 0 and value > -0.05:
        return f"{value:+.2g}"
    return f"{value:+.1f}"


def engineering(value: float, unit: str) -> str:
    """Return a number with an SI prefix, about four significant digits, and its unit."""
    if not math.isfinite(value):
        return "-"
    prefixes = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
    magnitude = abs(value)
    for scale, prefix in prefixes:
        if magnitude >= scale:
            return f"{value / scale:.4g} {prefix}{unit}".rstrip()
    return (
        f"{value:.3g} {unit}" if magnitude >= 1e-3 else f"{value:.1e} {unit}" if magnitude else f"0 {unit}"
    ).rstrip()


def prefixed(value: float) -> str:
    """Return a number of three significant digits with k, M, G or T from a thousand on: 9.58 k; "-" for none."""
    scale, prefix = next(
        (p for p in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")) if abs(value) >= 0.9995 * p[0]), (1.0, "")
    )
    # Above the largest prefix and far below one `rate` has exponents, which are single words too.
    return f"{rate(value / scale)} {prefix}".rstrip()


def percent(fraction: float) -> str:
    """Return a fraction in percent with one decimal."""
    return f"{100 * fraction:.1f} %"


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: s, min, h, d or years."""
    if not math.isfinite(seconds):
        return "-"
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 3 * 3600:
        return f"{seconds / 60:.1f} min"
    if seconds < 2 * DAY:
        return f"{seconds / 3600:.1f} h"
    days = seconds / DAY
    return f"{days:.1f} d" if days < 1000 else f"{seconds / JULIAN_YEAR:.3g} years"


def rate(value: float) -> str:
    """Return a rate with three significant digits, exponent form outside 0.01 to 10000; "-" for none."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-2 <= abs(value) < 1e4 else f"{value:.2e}"
