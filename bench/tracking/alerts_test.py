# SPDX-License-Identifier: Apache-2.0
"""One alert for each shift, quiet where it is acknowledged, and none for what was not the code."""

from __future__ import annotations

import dataclasses
import unittest
from typing import Sequence

from bench.tracking import alerts, history
from bench.tracking.acknowledged import Acknowledged, added, parse
from bench.tracking.fixtures import RING, commit, noisy, point
from bench.tracking.google_benchmark import RATIO, Key
from bench.tracking.verdicts import NotEnoughData, Verdict

_OTHER = Key("BM_Ring/1024", RATIO)


def _analysed(
    levels: Sequence[float],
    known: Sequence[Acknowledged] = (),
    programs: Sequence[str] = (),
    keys: Sequence[Key] = (RING,),
    spread: float = 0.01,
) -> tuple[list[alerts.Analysed], list[alerts.Alert], Verdict]:
    points = []
    for index, key in enumerate(keys):
        for number, value in enumerate(noisy(levels, spread, index + 1, bursts=0)):
            points.append(point(number, value, key, programs[number] if programs else ""))
    chosen = history.choose(points)
    analysed = [alerts.analyse(series, known) for series in history.series_of(chosen)]
    found = alerts.group(analysed, chosen.commits)
    return analysed, found, alerts.verdict(analysed, found)


_SLOWER = [1.0] * 20 + [1.2] * 20


def _known(number: int, benchmark: str = "BM_Ring/*", direction: str = "slower") -> Acknowledged:
    return Acknowledged(commit(number).hash, benchmark, direction, "the checks are worth it")


