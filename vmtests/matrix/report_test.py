# SPDX-License-Identifier: Apache-2.0
"""Tests of differences and reports. LXCSPEC_UPDATE=1 rewrites the golden files."""

import os
import unittest
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

from vmtests.matrix import differences, outcome, render, web
from vmtests.matrix.outcome import ExtensionResult, Outcome, TestResult
from vmtests.matrix.plan import Cell

TESTDATA = Path(__file__).with_name("testdata")


def _outcome(
    kernel: str, verdict: str = "pass", claim: str = "confirmed", testee: str = "reference"
) -> Outcome:
    good = verdict in ("pass", "expected_fail", "unsupported")
    return Outcome(
        cell=Cell(kernel, "unified", testee),
        ending="pass" if good else "test failure",
        release=f"{kernel}.9-cloud",
        version="7.0.0",
        seconds=12.3,
        boot_seconds=2.5,
        guests=1,
        extensions={
            "console_log": ExtensionResult(claim, {verdict: 1}, claim == "confirmed"),
            "other": ExtensionResult("not claimed"),
            "unread": ExtensionResult("unverified"),
        },
        tests={
            "ConsoleLogTest.Reads": TestResult(verdict, "console_log", "a <reason>", good),
            "OtherTest.IsAnnounced": TestResult("unsupported", "other", "not claimed"),
        },
        needs={"pty": True, "fscaps": kernel != "5.10"},
        problems=() if good else ("ConsoleLogTest.Reads failed, and no ledger entry explains it.",),
    )


OUTCOMES = [
    _outcome("6.12", "fail", "over-claimed"),
    _outcome("5.10"),
    _outcome("6.1"),
    _outcome("6.1", "expected_fail", testee="liblxc"),
    Outcome(Cell("6.12", "unified", "liblxc"), "infrastructure", "not on the mirror (404)"),
    replace(_outcome("7.3", testee="liblxc"), ending="panic", reason="Kernel panic - x", guests=2),
]


class DifferencesTest(unittest.TestCase):
    """From kernel to kernel, and from report to report."""

    def test_first_kernel_where_a_test_differs_is_found(self) -> None:
        found = differences.along_kernels(OUTCOMES[:3])
        self.assertEqual(
            [(d.where.kernel, d.since, str(d)) for d in found],
            [
                ("6.1", "5.10", "need fscaps: absent -> present"),
                ("6.12", "6.1", "claim console_log: confirmed -> over-claimed"),
                ("6.12", "6.1", "ConsoleLogTest.Reads: pass -> fail"),
            ],
        )
        first = differences.first_kernels(found, "reference", "unified")
        self.assertEqual(first, {"console_log": "6.12"})

    def test_kernel_without_evidence_is_passed_over(self) -> None:
        found = differences.along_kernels(
            [_outcome("6.1"), Outcome(Cell("6.12", "unified", "reference"), "start failure")]
        )
        self.assertEqual(found, [])

    def test_what_became_worse_is_a_regression(self) -> None:
        for before, now, worse in (
            ("pass", "fail", True),
            ("pass", "unsupported", True),
            ("expected_fail", "crash", True),
            ("fail", "pass", False),
            ("fail", "crash", False),
            ("expected_fail", "unsupported", False),
        ):
            with self.subTest(before=before, now=now):
                old, new = _outcome("6.1", before), _outcome("6.1", now)
                found = [
                    d.regression
                    for d in differences.with_report([old], [new])
                    if d.subject.endswith("Reads")
                ]
                self.assertEqual(found, [worse])

    def test_ending_that_became_worse_is_a_regression(self) -> None:
        old, new = _outcome("6.1"), replace(_outcome("6.1"), ending="panic")
        (found,) = differences.with_report([old], [new])
        self.assertTrue(found.regression)
        self.assertEqual(str(found), "ending: pass -> panic")

    def test_same_and_further_cells_are_no_difference(self) -> None:
        self.assertEqual(differences.with_report(OUTCOMES[:2], OUTCOMES), [])


class ReportTest(unittest.TestCase):
    """What is written and printed."""

    maxDiff = None

    def _golden(self, name: str, text: str) -> None:
        path = TESTDATA / name
        if os.environ.get("LXCSPEC_UPDATE") == "1":
            path.write_text(text, encoding="utf-8")
        self.assertEqual(text, path.read_text(encoding="utf-8"))

    def test_text_is_as_expected(self) -> None:
        self._golden("report.txt", render.text(OUTCOMES, 100))

    def test_heading_names_only_the_first_of_many_denied_calls(self) -> None:
        for count, wanted in ((0, "unified"), (2, "without c0, c1"), (6, "c3 and 2 more")):
            cell = Cell("6.1", "unified", "t", tuple(f"c{i}" for i in range(count)))
            with self.subTest(count):
                self.assertTrue(render.heading([Outcome(cell, "pass")]).endswith(wanted))

    def test_junit_is_as_expected(self) -> None:
        self._golden("report.xml", render.junit(OUTCOMES))

    def test_html_is_as_expected(self) -> None:
        self._golden("report.html", web.page(OUTCOMES, 100))

    def test_json_reads_back_the_same(self) -> None:
        text = outcome.dump(OUTCOMES, 100)
        self._golden("report.json", text)
        self.assertEqual(outcome.load(text, "x"), outcome.ordered(OUTCOMES))

    def test_file_that_is_no_report_is_refused(self) -> None:
        for text in ("{", "[]", '{"schema": 2, "cells": []}', '{"schema": 1, "cells": [{}]}'):
            with self.subTest(text), self.assertRaisesRegex(outcome.ReportError, "^old.json: "):
                outcome.load(text, "old.json")

    def test_comparison_prints_only_what_changed(self) -> None:
        found = differences.with_report([_outcome("6.1")], [_outcome("6.1", "fail")])
        self.assertEqual(
            render.comparison_text(found),
            "REGRESSION: 6.1-unified-reference: ending: pass -> test failure\n"
            "REGRESSION: 6.1-unified-reference: ConsoleLogTest.Reads: pass -> fail\n",
        )
        self.assertEqual(render.comparison_text([]), "Nothing has changed.\n")

    def test_exit_code_tells_verdicts_from_infrastructure(self) -> None:
        for endings, code in (
            (("pass", "pass"), 0),
            (("pass", "infrastructure"), 3),
            (("start failure", "test failure"), 1),
            (("splat",), 1),
        ):
            cells = [Outcome(Cell("6.1", "unified", "t"), ending) for ending in endings]
            with self.subTest(endings):
                self.assertEqual(outcome.exit_code(cells), code)

    def test_reports_are_well_formed_whatever_a_testee_writes(self) -> None:
        nasty = replace(
            _outcome("6.1", "fail"),
            tests={"A.B": TestResult("fail", "console_log", "\x1b[2J</pre><script>&", False)},
            problems=("\x00 <b>",),
        )
        ElementTree.fromstring(render.junit([nasty]))
        self.assertNotIn("<script>", web.page([nasty], 1))


if __name__ == "__main__":
    unittest.main()
