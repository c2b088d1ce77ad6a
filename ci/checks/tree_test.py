#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The source tree keeps the house rules. Looks at what git knows, so it runs in no sandbox."""

from __future__ import annotations

import unittest
from pathlib import Path

from ci.checks import machine, tree
from ci.checks.rules import RULES

# Bazel links the files of a test to those of the source tree.
TOP = Path(__file__).resolve().parents[2]


class TreeTest(unittest.TestCase):
    def test_the_source_tree_keeps_the_house_rules(self) -> None:
        checked = tree.read(TOP, with_untracked=False, machine=machine.look(TOP))
        self.assertTrue(
            "ci/checks/tree.py" in checked.files, f"{TOP} is no checkout of the sources"
        )
        for name, rule in RULES.items():
            with self.subTest(rule=name):
                errors = [str(finding) for finding in sorted(rule(checked)) if not finding.warning]
                self.assertEqual(errors, [], "\n" + "\n".join(errors))


if __name__ == "__main__":
    unittest.main()
