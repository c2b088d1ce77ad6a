# SPDX-License-Identifier: Apache-2.0
"""Two modes are named, and one mode is not taken for two."""

from __future__ import annotations

import random
import unittest
from typing import Callable

from bench.tracking import modes


class ModesTest(unittest.TestCase):
    def test_two_modes_are_found_with_their_shares(self) -> None:
        draw = random.Random(1)
        values = [draw.gauss(4.1, 0.1) for _ in range(30)] + [draw.gauss(45, 2) for _ in range(10)]
        found = modes.find(values)
        assert found
        self.assertAlmostEqual(found.fast, 4.1, delta=0.1)
        self.assertAlmostEqual(found.slow, 45, delta=2)
        self.assertEqual(found.slow_share, 0.25)
        self.assertRegex(str(found), r"two modes: 4\.\d+ \(75%\) and 4\d\S* \(25%\)")

    def test_one_mode_is_hardly_ever_taken_for_two(self) -> None:
        draw = random.Random(2)
        shapes: dict[str, Callable[[], float]] = {
            "bell": lambda: draw.gauss(100, 5),
            "skewed": lambda: 100 * draw.lognormvariate(0, 0.3),
            "with bursts": lambda: draw.gauss(100, 3) * (1 + (draw.random() < 0.1) * draw.random()),
            "flat": lambda: draw.uniform(90, 110),
        }
        for name, shape in shapes.items():
            with self.subTest(name):
                wrong = sum(
                    modes.find([shape() for _ in range(40)]) is not None for _ in range(300)
                )
                self.assertLessEqual(wrong, 6)

    def test_a_few_outliers_are_no_mode(self) -> None:
        self.assertIsNone(modes.find([1.0, 1.01] * 20 + [9.0, 9.1]))

    def test_modes_as_near_as_noise_do_not_count(self) -> None:
        self.assertIsNone(modes.find([1.0] * 20 + [1.01] * 20))

    def test_too_few_values_say_nothing(self) -> None:
        self.assertIsNone(modes.find([1.0, 9.0] * 7))
        self.assertIsNone(modes.find([]))

    def test_zeros_say_nothing(self) -> None:
        self.assertIsNone(modes.find([0.0] * 20 + [5.0] * 20))


if __name__ == "__main__":
    unittest.main()
