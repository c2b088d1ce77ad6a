#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the source tree against the house rules: `python3 ci/checks/__main__.py`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from ci.checks import machine, tree  # noqa: E402
from ci.checks.rules import RULES  # noqa: E402
from ci.checks.tree import Finding, Tree  # noqa: E402

TOP = Path(__file__).resolve().parents[2]


def findings(checked: Tree) -> list[Finding]:
    return sorted(finding for rule in RULES.values() for finding in rule(checked))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--tracked", action="store_true", help="leave out what git does not know yet"
    )
    options = parser.parse_args()
    checked = tree.read(TOP, not options.tracked, machine.look(TOP))
    found = findings(checked)
    for finding in found:
        print(finding)
    errors = sum(not finding.warning for finding in found)
    print(f"{len(checked.files)} files, {len(RULES)} rules, {errors} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