class AlertsTest(unittest.TestCase):
    def test_a_steady_history_has_no_alert(self) -> None:
        _, found, verdict = _analysed([1.0] * 40)
        self.assertEqual((found, verdict), ([], Verdict.NONE))

    def test_a_shift_upwards_is_one_alert_naming_the_commit(self) -> None:
        _, (only,), verdict = _analysed(_SLOWER)
        self.assertEqual((only.commit, only.direction), (commit(20), "slower"))
        self.assertAlmostEqual(only.shifts[0].change, 0.2, delta=0.02)
        self.assertEqual(verdict, Verdict.REGRESSION)

    def test_one_shift_of_many_benchmarks_is_one_alert(self) -> None:
        keys = [Key(f"B/{n}", RATIO) for n in range(5)]
        _, (only,), verdict = _analysed(_SLOWER, keys=keys)
        self.assertEqual(len(only.shifts), 5)
        self.assertEqual(verdict, Verdict.REGRESSION)

    def test_it_stays_one_alert_while_the_history_grows(self) -> None:
        for count in range(28, 60, 8):
            _, found, _ = _analysed(([1.0] * 20 + [1.2] * 40)[:count])
            with self.subTest(count):
                self.assertEqual(len(found), 1)

    def test_an_acknowledged_shift_is_quiet_while_the_history_grows(self) -> None:
        for count in range(28, 60, 10):
            levels = ([1.0] * 20 + [1.2] * 40)[:count]
            _, (only,), verdict = _analysed(levels, [_known(20)])
            self.assertEqual(only.acknowledged, "the checks are worth it")
            self.assertEqual(verdict, Verdict.NONE)

    def test_what_is_acknowledged_elsewhere_is_loud(self) -> None:
        for known in (_known(12), _known(20, "BM_Pump/*"), _known(20, direction="faster")):
            self.assertEqual(_analysed(_SLOWER, [known])[2], Verdict.REGRESSION)

    def test_one_benchmark_acknowledged_leaves_the_other_loud(self) -> None:
        known = [_known(20, RING.benchmark)]
        _, (only,), verdict = _analysed(_SLOWER, known, keys=(RING, _OTHER))
        self.assertEqual((only.acknowledged, verdict), ("", Verdict.REGRESSION))

    def test_a_second_shift_after_an_acknowledged_one_is_loud(self) -> None:
        _, found, verdict = _analysed([1.0] * 20 + [1.2] * 20 + [1.5] * 20, [_known(20)])
        self.assertEqual([bool(alert.acknowledged) for alert in found], [True, False])
        self.assertEqual(verdict, Verdict.REGRESSION)

    def test_a_shift_downwards_is_shown_and_no_regression(self) -> None:
        _, (only,), verdict = _analysed([1.0] * 20 + [0.8] * 20)
        self.assertEqual((only.direction, verdict), ("faster", Verdict.NONE))

    def test_a_shift_of_one_and_the_same_program_was_the_machine(self) -> None:
        _, (only,), verdict = _analysed(_SLOWER, programs=["the same"] * 40)
        self.assertTrue(only.same_program)
        self.assertEqual(verdict, Verdict.TOO_NOISY)
        changed = ["old"] * 20 + ["new"] * 20
        self.assertEqual(_analysed(_SLOWER, programs=changed)[2], Verdict.REGRESSION)

    def test_imported_reports_have_no_program_to_compare(self) -> None:
        points = [point(n, v) for n, v in enumerate(noisy(_SLOWER, 0.01, 1, bursts=0))]
        bare = [dataclasses.replace(one, program="") for one in points]
        (series,) = history.series_of(history.choose(bare))
        (shift,) = alerts.analyse(series, ()).shifts
        self.assertFalse(shift.same_program)

    def test_shifts_that_are_worth_nothing_are_left_out(self) -> None:
        self.assertEqual(_analysed([1.0] * 30 + [1.01] * 30, spread=0.001)[1], [])

    def test_a_short_history_is_not_enough(self) -> None:
        self.assertEqual(_analysed([1.0] * 15)[2], Verdict.NOT_ENOUGH_DATA)

    def test_the_shortest_history_can_show_a_shift(self) -> None:
        self.assertEqual(_analysed([1.0] * 8 + [1.2] * 8)[2], Verdict.REGRESSION)

    def test_points_that_scatter_are_too_noisy(self) -> None:
        analysed, _, verdict = _analysed([1.0] * 40, spread=0.3)
        self.assertEqual(verdict, Verdict.TOO_NOISY)
        self.assertIn("points scatter", analysed[0].notes[-1])

    def test_counts_that_grow_a_little_are_a_shift(self) -> None:
        counts = [200.0] * 10 + [203.0] * 10
        key = Key("B", "instructions")
        points = [point(n, value, key) for n, value in enumerate(counts)]
        (series,) = history.series_of(history.choose(points))
        (shift,) = alerts.analyse(series, ()).shifts
        self.assertEqual((shift.position, shift.before, shift.after), (10, 200.0, 203.0))


class AcknowledgedTest(unittest.TestCase):
    def test_entries_are_added_and_the_rest_stays(self) -> None:
        entry = Acknowledged("0123456789", "B/*", "slower", 'says "why": #1')
        first = added("", entry)
        self.assertIn("SPDX", first)
        self.assertEqual(parse(first, "f"), [entry])
        second = added(first + "# a remark\n", entry)
        self.assertTrue(second.startswith(first + "# a remark\n"))
        self.assertEqual(parse(second, "f"), [entry, entry])

    def test_an_entry_that_is_not_right_is_an_error(self) -> None:
        good = {"commit": "'0123456'", "benchmark": "B", "direction": "slower", "reason": "r"}
        for change, wanted in (
            ({"commit": "HEAD"}, "'HEAD' is no commit"),
            ({"commit": "abc"}, "is no commit"),
            ({"reason": "' '"}, "no empty field"),
            ({"direction": "sideways"}, "neither slower nor faster"),
            ({"more": "x"}, "exactly"),
        ):
            fields = {**good, **change}
            text = "- " + "\n  ".join(f"{name}: {value}" for name, value in fields.items())
            with self.subTest(wanted), self.assertRaisesRegex(NotEnoughData, f"f: .*{wanted}"):
                parse(text, "f")
        for text in ("a: b", "- [", "- x"):
            with self.assertRaises(NotEnoughData):
                parse(text, "f")
        self.assertEqual(parse("# nothing\n", "f"), [])


if __name__ == "__main__":
    unittest.main()
