#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The form of decisions: a good one, and one mistake at a time."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from spec.tools import rfcs
from spec.tools.model import Requirement

GOOD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# A decision

Date: 2026-11-24. Status: accepted. Requirements: `clock.ticks`,
`clock.no_unit`, and those that cite this.

## The questions
Which?

## The decision
This.

## What follows
Nothing.
"""
IDS = ("clock.ticks", "clock.no_unit")
SPDX = "the comment SPDX-License-Identifier: Apache-2.0"
ORDER = "7: the sections must be The question, The decision, What follows, in this order"
EXAMPLE = "'Date: 2026-11-24. Status: accepted. Requirements: none.'"


class RfcsTest(unittest.TestCase):
    def messages(self, text: str, name: str = "20261124-a-decision.md") -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rfcs").mkdir()
            (Path(folder) / "rfcs" / "README.md").write_text("not a decision")
            (Path(folder) / "rfcs" / name).write_text(text, encoding="utf-8")
            found = rfcs.check(Path(folder), IDS)
            return [str(problem).removeprefix(f"rfcs/{name}:") for problem in found]

    def test_a_source_must_be_there(self) -> None:
        def requirement(*sources: str) -> Requirement:
            return Requirement(
                "clock.ticks", "MUST", "5.0", "does", "it", (), "It.", "", sources, "", "c.md", 7
            )

        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "rfcs").mkdir()
            (Path(folder) / "rfcs" / "20261124-a-decision.md").write_text(GOOD)
            cited = [requirement("clock(7)", "rfcs/20261124-a-decision")]
            self.assertEqual(rfcs.check_sources(Path(folder), cited), [])
            wrong = [requirement("rfcs/20261124-a-decisoin")]
            self.assertEqual(
                [str(problem) for problem in rfcs.check_sources(Path(folder), wrong)],
                [
                    "c.md:7: source of 'clock.ticks': there is no 'rfcs/20261124-a-decisoin'; "
                    "did you mean '20261124-a-decision'?"
                ],
            )

    def test_good(self) -> None:
        self.assertEqual(self.messages(GOOD), [])

    def test_names(self) -> None:
        for name in ("a-decision.md", "20261341-a.md", "20261124-A.md", "20261124-a.txt"):
            self.assertEqual(
                self.messages(GOOD, name)[0], "1: the file must be named YYYYMMDD-topic.md"
            )
        self.assertEqual(
            self.messages(GOOD, "20261125-a.md"),
            ["4: date 2026-11-24 is not that of the file's name"],
        )

    def test_mistakes(self) -> None:
        for old, new, expected in (
            ("## The decision\nThis.\n\n", "", ORDER),
            ("## The questions", "## Question", ORDER),
            ("# A decision", "A decision", "2: the title '# ...' is missing"),
            ("This.\n", "", "10: section 'The decision' is empty"),
            ("Nothing.\n", "", "13: section 'What follows' is empty"),
            ("accepted", "draft", "4: status 'draft' must be 'accepted' or 'superseded by <RFC>'"),
            (
                "accepted",
                "superseded by 20261125-b",
                "4: there is no 20261125-b that could supersede this",
            ),
            ("Date:", "Day:", f"3: there must be a paragraph {EXAMPLE}"),
            (" Status: accepted.", "", f"4: this must be as {EXAMPLE}"),
            (
                "clock.tick",
                "clock.tock",
                "4: there is no requirement 'clock.tocks'; did you mean 'clock.ticks'?",
            ),
            (
                "`clock.ticks`,\n`clock.no_unit`, and those that cite this",
                "some",
                "4: name the requirements that follow, or write 'none'",
            ),
            (
                "<!-- SPDX-License-Identifier: Apache-2.0 -->",
                "",
                f"1: the first line must be {SPDX}",
            ),
        ):
            with self.subTest(new=new):
                self.assertIn(old, GOOD)
                self.assertEqual(self.messages(GOOD.replace(old, new)), [expected])


if __name__ == "__main__":
    unittest.main()
