# SPDX-License-Identifier: Apache-2.0
"""Shifts are found where they are, and not where there is none."""

from __future__ import annotations

import math
import unittest

import numpy as np

from bench.tracking import change_points
from bench.tracking.fixtures import noisy


def _logs(levels: list[float], spread: float, seed: int, bursts: float = 0.0) -> list[float]:
    return [math.log(value) for value in noisy(levels, spread, seed, bursts)]


class FindTest(unittest.TestCase):
    def test_one_shift_is_found_where_it_is(self) -> None:
        for seed in range(10):
            found = change_points.find(_logs([1.0] * 20 + [1.06] * 15, 0.01, seed))
            with self.subTest(seed):
                self.assertEqual(len(found), 1)
                self.assertAlmostEqual(found[0], 20, delta=1)

    def test_several_shifts_are_found(self) -> None:
        levels = [1.0] * 20 + [1.3] * 20 + [1.1] * 20
        found = change_points.find(_logs(levels, 0.01, 1))
        self.assertEqual(found, [20, 40])

    def test_a_shift_is_found_among_bursts(self) -> None:
        (found,) = change_points.find(_logs([1.0] * 40 + [1.06] * 40, 0.01, 3, bursts=0.1))
        self.assertAlmostEqual(found, 40, delta=1)

    def test_a_series_without_a_shift_hardly_ever_has_one(self) -> None:
        for bursts in (0.0, 0.2):
            series = (_logs([1.0] * 40, 0.03, seed, bursts) for seed in range(200))
            self.assertLessEqual(sum(bool(change_points.find(one)) for one in series), 2)

    def test_single_outliers_are_no_shift(self) -> None:
        levels = [1.0] * 15 + [3.0, 3.0] + [1.0] * 15
        self.assertEqual(change_points.find(_logs(levels, 0.01, 1)), [])

    def test_the_same_series_has_the_same_shifts(self) -> None:
        series = _logs([1.0] * 12 + [1.02] * 12, 0.01, 5)
        self.assertEqual(change_points.find(series), change_points.find(series))

    def test_what_comes_later_does_not_move_a_shift_far(self) -> None:
        series = _logs([1.0] * 20 + [1.08] * 30, 0.015, 9)
        for count in range(28, 50, 7):
            found = change_points.find(series[:count])
            with self.subTest(count):
                self.assertEqual(len(found), 1)
                self.assertAlmostEqual(found[0], 20, delta=2)

    def test_constants_and_short_series_have_none(self) -> None:
        several: list[list[float]] = [[], [1.0] * 9, [1.0] * 100, [1.0] * 4 + [2.0] * 4]
        for series in several:
            self.assertEqual(change_points.find(series), [])


class DivergencesTest(unittest.TestCase):
    def test_they_are_what_their_definition_says(self) -> None:
        series = np.array(_logs([1.0] * 6 + [1.5] * 9, 0.1, 1))
        count, fewest = len(series), 3
        found = change_points.divergences(np.abs(series[:, None] - series[None, :]), fewest)
        for cut, value in zip(range(fewest, count - fewest + 1), found):
            x, y = series[:cut], series[cut:]
            between = np.mean([abs(a - b) for a in x for b in y])
            inside = [
                np.mean([abs(a - b) for i, a in enumerate(side) for b in side[i + 1 :]])
                for side in (x, y)
            ]
            wanted = (2 * between - sum(inside)) * len(x) * len(y) / count
            self.assertAlmostEqual(float(value), float(wanted), places=12)


if __name__ == "__main__":
    unittest.main()
