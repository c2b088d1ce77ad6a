# SPDX-License-Identifier: Apache-2.0
"""Results of every form are read back; what is none is refused by name."""

from __future__ import annotations

import copy
import json
import random
import unittest
from pathlib import Path
from typing import Any

from ci.reports import as_json, load, model
from ci.reports.compare import Comparison
from ci.reports.fixtures import catalogue, judge, mixed, records, text_of
from ci.reports.results import Run

_REPORT = Path(__file__).resolve().parent / "testdata" / "report.json"
_CELL: dict[str, Any] = {
    "kernel": "6.12",
    "cgroup": "unified",
    "testee": "mine",
    "without": ["io_uring_setup"],
    "release": "6.12.9",
    "version": "7.0.0",
    "ending": "test failure",
    "needs": {"pty": True, "pidfd": False},
    "extensions": {
        "console_log": {"verdict": "over-claimed", "expected": False, "counts": {"fail": 1}},
        "pidfd": {"verdict": "under-claimed", "expected": True, "counts": {}},
    },
    "tests": {
        "ConsoleLogTest.ClearEmpties": {
            "verdict": "fail",
            "extension": "console_log",
            "expected": False,
            "detail": "5 bytes",
        },
        "PidfdTest.SignalArrives": {
            "verdict": "expected_fail",
            "extension": "pidfd",
            "expected": True,
            "detail": "lost",
        },
    },
    "problems": ["ConsoleLogTest.ClearEmpties failed, and no ledger entry explains it."],
}


def _plainly(run: Run) -> Comparison:
    return judge(run)


def _load(text: str) -> list[Comparison]:
    return load.load(text, "file", catalogue(), _plainly)


def _cells(*changes: dict[str, Any]) -> str:
    return json.dumps({"schema": 1, "seconds": 1, "cells": [{**_CELL, **each} for each in changes]})


class LoadTest(unittest.TestCase):
    def test_a_report_read_back_is_the_same_report(self) -> None:
        text = as_json.render([mixed(), judge_everything()])
        self.assertEqual(as_json.render(_load(text)), text)

    def test_a_report_without_logs_is_an_older_one(self) -> None:
        document = json.loads(_REPORT.read_text(encoding="utf-8"))
        for test in document["runs"][0]["tests"]:
            test.pop("output", None)
        self.assertEqual(_load(json.dumps(document))[0].tests[0].output, "")

    def test_raw_results_are_judged(self) -> None:
        (found,) = _load(text_of(records()))
        self.assertEqual(found.exit_code, 0)
        self.assertEqual(found.counts["pass"], 10)

    def test_a_cell_of_the_matrix_is_a_run(self) -> None:
        (found,) = _load(_cells({}))
        self.assertEqual((found.run.name, found.run.version), ("mine", "7.0.0"))
        self.assertEqual(found.run.kernel, "6.12.9, without io_uring_setup")
        self.assertEqual(found.exit_code, 1)
        by_id = {outcome.requirement.id: outcome for outcome in found.requirements}
        self.assertEqual(by_id["console_log.clear_empties"].verdict, model.FAIL)
        self.assertEqual(by_id["pidfd.signals"].reason, "lost")
        self.assertEqual(by_id["pidfd.lacking"].verdict, model.NOT_RUN)
        self.assertEqual(found.problems[0].test, "ConsoleLogTest.ClearEmpties")
        self.assertTrue(found.extensions[1].because)

    def test_a_cell_that_is_no_evidence_is_said_to_be_none(self) -> None:
        change = {"ending": "infrastructure", "reason": "no kernel", "tests": {}, "problems": []}
        (found,) = _load(_cells(change))
        self.assertEqual(found.exit_code, 3)
        self.assertEqual(found.problems[0].what, "infrastructure: no kernel")

    def test_a_panic_is_a_failure(self) -> None:
        (found,) = _load(_cells({"ending": "panic", "reason": "oops", "problems": []}))
        self.assertEqual(found.exit_code, 1)

    def test_what_is_no_results_file_is_refused_by_name(self) -> None:
        for text in ("", "[]", "7", "{}", '{"record": "need"}', "\x7fELF", "[" * 100_000):
            with self.subTest(text[:20]), self.assertRaisesRegex(load.LoadError, "^file: "):
                _load(text)
        with self.assertRaisesRegex(load.LoadError, "schema 2; this reads schema 1"):
            _load('{"schema": 2, "runs": []}')

    def test_a_wrong_type_anywhere_is_refused_or_harmless(self) -> None:
        document = json.loads(as_json.render([mixed()]))
        found = random.Random(4)
        for _ in range(400):
            spoilt = copy.deepcopy(document)
            _spoil(spoilt, found)
            try:
                comparisons = _load(json.dumps(spoilt))
            except load.LoadError as error:
                self.assertIn("file", str(error))
            else:
                as_json.render(comparisons)


def judge_everything() -> Comparison:
    """A run in which all is well."""
    (found,) = _load(text_of(records()))
    return found


def _spoil(value: Any, how: random.Random) -> None:
    """Replaces something inside by something of another type."""
    while True:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = how.choice(keys)
        inner = value[key]
        if isinstance(inner, (dict, list)) and inner and how.random() < 0.8:
            value = inner
            continue
        value[key] = how.choice([None, True, 3, -1.5, "\ud800<", [], {}, [None], {"x": []}])
        return


if __name__ == "__main__":
    unittest.main()
