# SPDX-License-Identifier: Apache-2.0
"""Names distributions with two modes: a median between them is a time that never happens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np

_FEWEST = 16
_SMALLEST_SHARE = 0.2
# Distance of the means in units of the spread around them (Ashman's D). The best cut through one
# bell has 2.7; two bells that do not touch have 6.
_APART = 5.0
# The modes' distance as a factor: nobody cares about two modes within noise of each other.
_WORTH = 1.05


@dataclass(frozen=True)
class TwoModes:
    """The middle of each mode, and how many of the values are in the slower one."""

    fast: float
    slow: float
    slow_share: float

    def __str__(self) -> str:
        return (
            f"two modes: {self.fast:.4g} ({1 - self.slow_share:.0%}) "
            f"and {self.slow:.4g} ({self.slow_share:.0%})"
        )


def find(values: Sequence[float]) -> TwoModes | None:
    """None where there is one mode, or too little to say."""
    if len(values) < _FEWEST or min(values) <= 0:
        return None
    logs = np.sort(np.log(np.asarray(values, dtype=float)))
    count = len(logs)
    fewest = math.ceil(count * _SMALLEST_SHARE)

    def within(cut: int) -> float:
        return float(logs[:cut].var() * cut + logs[cut:].var() * (count - cut))

    cut = min(range(fewest, count - fewest + 1), key=within)
    low, high = logs[:cut], logs[cut:]
    spread = math.sqrt((low.var() + high.var()) / 2)
    distance = float(high.mean() - low.mean())
    # The tails of both must leave a gap: a skewed bell has none.
    gap = float(high[0] - low[-1])
    if distance < math.log(_WORTH) or distance < _APART * spread or gap < distance / 3:
        return None
    fast, slow = (math.exp(float(np.median(part))) for part in (low, high))
    return TwoModes(fast, slow, slow_share=len(high) / count)
