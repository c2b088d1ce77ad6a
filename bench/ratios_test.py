#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the ratios."""

import unittest
from typing import Any

from bench.ratios import Count, NotComparable, counts, number, ratios


def row(name: str, time: float, **more: Any) -> dict[str, Any]:
    return {"name": name, "run_name": name, "cpu_time": time, "time_unit": "ns"} | more


class RatiosTest(unittest.TestCase):
    def test_medians_of_repetitions_are_divided(self) -> None:
        rows = [row("B/1/testee", t) for t in (10.0, 20.0, 900.0)]
        rows += [row("B/1/against", t) for t in (40.0, 40.0, 40.0)]
        rows += [row("B/1/floor", t) for t in (5.0, 5.0, 5.0)]
        (only,) = ratios({"benchmarks": rows})
        self.assertEqual(only.name, "B/1")
        self.assertEqual(only.to_against, 0.5)
        self.assertEqual(only.to_floor, 4.0)
        self.assertEqual(only.repetitions, 3)

    def test_benchmarks_come_in_the_programs_order(self) -> None:
        rows = [
            row("B/16/testee", 2.0, family_index=1, per_family_instance_index=1),
            row("C/testee", 3.0, family_index=2, per_family_instance_index=0),
            row("B/9/testee", 1.0, family_index=1, per_family_instance_index=0),
            row("A/testee", 1.0, family_index=0, per_family_instance_index=0),
        ]
        found = [one.name for one in ratios({"benchmarks": rows})]
        self.assertEqual(found, ["A", "B/9", "B/16", "C"])

    def test_what_was_only_counted_has_no_ratio(self) -> None:
        rows = [row("B/testee", 0.0, syscalls=3.0), row("C/testee", 1.0)]
        self.assertEqual([one.name for one in ratios({"benchmarks": rows})], ["C"])
        self.assertEqual([one.benchmark for one in counts({"benchmarks": rows})], ["B"])

    def test_numbers_have_three_digits_or_all_before_the_point(self) -> None:
        said = [number(value) for value in (None, 0.0022341, 41.96, 81576.4)]
        self.assertEqual(said, ["", "0.00223", "42", "81,576"])

    def test_units_are_brought_together(self) -> None:
        rows = [
            row("B/testee", 1.0, time_unit="us"),
            row("B/against", 2000.0),
            row("B/floor", 100.0),
        ]
        self.assertEqual(ratios({"benchmarks": rows})[0].to_against, 0.5)

    def test_what_was_measured_by_the_wall_clock_is_told_by_it(self) -> None:
        rows = [
            row(f"B/{role}/iterations:1/manual_time", 1.0, real_time=time)
            for role, time in (("testee", 30.0), ("against", 10.0), ("floor", 5.0))
        ]
        (only,) = ratios({"benchmarks": rows})
        self.assertEqual(only.name, "B")
        self.assertEqual(only.to_against, 3.0)

    def test_counters_are_medians_too_and_may_be_of_some_roles_alone(self) -> None:
        rows = [row("B/testee", 1.0, iterations=1, syscalls=n) for n in (5, 400, 300)]
        rows += [row("B/floor", 1.0, iterations=1, syscalls=30)]
        self.assertEqual(counts({"benchmarks": rows}), [Count("B", "syscalls", 300.0, None, 30.0)])

    def test_aggregates_are_left_out(self) -> None:
        rows = [row("B/testee", 1.0), row("B/against", 1.0), row("B/floor", 1.0)]
        rows += [row("B/testee_mean", 7.0, run_type="aggregate")]
        self.assertEqual(ratios({"benchmarks": rows})[0].testee, 1.0)

    def test_a_failed_benchmark_is_refused_with_its_error(self) -> None:
        rows = [row("B/testee", 0.0, error_occurred=True, error_message="load_config: ENOENT")]
        with self.assertRaisesRegex(NotComparable, "load_config: ENOENT"):
            ratios({"benchmarks": rows})

    def test_a_benchmark_of_the_testee_alone_has_no_ratio(self) -> None:
        (only,) = ratios({"benchmarks": [row("B/testee", 1.0)]})
        self.assertEqual((only.testee, only.to_against, only.to_floor), (1.0, None, None))

    def test_a_missing_testee_is_refused(self) -> None:
        with self.assertRaisesRegex(NotComparable, "no testee"):
            ratios({"benchmarks": [row("B/against", 1.0), row("B/floor", 1.0)]})

    def test_an_empty_run_is_refused(self) -> None:
        with self.assertRaisesRegex(NotComparable, "nothing"):
            ratios({})


if __name__ == "__main__":
    unittest.main()
