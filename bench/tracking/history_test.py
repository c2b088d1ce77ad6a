# SPDX-License-Identifier: Apache-2.0
"""Points come back as they were, in the commits' order, never beside those of other machines."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import unittest
from pathlib import Path

from bench.tracking import as_csv, history, journal
from bench.tracking.fixtures import MACHINE, RING, commit, point
from bench.tracking.google_benchmark import Key
from bench.tracking.verdicts import NotComparable, NotEnoughData

_ELSEWHERE = dataclasses.replace(MACHINE, kernel="7.0", microcode="0x2")


class HistoryTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "h.jsonl"

    def test_points_come_back_as_they_were(self) -> None:
        points = [point(1, 1.25), point(2, 3.5, Key("B", "instructions"))]
        history.add(self.path, points, new_machine=False)
        self.assertEqual(history.load(self.path), points)
        self.assertEqual(json.loads(self.path.read_text().splitlines()[0])["schema"], 1)

    def test_an_unlike_machine_is_refused_with_what_differs(self) -> None:
        history.add(self.path, [point(1, 1.0)], new_machine=False)
        before = self.path.read_bytes()
        other = dataclasses.replace(point(2, 1.0), machine=_ELSEWHERE)
        with self.assertRaises(NotComparable) as caught:
            history.add(self.path, [other], new_machine=False)
        said = str(caught.exception)
        self.assertIn("kernel: '6.1.0 #1' and '7.0'", said)
        self.assertIn("microcode: '0x1' and '0x2'", said)
        self.assertEqual(self.path.read_bytes(), before)
        history.add(self.path, [other], new_machine=True)
        self.assertEqual(len(history.load(self.path)), 2)

    def test_a_line_that_is_no_point_is_named(self) -> None:
        whole = point(1, 1.0).as_json()
        for wrong, wanted in (
            ({**whole, "schema": 2}, "schema 2, and this reads 1"),
            ({**whole, "kind": "rounds"}, "not a point"),
            ({**whole, "machine": {}}, "a machine has exactly"),
            ({**whole, "values": []}, "without values"),
            ({**whole, "values": [["B", "cpu time", []]]}, "without values"),
            ({key: value for key, value in whole.items() if key != "commit"}, "commit"),
        ):
            with self.subTest(wanted):
                self.path.unlink(missing_ok=True)
                journal.append(self.path, [whole, wrong])
                with self.assertRaisesRegex(journal.Broken, f"h.jsonl:2: .*{wanted}"):
                    history.load(self.path)

    def test_series_follow_the_commits_and_join_their_points(self) -> None:
        points = [point(3, 3.0), point(1, 1.0), point(3, 5.0, program="another")]
        (series,) = history.series_of(history.choose(points))
        self.assertEqual(series.key, RING)
        self.assertEqual([sample.middle for sample in series.samples], [1.0, 4.0])
        self.assertEqual(series.samples[1].programs, {"program 3", "another"})

    def test_points_of_other_machines_are_left_out_and_named(self) -> None:
        points = [dataclasses.replace(point(n, 9.0), machine=_ELSEWHERE) for n in (1, 2)]
        chosen = history.choose([*points, point(3, 1.0)])
        self.assertEqual([one.commit for one in chosen.points], [commit(3)])
        (left_out,) = chosen.left_out
        self.assertIn("2 points of machine", left_out)
        self.assertIn("kernel: '7.0' and '6.1.0 #1'", left_out)
        other = history.choose([*points, point(3, 1.0)], _ELSEWHERE.id)
        self.assertEqual(len(other.points), 2)
        with self.assertRaisesRegex(NotComparable, MACHINE.id):
            history.choose([point(1, 1.0)], "unknown")

    def test_points_built_or_counted_otherwise_are_left_out(self) -> None:
        for change in ({"build": "debug"}, {"counts_by": "perf"}):
            chosen = history.choose([dataclasses.replace(point(1, 1.0), **change), point(2, 1.0)])
            self.assertEqual((len(chosen.points), len(chosen.left_out)), (1, 1))

    def test_an_empty_history_is_not_enough(self) -> None:
        with self.assertRaises(NotEnoughData):
            history.choose([])

    def test_the_table_has_a_row_for_each_benchmark_of_each_point(self) -> None:
        strange = dataclasses.replace(commit(2), subject='a "quoted", one')
        points = [point(1, 1.5), dataclasses.replace(point(2, 2.5), commit=strange)]
        lines = as_csv.render(points).splitlines()
        self.assertEqual(lines[0], ",".join(as_csv.COLUMNS))
        self.assertIn("BM_Ring/64,ratio to floor,x floor,1,1.5,1.5,1.5", lines[1])
        self.assertIn('"a ""quoted"", one"', lines[2])


if __name__ == "__main__":
    unittest.main()
