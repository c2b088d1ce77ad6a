# SPDX-License-Identifier: Apache-2.0
"""Where a series shifts for good: E-divisive (Matteson and James, 2014).

A series is cut where the energy distance between the two sides is largest, if that distance is
larger than what shuffling the series gives, and then each part again. The distances are those of
ranks, so that no outlier hides a shift, or makes one. The shuffling is seeded: the same series has
the same change points always.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_SEED = 20140105


@dataclass(frozen=True)
class Settings:
    # Points on each side of a shift: fewer are an outlier.
    fewest: int = 5
    # The chance to find a shift in a series that has none.
    false_alarm: float = 0.001
    shuffles: int = 1999


def divergences(distances: Floats, fewest: int) -> Floats:
    """For each cut from `fewest` on: the scaled energy distance between the two sides."""
    count = len(distances)
    # Sums over the first n rows and columns, and over the first n rows.
    squares = np.zeros(count + 1)
    squares[1:] = np.diagonal(distances.cumsum(axis=0).cumsum(axis=1))
    rows = np.concatenate([[0.0], distances.sum(axis=1).cumsum()])
    left = np.arange(fewest, count - fewest + 1)
    right = count - left
    within_left = squares[left]
    between = rows[left] - within_left
    within_right = squares[count] - within_left - 2 * between
    energy = 2 * between / (left * right)
    energy -= within_left / (left * (left - 1)) + within_right / (right * (right - 1))
    scaled: Floats = energy * left * right / count
    return scaled


def _cut(series: Floats, settings: Settings, random: np.random.Generator) -> int | None:
    """The position of the first point after the shift; None where there is none."""
    if len(series) < 2 * settings.fewest or np.ptp(series) == 0:
        return None
    ranks = stats.rankdata(series)
    distances: Floats = np.abs(ranks[:, None] - ranks[None, :])
    found = divergences(distances, settings.fewest)
    best = int(found.argmax())
    allowed = settings.false_alarm * (settings.shuffles + 1)
    reached = 1
    for _ in range(settings.shuffles):
        order = random.permutation(len(series))
        shuffled = divergences(distances[np.ix_(order, order)], settings.fewest).max()
        reached += int(shuffled >= found[best])
        if reached > allowed:
            return None
    return settings.fewest + best


def find(series: Sequence[float], settings: Settings = Settings()) -> list[int]:
    """The positions of the first points after each shift, in order."""
    values = np.asarray(series, dtype=float)
    random = np.random.default_rng(_SEED)
    cuts: list[int] = []
    parts = [(0, len(values))]
    while parts:
        start, end = parts.pop()
        cut = _cut(values[start:end], settings, random)
        if cut is not None:
            cuts.append(start + cut)
            parts += [(start, start + cut), (start + cut, end)]
    return sorted(cuts)
