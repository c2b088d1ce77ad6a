# SPDX-License-Identifier: Apache-2.0
"""Rounds are judged: what is slower, what is not, and what nobody can say."""

from __future__ import annotations

import unittest
from typing import Sequence

from bench.tracking import estimate
from bench.tracking.compare import Round, judge
from bench.tracking.fixtures import RING, noisy
from bench.tracking.google_benchmark import Key
from bench.tracking.verdicts import NotEnoughData, Verdict

_COUNT = Key("BM_Ring/64", "instructions")


def _rounds(a: Sequence[float], b: Sequence[float], key: Key = RING) -> list[Round]:
    pairs = zip(a[::2], a[1::2], b[::2], b[1::2])
    return [Round(({key: a1}, {key: a2}), ({key: b1}, {key: b2})) for a1, a2, b1, b2 in pairs]


def _judged(factor: float, spread: float, seed: int = 1, rounds: int = 20) -> Verdict:
    a = noisy([1.0] * 2 * rounds, spread, seed)
    b = noisy([factor] * 2 * rounds, spread, seed + 1000)
    return judge(_rounds(a, b)).verdict


class JudgeTest(unittest.TestCase):
    def test_the_same_is_no_regression(self) -> None:
        self.assertEqual(_judged(1.0, 0.02), Verdict.NONE)

    def test_slower_is_a_regression(self) -> None:
        self.assertEqual(_judged(1.05, 0.02), Verdict.REGRESSION)

    def test_faster_is_no_regression(self) -> None:
        self.assertEqual(_judged(0.8, 0.02), Verdict.NONE)

    def test_what_nobody_can_see_through_the_noise_is_too_noisy(self) -> None:
        self.assertEqual(_judged(1.0, 0.5), Verdict.TOO_NOISY)

    def test_certain_but_tiny_is_no_regression(self) -> None:
        self.assertEqual(_judged(1.01, 0.001), Verdict.NONE)

    def test_a_drift_through_the_run_is_no_regression(self) -> None:
        drift = [1 + 0.01 * n for n in range(80)]
        rounds = []
        for first, order in zip(range(0, 80, 4), ("ABBA", "BAAB") * 10):
            sides: dict[str, list[float]] = {"A": [], "B": []}
            for side, value in zip(order, drift[first:]):
                sides[side].append(value)
            (a1, a2), (b1, b2) = sides["A"], sides["B"]
            rounds.append(Round(({RING: a1}, {RING: a2}), ({RING: b1}, {RING: b2})))
        (row,) = judge(rounds).rows
        self.assertEqual(row.verdict, Verdict.NONE)
        self.assertLess(abs(row.change), 0.001)

    def test_of_counts_a_small_growth_is_a_regression(self) -> None:
        for before, after, wanted in (
            (200.0, 202.0, Verdict.REGRESSION),
            (200.0, 200.0, Verdict.NONE),
            (200.0, 200.5, Verdict.NONE),
            (0.0, 1.0, Verdict.REGRESSION),
            (0.0, 0.0, Verdict.NONE),
            (1.0, 0.0, Verdict.NONE),
        ):
            with self.subTest((before, after)):
                rounds = _rounds([before] * 24, [after] * 24, _COUNT)
                self.assertEqual(judge(rounds).verdict, wanted)

    def test_too_few_rounds_are_not_enough_data(self) -> None:
        with self.assertRaisesRegex(NotEnoughData, "need 8 rounds"):
            judge(_rounds([1.0] * 14, [2.0] * 14))
        with self.assertRaises(NotEnoughData):
            judge([])

    def test_many_benchmarks_need_more_rounds(self) -> None:
        values = {Key(f"B/{n}", "cpu time"): 1.0 for n in range(100)}
        with self.assertRaisesRegex(NotEnoughData, "100 benchmarks need 15 rounds"):
            judge([Round((values, values), (values, values))] * 14)

    def test_a_benchmark_that_is_gone_is_not_enough_data_unless_that_is_fine(self) -> None:
        both, one = {RING: 1.0, _COUNT: 1.0}, {RING: 1.0}
        rounds = [Round((both, both), (one, one))] * 20
        self.assertEqual(judge(rounds).verdict, Verdict.NOT_ENOUGH_DATA)
        self.assertEqual(judge(rounds).gone, (_COUNT,))
        self.assertEqual(judge(rounds, gone_is_fine=True).verdict, Verdict.NONE)

    def test_a_new_benchmark_is_named_and_not_judged(self) -> None:
        both, one = {RING: 1.0, _COUNT: 1.0}, {RING: 1.0}
        judged = judge([Round((one, one), (both, both))] * 20)
        self.assertEqual((judged.verdict, judged.new), (Verdict.NONE, (_COUNT,)))

    def test_a_benchmark_that_only_some_processes_have_is_an_error(self) -> None:
        both, one = {RING: 1.0, _COUNT: 1.0}, {RING: 1.0}
        rounds = [Round((both, both), (both, both))] * 19 + [Round((both, one), (both, both))]
        with self.assertRaisesRegex(NotEnoughData, "missing from some processes"):
            judge(rounds)

    def test_nothing_in_common_is_not_enough_data(self) -> None:
        rounds = [Round(({RING: 1.0},) * 2, ({_COUNT: 1.0},) * 2)] * 20
        with self.assertRaisesRegex(NotEnoughData, "no benchmark in common"):
            judge(rounds)

    def test_two_modes_are_named(self) -> None:
        a = noisy([1.0, 4.0, 1.0, 4.0, 1.0] * 8, 0.02, 3)
        judged = judge(_rounds(a, noisy([1.0] * 40, 0.02, 4)))
        (row,) = judged.rows
        self.assertEqual(len(row.notes), 1)
        self.assertRegex(row.notes[0], r"A has two modes: (1|0\.99)\S* \(\d\d%\) and (4|3\.9)")


class EstimateTest(unittest.TestCase):
    def test_bounds_hold_the_true_shift_as_often_as_promised(self) -> None:
        above = below = 0
        for seed in range(400):
            found = estimate.signed_ranks([x - 1 for x in noisy([1.0] * 20, 0.02, seed)], 0.95)
            above += found.low > 0.002
            below += found.high < -0.002
        self.assertLess(below, 40)
        self.assertLess(above, 60)

    def test_holm_multiplies_by_what_is_left(self) -> None:
        self.assertEqual(estimate.holm([0.04, 0.01, 0.9]), [0.08, 0.03, 0.9])
        self.assertEqual(estimate.holm([0.5, 0.5]), [1.0, 1.0])

    def test_nothing_at_all_is_an_error(self) -> None:
        with self.assertRaises(ValueError):
            estimate.signed_ranks([], 0.95)


if __name__ == "__main__":
    unittest.main()
