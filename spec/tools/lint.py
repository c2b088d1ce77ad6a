#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the whole specification and prints every mistake as file:line: message."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from spec.tools import catalogue, rfcs
from spec.tools.errors import SpecError


def _check(root: Path) -> catalogue.Catalogue:
    """Raises SpecError with what is wrong in the specification and in its decisions."""
    try:
        found = catalogue.load(root)
    except SpecError as error:
        raise SpecError([*error.problems, *rfcs.check(root, None)]) from None
    wrong = rfcs.check(root, found.requirements)
    wrong += rfcs.check_sources(root, found.requirements.values())
    if wrong:
        raise SpecError(wrong)
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registry", type=Path, help="registry.yaml of the specification to check")
    options = parser.parse_args(arguments)
    root = options.registry.parent if options.registry else catalogue.ROOT
    try:
        found = _check(root)
    except SpecError as error:
        shown = os.path.relpath(root)
        for problem in error.problems:
            print(f"{shown}/{problem}", file=sys.stderr)
        count = len(error.problems)
        print(f"{count} problem{'s' if count > 1 else ''} in {shown}", file=sys.stderr)
        return 1
    alive = sum(1 for requirement in found.requirements.values() if not requirement.retired)
    print(
        f"{len(found.extensions)} extensions, {len(found.chapters)} chapters, {alive} requirements"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
