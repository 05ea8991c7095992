"""Intervals of chance, so that what waits for the same does not come all at once."""

from __future__ import annotations

import math
import random


def poisson_interval(average_interval: float, lower: float = 0, upper: float = 1) -> float:
    """The time to the next event of a Poisson process.

    Args:
        average_interval: the mean time between two events.
        lower, upper: the quantiles of the exponential distribution to stay between, from 0 to 1.
    """
    # The logarithm of zero is none.
    return -math.log(max(1 - random.uniform(lower, upper), 1e-10)) * average_interval


def exponential_cdf(x: float, average_interval: float) -> float:
    """How likely the next event comes within `x`."""
    return 1 - math.exp(-x / average_interval)


def lower_clamp_multiple(k: float) -> float:
    """The multiple of the mean that is as likely to lie below the median as `k` times it above."""
    if k >= 50:  # so near to nothing that the powers would overflow
        return 0.0
    return math.log2(max(2**k / (2**k - 1), 1e-10))


def clamped_poisson_interval(average_interval: float, clamping_factor: float = 0.3) -> float:
    """As `poisson_interval`, at most so much longer than the mean, which stays about the same.

    Args:
        average_interval: the mean; none, or less, gives 0.
        clamping_factor: how much longer at most, as a part of the mean.

    Raises:
        ValueError: the factor is not above 0.
    """
    if clamping_factor <= 0:
        raise ValueError("`clamping_factor` must be >= 0.")
    if average_interval <= 0:
        return 0.0
    longest = 1 + clamping_factor
    shortest = max(0.0, lower_clamp_multiple(longest))
    return poisson_interval(
        average_interval, exponential_cdf(shortest, 1), exponential_cdf(longest, 1)
    )


def bounded_poisson_interval(lower_bound: float, upper_bound: float) -> float:
    """As `poisson_interval`, between two bounds, whose middle is taken for the mean."""
    mean = (float(lower_bound) + float(upper_bound)) / 2
    return poisson_interval(
        mean, exponential_cdf(lower_bound, mean), exponential_cdf(upper_bound, mean)
    )
