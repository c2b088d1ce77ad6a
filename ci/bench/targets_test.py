# SPDX-License-Identifier: Apache-2.0
"""`lxcspec bench targets`: judging what was measured before, and what it writes."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from bench import ratio_page, ratios, targets
from ci.cli import main

_FACTS = {"date": "2026-01-01", "kernel": "6.1"}


def _rows(target: targets.Target, value: float) -> list[dict[str, Any]]:
    """What a program would have written, had the quantity come to this value."""
    rows = []
    for role, time in (("testee", value), ("against", 1.0), ("floor", 1.0)):
        name = f"{target.benchmark}/{role}"
        row = {"name": name, "run_name": name, "cpu_time": time, "time_unit": "us"}
        if target.quantity != "time":
            row |= {"cpu_time": 1.0, target.quantity: time}
        rows.append(row)
    return rows


class TargetsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def judged(self, value: float) -> tuple[int, str]:
        """Exit code and output for one report, in which every quantity has this value."""
        by_benchmark: dict[str, dict[str, Any]] = {}
        for target in targets.load():
            for row in _rows(target, 1 / value if target.is_least else value):
                merged = by_benchmark.setdefault(row["name"], {})
                time = value if target.quantity == "time" else merged.get("cpu_time", 1.0)
                merged |= row | {"cpu_time": time if row["name"].endswith("testee") else 1.0}
        kept = self.folder / "measured.json"
        report = {"benchmarks": list(by_benchmark.values())}
        kept.write_text(json.dumps({"facts": _FACTS, "reports": {"all": report}}))
        out = io.StringIO()
        words = ["bench", "targets", "--from", str(kept)]
        with contextlib.redirect_stdout(out):
            code = main.main([*words, "--markdown", str(self.folder / "table.md")])
        return code, out.getvalue()

    def test_all_reached(self) -> None:
        code, out = self.judged(1e-6)
        count = len(targets.load())
        self.assertEqual(code, 0)
        self.assertIn(f"{count} of {count} aims are reached", out)
        text = (self.folder / "table.md").read_text()
        self.assertIn("- kernel: 6.1", text)
        self.assertNotIn("missed", text)

    def test_a_miss_without_a_reason_fails(self) -> None:
        code, out = self.judged(1e9)
        self.assertEqual(code, 1)
        self.assertIn("0 of ", out)
        self.assertIn("not known why", out)

    def test_what_is_no_report_is_bad_usage(self) -> None:
        for text in ("", "[]", '{"benchmarks": []}'):
            kept = self.folder / "measured.json"
            kept.write_text(text)
            with contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(main.main(["bench", "targets", "--from", str(kept)]), 2)


class PageTest(unittest.TestCase):
    def test_ratios_are_bars_and_names_are_escaped(self) -> None:
        rows = [ratios.Ratio("B<1>", 5e3, 1e4, None, 6e3, 21), ratios.Ratio("C", 1, None, 1, 1, 21)]
        things = ratio_page.Program("things", ("ours", "theirs"), rows)
        page = ratio_page.render("ours and theirs", [things])
        self.assertIn("<code>B&lt;1&gt;</code>", page)
        self.assertEqual(page.count('class="faster"'), 1)
        self.assertIn('aria-label="0.50"', page)
        self.assertNotIn("<script", page)


if __name__ == "__main__":
    unittest.main()
