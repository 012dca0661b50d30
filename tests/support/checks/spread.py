"""What is said of many measured values."""

from collections.abc import Sequence
from statistics import quantiles


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, the 95th percentile and the largest of some values, of which there is one at least."""
    last = max(values)
    cut = quantiles(values, n=20) if len(values) > 1 else [last] * 19
    return cut[9], min(cut[18], last), last
