# SPDX-License-Identifier: Apache-2.0
"""Reports become the best measure that they hold, or are refused with the reason."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from bench.tracking import google_benchmark
from bench.tracking.fixtures import report, row
from bench.tracking.google_benchmark import RATIO, Key
from bench.tracking.verdicts import NotComparable, NotEnoughData


class ParseTest(unittest.TestCase):
    def test_beside_a_floor_the_ratio_is_taken(self) -> None:
        rows = [row("B/1/floor", t) for t in (10.0, 11.0, 90.0)]
        rows += [row("B/1/testee", t) for t in (22.0, 33.0)]
        rows += [row("B/1/against", 99.0)]
        found = google_benchmark.parse(report(*rows), "r")
        # The floor's lower quartile is 10.5.
        self.assertEqual(found.values, {Key("B/1", RATIO): (22 / 10.5, 33 / 10.5)})
        self.assertEqual(found.typical(), {Key("B/1", RATIO): (22 + 11 / 4) / 10.5})

    def test_without_a_floor_the_time_is_taken(self) -> None:
        found = google_benchmark.parse(report(row("B/1", 3.0, time_unit="us")), "r")
        self.assertEqual(found.values, {Key("B/1", "cpu time"): (3000.0,)})

    def test_where_real_time_was_asked_for_it_is_taken(self) -> None:
        rows = [row(f"B/{role}/real_time", t, cpu_time=0.1) for role, t in (("testee", 6.0),)]
        rows += [row("B/floor/real_time", 3.0, cpu_time=0.1)]
        found = google_benchmark.parse(report(*rows), "r")
        self.assertEqual(found.values, {Key("B/real_time", RATIO): (2.0,)})

    def test_counts_are_taken_beside_times_with_who_counted(self) -> None:
        rows = [row("B/testee", 4.0, instructions=46.0, syscalls=0.0), row("B/floor", 2.0)]
        found = google_benchmark.parse(report(*rows, counts_by="callgrind"), "r")
        self.assertEqual(found.counts_by, "callgrind")
        self.assertEqual(found.values[Key("B", "instructions")], (46.0,))
        self.assertEqual(found.values[Key("B", "syscalls")], (0.0,))
        self.assertEqual(found.values[Key("B", RATIO)], (2.0,))

    def test_what_tells_no_time_is_only_counted(self) -> None:
        rows = [row("B/testee", 0.0, syscalls=9.0), row("B/floor", 0.0, syscalls=2.0)]
        found = google_benchmark.parse(report(*rows), "r")
        self.assertEqual(found.values, {Key("B", "syscalls"): (9.0,)})

    def test_instructions_stand_for_what_is_too_short_for_times(self) -> None:
        rows = [row("B/testee", 4.0), row("B/floor", 2.0), row("C/testee", 400.0)]
        text = google_benchmark.counted(report(*rows), lambda name: ("perf", float(len(name))))
        found = google_benchmark.parse(text, "r")
        self.assertEqual(found.counts_by, "perf")
        expected = {Key("B", "instructions"): (8.0,), Key("C", "cpu time"): (400.0,)}
        self.assertEqual(found.values, expected)

    def test_what_is_wrong_is_refused_with_the_reason(self) -> None:
        whole = report(row("B", 1.0))
        for text, wanted in (
            (whole[:-20], "r: no whole JSON document"),
            ("", "no whole JSON document"),
            ("[]", "not a report of Google Benchmark"),
            ('{"benchmarks": [{}]}', "not a report of Google Benchmark"),
            ('{"benchmarks": [3]}', "not a report of Google Benchmark"),
            (report(), "holds no repetitions"),
            (report(row("B_mean", 1.0, run_type="aggregate")), "holds no repetitions"),
            (report(row("B", 1.0, error_occurred=True, error_message="EIO")), "B: EIO"),
            (report(row("B/floor", 1.0)), "the report has no testee"),
            (report(row("B/testee", 1.0), row("B/floor", 0.0)), "B/floor: a cpu time of 0"),
            (report(row("B", 0.0)), "B: a cpu time of 0"),
            (report(row("B", float("nan"))), "B: a cpu time of nan"),
            (report(row("B", float("inf"))), "B: a cpu time of inf"),
            (report(row("B", 1.0, time_unit="weeks")), "not a report"),
        ):
            with self.subTest(wanted), self.assertRaisesRegex(NotEnoughData, wanted):
                google_benchmark.parse(text, "r")

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(NotEnoughData, "gone.json"):
                google_benchmark.load(Path(folder) / "gone.json")

    def test_a_benchmark_that_was_hardly_run_was_not_measured(self) -> None:
        rows = [row("B", 5e6, iterations=1), row("B", 20.0, iterations=1)]
        with self.assertRaises(google_benchmark.Disturbed):
            google_benchmark.parse(report(*rows), "r", least_seconds=0.005)
        enough = [row("B", 20.0, iterations=250000) for _ in range(2)]
        self.assertEqual(len(google_benchmark.parse(report(*enough), "r", 0.005).values), 1)


class TogetherTest(unittest.TestCase):
    def test_unlike_reports_are_refused(self) -> None:
        for name in ("host_name", "counts_by", "library_build_type"):
            one, other = (
                google_benchmark.parse(report(row("B", 1.0), **{name: text}), "r")
                for text in ("x", "y")
            )
            with self.subTest(name), self.assertRaisesRegex(NotComparable, "'x' and 'y'"):
                google_benchmark.require_same_build([one, other])

    def test_a_report_of_another_host_is_refused(self) -> None:
        one = google_benchmark.parse(report(row("B", 1.0), host_name="far.away"), "r")
        with self.assertRaisesRegex(NotComparable, "far.away"):
            google_benchmark.require_host([one])


if __name__ == "__main__":
    unittest.main()
