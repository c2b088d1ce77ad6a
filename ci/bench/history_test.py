# SPDX-License-Identifier: Apache-2.0
"""The history: points of commits, shifts found in them, acknowledged ones quiet."""

from __future__ import annotations

import json
import socket
import unittest
from typing import Any

from bench.tracking import history
from ci.bench.fixtures import BUILD, BenchTest


class HistoryTest(BenchTest):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "history.jsonl"
        self.known = self.folder / "acknowledged.yaml"

    def history(self, *words: str) -> tuple[int, str, str]:
        files = ("--history", str(self.file), "--acknowledged", str(self.known))
        where = ("--repository", str(self.repository), *BUILD)
        return self.run_bench("history", *files, *where, "--starts", "3", *words)

    def _make(self) -> str:
        """Nine fast commits and nine slow ones; returns the hash of the first slow one."""
        slow = ""
        for day in range(1, 19):
            made = self.timed(f"change {day}", 1000 + day if day < 10 else 1200 + day, day)
            slow = slow or (made if day == 10 else "")
        return slow

    def test_a_shift_is_found_named_acknowledged_and_then_quiet(self) -> None:
        slow = self._make()
        page, table = self.folder / "h.html", self.folder / "h.csv"
        files = ("--html", str(page), "--csv", str(table))
        code, out, err = self.history("--commits", "HEAD", *files)
        self.assertIn("18 commits, 18 of them without a point", err)
        self.assertEqual(code, 1, out + err)
        self.assertIn(f"slower since {slow[:10]} change 10  (regression)", out)
        self.assertIn(f'<li class="slower"><h3>1. slower since <code>{slow[:10]}', page.read_text())
        self.assertEqual(len(table.read_text().splitlines()), 1 + 3 * 18)
        self.assertEqual(len(history.load(self.file)), 3 * 18)

        where = ("--repository", str(self.repository), "--acknowledged", str(self.known))
        words = ("ack", slow, "BM_Ring", "slower", "--reason", "checks all bytes", *where)
        self.assertEqual(self.run_bench(*words)[0], 0)
        before = self.file.read_bytes()
        code, out, err = self.history("--commits", "HEAD")
        self.assertEqual(code, 0, out + err)
        self.assertIn("18 commits, 0 of them without a point", err)
        self.assertIn("(acknowledged: checks all bytes)", out)
        self.assertEqual(self.file.read_bytes(), before)

    def test_commits_without_a_benchmark_are_left_out_and_named(self) -> None:
        self.commit("no ring yet", None, 1)
        self.timed("a ring", 1000, 2)
        code, out, err = self.history("--commits", "HEAD")
        self.assertEqual(code, 3)
        self.assertIn("no ring yet is left out", err)
        self.assertIn("1 commits, and 16 are the least", out)

    def test_reports_are_recorded_and_those_of_another_host_refused(self) -> None:
        commit = self.timed("a ring", 1000)
        row: dict[str, Any] = {
            "name": "B",
            "run_type": "iteration",
            "iterations": 9,
            "time_unit": "ns",
        }
        for host, wanted in ((socket.gethostname(), 0), ("elsewhere", 2)):
            report = self.folder / f"{host}.json"
            rows = [{**row, "cpu_time": 5.0, "real_time": 5.0}]
            report.write_text(json.dumps({"context": {"host_name": host}, "benchmarks": rows}))
            where = ("--repository", str(self.repository), "--history", str(self.file))
            self.assertEqual(self.run_bench("record", str(report), *where)[0], wanted)
        (point,) = history.load(self.file)
        self.assertEqual(point.commit.hash, commit)

    def test_a_history_of_another_machine_is_not_gone_on_with(self) -> None:
        self.timed("a ring", 1000)
        where = ("--repository", str(self.repository), "--history", str(self.file), *BUILD)
        self.assertEqual(self.run_bench("record", *where, "--starts", "1")[0], 0)
        text = self.file.read_text()
        value = json.loads(text)
        value["machine"]["governor"] = "another"
        self.file.write_text(json.dumps(value) + "\n")
        code, _, err = self.run_bench("record", *where, "--starts", "1")
        self.assertEqual(code, 2)
        self.assertIn("governor: 'another'", err)
        self.assertEqual(self.run_bench("record", *where, "--starts", "2", "--new-machine")[0], 0)
        self.assertEqual(len(history.load(self.file)), 3)

    def test_a_broken_line_is_named_and_set_aside_when_asked(self) -> None:
        self.timed("a ring", 1000)
        where = ("--repository", str(self.repository), "--history", str(self.file), *BUILD)
        self.run_bench("record", *where, "--starts", "1")
        whole = self.file.read_text()
        self.file.write_text(whole + whole[:50])
        for words in (("record", *where), ("history", "--history", str(self.file))):
            code, _, err = self.run_bench(*words)
            self.assertEqual(code, 3)
            self.assertIn("history.jsonl:2: the line is cut off", err)
        _, _, err = self.history("--set-aside")
        self.assertIn("1 broken lines were moved", err)
        self.assertEqual(self.file.read_text(), whole)
        self.assertIn("cut off", (self.folder / "history.jsonl.broken").read_text())


if __name__ == "__main__":
    unittest.main()
