# SPDX-License-Identifier: Apache-2.0
"""The report in its forms: what a terminal, a CI server and a program read."""

from __future__ import annotations

import io
import json
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
from rich.console import Console

from ci.reports import as_json, junit, table
from ci.reports.compare import Comparison
from ci.reports.fixtures import GoldenTest, catalogue, judge, mixed, run

_SCHEMA = Path(__file__).resolve().parent / "report.schema.json"


def _terminal(comparison: Comparison, quiet: bool = False, coloured: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        highlight=False,
        soft_wrap=True,
        width=100,
        color_system="standard" if coloured else None,
        force_terminal=coloured,
    )
    table.print_report(console, comparison, catalogue().requirements, quiet)
    return out.getvalue()


class TableTest(GoldenTest):
    def test_one_of_everything(self) -> None:
        self.assert_golden("table.txt", _terminal(mixed()))

    def test_nothing_unexpected(self) -> None:
        self.assert_golden("table_good.txt", _terminal(judge(run())))

    def test_quiet_says_only_what_was_not_expected(self) -> None:
        quiet = _terminal(judge(run()), quiet=True)
        self.assertEqual(quiet, "liblxc: 10 tests: 10 pass; nothing unexpected\n")
        self.assertIn("Unexpected:", _terminal(mixed(), quiet=True))

    def test_without_colours_there_is_no_escape_sequence(self) -> None:
        # What a testee printed must not reach the terminal as a command either.
        self.assertNotIn("\x1b", _terminal(mixed()))

    def test_with_colours_there_are_some(self) -> None:
        coloured = _terminal(mixed(), coloured=True)
        self.assertIn("\x1b[1;31m", coloured)


class JunitTest(GoldenTest):
    def test_one_of_everything(self) -> None:
        self.assert_golden("report.xml", junit.render([mixed()]))

    def test_it_is_what_readers_of_junit_expect(self) -> None:
        root = ElementTree.fromstring(junit.render([mixed(), judge(run())]))
        self.assertEqual(root.tag, "testsuites")
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for suite in root:
            self.assertEqual(suite.tag, "testsuite")
            cases = suite.findall("testcase")
            for case in cases:
                self.assertTrue(case.get("name") and case.get("classname"))
                kinds = [child.tag for child in case]
                # The order and number that the common schema allows.
                self.assertRegex(" ".join(kinds), r"^(failure|error|skipped)?( ?system-out){0,1}$")
                for child in case:
                    if child.tag in ("failure", "error"):
                        self.assertTrue(child.get("message") and child.get("type"))
            for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                self.assertEqual(int(suite.get(key, "")), len(suite.findall(f"testcase/{tag}")))
                totals[key] += int(suite.get(key, ""))
            self.assertEqual(int(suite.get("tests", "")), len(cases))
            totals["tests"] += len(cases)
        for key, total in totals.items():
            self.assertEqual(root.get(key), str(total))

    def test_a_stale_entry_alone_is_a_failure_there_too(self) -> None:
        book = "claims:\n- {extension: pidfd, verdict: under-claimed, because: b}\n"
        root = ElementTree.fromstring(junit.render([judge(run(), book)]))
        self.assertEqual(root.get("failures"), "1")


class JsonTest(GoldenTest):
    def test_one_of_everything(self) -> None:
        self.assert_golden("report.json", as_json.render([mixed()]))

    def test_it_is_as_its_schema_says(self) -> None:
        schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        for comparison in (mixed(), judge(run())):
            document = json.loads(as_json.render([comparison]))
            self.assertEqual(list(validator.iter_errors(document)), [])

    def test_the_schema_refuses_what_is_not_documented(self) -> None:
        validator = jsonschema.Draft7Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
        document = json.loads(as_json.render([mixed()]))
        document["runs"][0]["tests"][0]["verdict"] = "perhaps"
        self.assertFalse(validator.is_valid(document))
        document = json.loads(as_json.render([mixed()]))
        document["runs"][0]["undocumented"] = 1
        self.assertFalse(validator.is_valid(document))


if __name__ == "__main__":
    unittest.main()
