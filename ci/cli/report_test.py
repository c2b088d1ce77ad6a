# SPDX-License-Identifier: Apache-2.0
"""`report` writes every form of results that are there, and refuses what is none."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from ci.cli import main
from ci.reports import as_json
from ci.reports.fixtures import judge, mixed, records, run, text_of


def _run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main.main(words)
    return code, out.getvalue(), err.getvalue()


class ReportTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        other = run()
        other.name = "other"
        self.results = self.folder / "results.json"
        self.results.write_text(as_json.render([mixed(), judge(other)]), encoding="utf-8")

    def test_every_form_is_written_whatever_the_verdicts(self) -> None:
        names = ("html", "junit", "tap", "status-table", "badge")
        words = [word for name in names for word in (f"--{name}", str(self.folder / name))]
        code, out, err = _run("report", str(self.results), *words)
        self.assertEqual((code, out), (0, ""))
        self.assertEqual(err.count("written: "), len(names))
        texts = {name: (self.folder / name).read_text(encoding="utf-8") for name in names}
        self.assertTrue(texts["html"].startswith("<!doctype html>"))
        self.assertTrue(texts["tap"].startswith("TAP version 14"))
        self.assertIn("| `console_log` |", texts["status-table"])
        for name in ("junit", "badge"):
            ElementTree.fromstring(texts[name])

    def test_implementations_are_compared_on_the_terminal(self) -> None:
        code, out, _ = _run("report", str(self.results), "--compare")
        self.assertEqual(code, 0)
        self.assertIn("Where they differ: 5 requirements", out)

    def test_without_a_form_the_verdicts_are_printed(self) -> None:
        code, out, _ = _run("report", str(self.results))
        self.assertEqual(code, 0)
        self.assertIn("other: 10 tests: 10 pass; nothing unexpected", out)

    def test_a_bundle_needs_raw_results_that_name_what_ran(self) -> None:
        bundle = str(self.folder / "b.tar")
        code, _, err = _run("report", str(self.results), "--bundle", bundle)
        self.assertEqual(code, 2)
        self.assertIn("--bundle needs raw results", err)
        raw = self.folder / "raw.jsonl"
        raw.write_text(text_of(records()), encoding="utf-8")
        code, _, err = _run("report", str(raw), "--ledger", "none", "--bundle", bundle)
        self.assertEqual(code, 2)
        self.assertIn("do not say the SHA-256 of their testee", err)
        self.assertFalse(Path(bundle).exists())

    def test_no_run_is_no_report(self) -> None:
        self.results.write_text(json.dumps({"schema": 1, "runs": []}), encoding="utf-8")
        code, _, err = _run("report", str(self.results))
        self.assertEqual((code, err), (2, "lxcspec: there is no run in these results\n"))


if __name__ == "__main__":
    unittest.main()
