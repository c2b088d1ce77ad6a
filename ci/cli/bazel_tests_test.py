# SPDX-License-Identifier: Apache-2.0
"""Counting test cases: every test target counts, and none counts as passed by accident."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

from ci.cli.bazel_tests import Tally, count_cases, count_events

_GOOGLETEST = """<?xml version="1.0"?>
<testsuites tests="4"><testsuite name="S">
<testcase name="A" classname="S" status="run" result="completed" time="0"/>
<testcase name="B" classname="S" status="run" result="completed"><failure message="x"/></testcase>
<testcase name="C" classname="S" status="run" result="skipped"><skipped message="y"/></testcase>
<testcase name="D" classname="S" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
_GOOD = '<testsuites><testsuite name="x"><testcase name="x" status="run"/></testsuite></testsuites>'


class CountTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def event(self, label: str, status: str, xml: str | None, attempt: int = 1) -> str:
        outputs = []
        if xml is not None:
            path = self.folder / f"{label.strip('/')}-{attempt}.xml"
            path.write_text(xml, encoding="utf-8")
            outputs.append({"name": "test.xml", "uri": path.as_uri()})
        identity = {"label": label, "run": 1, "shard": 1, "attempt": attempt}
        result = {"status": status, "testActionOutput": outputs}
        return json.dumps({"id": {"testResult": identity}, "testResult": result})

    def count(self, *events: str) -> Tally:
        path = self.folder / "events.json"
        path.write_text("\n".join(['{"id":{"started":{}}}', *events]), encoding="utf-8")
        return count_events(path)

    def counted(self, *events: str) -> tuple[int, int, int]:
        tally = self.count(*events)
        return tally.passed, tally.failed, tally.skipped

    def test_cases_of_googletest_are_told_apart(self) -> None:
        tally = count_cases(_GOOGLETEST)
        self.assertEqual((tally.passed, tally.failed, tally.skipped), (1, 1, 2))
        self.assertEqual(tally.failures, ["S.B"])

    def test_cases_that_are_only_listed_are_not_counted(self) -> None:
        listing = '<testsuites><testsuite name="x"><testcase name="x"/></testsuite></testsuites>'
        self.assertEqual(count_cases(listing).total, 0)
        self.assertEqual(self.counted(self.event("//a", "PASSED", listing)), (1, 0, 0))

    def test_targets_add_up(self) -> None:
        first = self.event("//a", "FAILED", _GOOGLETEST)
        self.assertEqual(self.counted(first, self.event("//b", "PASSED", _GOOD)), (2, 1, 2))

    def test_a_target_that_failed_without_a_failing_case_is_a_failure(self) -> None:
        self.assertEqual(self.counted(self.event("//a", "TIMEOUT", _GOOD)), (1, 1, 0))
        self.assertEqual(self.counted(self.event("//a", "FAILED", None)), (0, 1, 0))
        self.assertEqual(self.counted(self.event("//a", "FAILED", "<torn")), (0, 1, 0))

    def test_a_target_that_passed_without_cases_counts_once(self) -> None:
        self.assertEqual(self.counted(self.event("//a", "PASSED", None)), (1, 0, 0))

    def test_the_last_attempt_counts(self) -> None:
        first = self.event("//a", "FAILED", _GOOGLETEST)
        self.assertEqual(self.counted(first, self.event("//a", "PASSED", _GOOD, 2)), (1, 0, 0))

    def test_a_failure_names_its_target(self) -> None:
        tally = self.count(self.event("//a", "FAILED", _GOOGLETEST))
        self.assertIn("//a: S.B", tally.failures[0])


if __name__ == "__main__":
    unittest.main()
