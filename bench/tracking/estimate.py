# SPDX-License-Identifier: Apache-2.0
"""How much differences are, and how sure that is: Wilcoxon's signed ranks, which no outlier moves.

Which of two builds ran first is drawn at random in every round. So without a true difference each
round's sign is a coin flip, whatever the machine does, and the test's error rate holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Estimate:
    """A shift of logarithms: its estimate, the bounds it lies between, and the chance `p` of a
    shift at least this far upwards where there is none."""

    shift: float
    low: float
    high: float
    p: float


def signed_ranks(differences: Sequence[float], confidence: float) -> Estimate:
    """Hodges' and Lehmann's estimate. Each bound alone is exceeded with chance 1 - confidence."""
    values = np.asarray(differences, dtype=float)
    count = len(values)
    if count == 0:
        raise ValueError("no differences")
    rows, columns = np.triu_indices(count)
    walsh = np.sort((values[rows] + values[columns]) / 2)
    spread = math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    reach = float(stats.norm.ppf(confidence)) * spread
    outside = max(0, math.floor(len(walsh) / 2 - reach))
    if np.all(values == 0):
        p = 1.0
    else:
        p = float(stats.wilcoxon(values, alternative="greater").pvalue)
    return Estimate(
        shift=float(np.median(walsh)),
        low=float(walsh[outside]),
        high=float(walsh[len(walsh) - 1 - outside]),
        p=p,
    )


def smallest_p(count: int) -> float:
    """What the test cannot go below with so many differences."""
    return 0.5**count


def holm(chances: Sequence[float]) -> list[float]:
    """The same chances for the family: that any of them is this small by luck (Holm)."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    adjusted = [1.0] * len(chances)
    reached = 0.0
    for rank, index in enumerate(order):
        reached = max(reached, min(1.0, chances[index] * (len(chances) - rank)))
        adjusted[index] = reached
    return adjusted
