# SPDX-License-Identifier: Apache-2.0
"""TAP, the status table, the badge, and the comparison as text."""

from __future__ import annotations

import json
import re
import unittest
import xml.etree.ElementTree as ElementTree

from ci.reports import contrast, results, status, tap
from ci.reports.compare import Comparison
from ci.reports.fixtures import GoldenTest, judge, mixed, record, run

_HOSTILE = "ends # SKIP it\nok 99 - forged\n1..1\n  ...\n| </title> \x1b[2J `x` \ud800"


def _other() -> Comparison:
    """The same run by another implementation, where one thing is otherwise."""
    found = run(record("ConsoleLogTest.ClearEmpties", "fail", message="Actual: 5 bytes"))
    found.name, found.version = "mine", "7.0.0"
    return judge(found)


def _hostile() -> Comparison:
    found = run(record("PidfdTest.SignalArrives", "fail", message=_HOSTILE, output=_HOSTILE))
    found.name = _HOSTILE
    found.kernel = _HOSTILE
    found.results.append(results.Result("A.B\nok 1 # x", 1, "pidfd", (), "unsupported", _HOSTILE))
    return judge(found)


class TapTest(GoldenTest):
    def test_one_of_everything(self) -> None:
        self.assert_golden("report.tap", tap.render([mixed(), judge(run())]))

    def test_the_plan_is_kept(self) -> None:
        lines = tap.render([mixed(), _hostile()]).splitlines()
        planned = 0
        for line in lines:
            match = re.fullmatch(r"    1\.\.(\d+)", line)
            if match:
                planned += int(match[1])
        points = [line for line in lines if re.match(r"    (not )?ok \d", line)]
        self.assertEqual(len(points), planned)

    def test_nothing_in_a_text_is_tap(self) -> None:
        text = tap.render([_hostile()])
        self.assertNotIn("\nok 99", text)
        points = "\n".join(line for line in text.splitlines() if not line.startswith("      "))
        self.assertNotRegex(points, r"(?<!\\)# SKIP it")
        self.assertEqual(text.count("\n    1.."), 1)
        text.encode("utf-8")

    def test_diagnostics_are_json_values(self) -> None:
        for line in tap.render([mixed(), _hostile()]).splitlines():
            match = re.fullmatch(r" {6}(\w+): (.*)", line)
            if match:
                json.loads(match[2])


class StatusTest(GoldenTest):
    def test_the_table(self) -> None:
        self.assert_golden("status.md", status.markdown([mixed(), _other()]))

    def test_a_text_does_not_leave_its_cell(self) -> None:
        lines = status.markdown([_hostile(), judge(run())]).splitlines()
        rows = [line for line in lines if line.startswith("|")]
        self.assertEqual({len(re.findall(r"(?<!\\)\|", row)) for row in rows}, {4})
        self.assertNotIn("</title>", "\n".join(lines).replace("\\<", "").replace("\\>", ""))

    def test_the_badge_says_the_worst(self) -> None:
        for comparisons, said in (
            ([judge(run())], "9 of 9 hold"),
            ([mixed()], "4 not as expected"),
            ([judge(run(only=("PidfdTest.IsAnnounced",)))], "1 of 1 hold"),
            ([_other(), judge(run())], "1 not as expected"),
        ):
            root = ElementTree.fromstring(status.badge(comparisons))
            self.assertIn(said, root.get("aria-label", ""))

    def test_the_badge_is_xml_whatever_a_testee_is_called(self) -> None:
        root = ElementTree.fromstring(status.badge([_hostile()]))
        self.assertEqual(len(list(root)), 4)


class ContrastTest(GoldenTest):
    def test_several_implementations(self) -> None:
        self.assert_golden("contrast.txt", contrast.render([mixed(), judge(run()), _other()]))

    def test_one_alone_has_nothing_to_be_compared_with(self) -> None:
        self.assertIn("nothing to compare", contrast.render([judge(run())]))


if __name__ == "__main__":
    unittest.main()
