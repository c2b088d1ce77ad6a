#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the targets."""

import unittest
from typing import Any

from bench import targets
from bench.ratios import NotComparable
from bench.targets import Target


def row(name: str, time: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "run_name": name, "cpu_time": time, "time_unit": "us"} | more


def report(**times: float) -> dict[str, Any]:
    return {"benchmarks": [row(f"B/{role}", time) for role, time in times.items()]}


def target(
    per: str = "against",
    bound: float = 0.5,
    is_least: bool = False,
    quantity: str = "time",
    **more: Any,
) -> Target:
    return Target("X1", "a thing", "B", quantity, bound, per, is_least, **more)


class JudgeTest(unittest.TestCase):
    def test_a_share_of_the_other_implementation(self) -> None:
        for testee, reached in ((5.0, True), (5.1, False)):
            (only,) = targets.judge([target()], [report(testee=testee, against=10.0, floor=1.0)])
            self.assertEqual(only.is_reached, reached)
            self.assertAlmostEqual(only.value, testee / 10)

    def test_a_share_of_the_floor_and_a_time_as_it_is(self) -> None:
        measured = [report(testee=6.0, against=10.0, floor=3.0)]
        outcomes = targets.judge([target("floor", 2), target("", 5.9)], measured)
        self.assertEqual([one.value for one in outcomes], [2.0, 6.0])
        self.assertEqual([one.is_reached for one in outcomes], [True, False])

    def test_at_least(self) -> None:
        for testee, reached in ((4.9, False), (5.0, True)):
            measured = [report(testee=testee, against=10.0)]
            (only,) = targets.judge([target(is_least=True)], measured)
            self.assertEqual(only.is_reached, reached)

    def test_a_counter_of_another_report(self) -> None:
        counted = {"benchmarks": [row("C/testee", 1.0, calls=7), row("C/floor", 1.0)]}
        wanted = Target("X2", "calls", "C", "calls", 7)
        (only,) = targets.judge([wanted], [report(testee=1.0, floor=1.0), counted])
        self.assertEqual((only.value, only.is_reached), (7.0, True))

    def test_what_was_not_measured_is_refused(self) -> None:
        measured = [report(testee=1.0, floor=1.0)]
        with self.assertRaisesRegex(NotComparable, "no calls was measured"):
            targets.judge([target(quantity="calls")], measured)
        with self.assertRaisesRegex(NotComparable, "nothing to divide by: against"):
            targets.judge([target()], measured)

    def test_a_miss_is_known_only_with_a_reason(self) -> None:
        measured = [report(testee=9.0, against=10.0)]
        known, unknown = targets.judge([target(in_the_way="the kernel"), target()], measured)
        self.assertEqual((known.is_reached, known.is_known), (False, True))
        self.assertEqual((unknown.is_reached, unknown.is_known), (False, False))

    def test_a_floor_explains_a_miss_only_where_it_misses_as_well(self) -> None:
        wanted = target(in_the_way="the floor", if_floor_misses=True)
        for floor, is_known in ((6.0, True), (4.0, False)):
            (only,) = targets.judge([wanted], [report(testee=9.0, against=10.0, floor=floor)])
            self.assertEqual((only.is_reached, only.is_known), (False, is_known))


class TableTest(unittest.TestCase):
    def test_misses_stand_out_and_have_their_reason_below(self) -> None:
        measured = [report(testee=1234.0, against=10.0)]
        text = targets.table(
            targets.judge([target(in_the_way="the kernel"), target("", 5000)], measured)
        )
        self.assertIn(
            "| X1 | a thing, µs | 1,234 | 10 |  | 123 of liblxc's | ≤ 0.5 | **missed** |", text
        )
        self.assertIn("| 1,234 | ≤ 5,000 | reached |", text)
        self.assertIn("- X1, a thing: the kernel\n", text)


class FileTest(unittest.TestCase):
    def test_the_project_s_own_targets_are_read(self) -> None:
        ids = {one.id for one in targets.load()}
        self.assertLessEqual({"C1", "C3", "C5", "S1", "S5", "B1", "B5", "L1", "L2", "L3"}, ids)

    def test_what_is_wrong_is_said(self) -> None:
        good = "id: A, what: w, benchmark: B, quantity: time, at_most: 1"
        self.assertEqual(targets.parse(f"[{{{good}}}]")[0].bound, 1)
        for text, wanted in (
            ("{}", "not a list"),
            ("[1]", "not a list"),
            (f"[{{{good}, color: red}}]", "A: what about 'color'"),
            ("[{id: A, what: w, benchmark: B, at_most: 1}]", "what about 'quantity'"),
            (f"[{{{good}, per: mile}}]", "per 'mile'"),
            (f"[{{{good}, at_least: 1}}]", "one of at_most and at_least"),
            ("[{id: A, what: w, benchmark: B, quantity: time}]", "one of at_most and at_least"),
            (f"[{{{good.replace('1', '0')}}}]", "above 0"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ValueError, wanted):
                targets.parse(text)


if __name__ == "__main__":
    unittest.main()
