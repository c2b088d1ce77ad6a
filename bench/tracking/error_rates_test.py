# SPDX-License-Identifier: Apache-2.0
"""Error rates are counted right; those of the committed data are as promised."""

from __future__ import annotations

import random
import tempfile
import unittest
from pathlib import Path

from bench.tracking import error_rates, journal
from bench.tracking.fixtures import MACHINE, RING, noisy
from bench.tracking.verdicts import NotEnoughData


def _data(spread: float, count: int = 200) -> error_rates.Data:
    values = noisy([1.0] * count, spread, 1, bursts=0)
    return error_rates.Data(MACHINE, "b", "2026", tuple({RING: value} for value in values))


def _ignore(_: int) -> None:
    pass


class RatesTest(unittest.TestCase):
    def test_of_a_quiet_machine_nothing_is_wrong(self) -> None:
        found = error_rates.rates(_data(0.005), 20, 50, _ignore)
        self.assertEqual((found.false_alarms, found.undecided), (0, 0))
        self.assertEqual((found.found, found.missed, found.open), (50, 0, 0))
        self.assertTrue(found.kept)

    def test_of_a_hopeless_machine_nothing_is_claimed(self) -> None:
        found = error_rates.rates(_data(0.5), 20, 50, _ignore)
        self.assertEqual(found.false_alarms, 0)
        self.assertGreater(found.undecided, 40)
        self.assertFalse(found.kept)

    def test_the_same_data_has_the_same_rates(self) -> None:
        data = _data(0.04)
        self.assertEqual(
            error_rates.rates(data, 20, 20, _ignore), error_rates.rates(data, 20, 20, _ignore)
        )

    def test_too_few_processes_are_not_enough(self) -> None:
        with self.assertRaisesRegex(NotEnoughData, "79 processes, and 80 are the least"):
            error_rates.rates(_data(0.01, 79), 20, 1, _ignore)

    def test_only_b_is_slowed(self) -> None:
        processes = [{RING: 1.0}] * 80
        draw = random.Random(1)
        for one in error_rates.drawn(processes, 20, draw, RING):
            self.assertEqual((one.a, one.b), (({RING: 1.0},) * 2, ({RING: 1.05},) * 2))

    def test_a_broken_file_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "d.jsonl"
            journal.append(path, [{"schema": 9, "kind": "processes"}])
            with self.assertRaisesRegex(journal.Broken, "d.jsonl:1"):
                error_rates.load(path)
            path.write_text("")
            with self.assertRaisesRegex(journal.Broken, "empty"):
                error_rates.load(path)


class CommittedTest(unittest.TestCase):
    def test_real_processes_have_the_rates_that_are_promised(self) -> None:
        # A tenth of what the command draws; the command's own result is committed beside the data.
        data = error_rates.only(error_rates.load(error_rates.DATA), "1024|4096|Read")
        found = error_rates.rates(data, 20, 100, _ignore)
        self.assertLessEqual(found.false_alarms, 2)
        self.assertGreaterEqual(found.found, 90)

    def test_a_pattern_that_fits_nothing_is_an_error(self) -> None:
        with self.assertRaisesRegex(NotEnoughData, "Nowhere"):
            error_rates.only(error_rates.load(error_rates.DATA), "Nowhere")


if __name__ == "__main__":
    unittest.main()
