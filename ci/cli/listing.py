# SPDX-License-Identifier: Apache-2.0
"""`lxcspec list`: the extensions, and how far each is specified, tested and benchmarked."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ci.cli import prepare
from ci.cli.errors import OK, UsageError
from ci.cli.options import Commands

_DETAILS = """
    Lists the extensions that lxc_has_api_extension() may be asked for: the release that has
    each first, whether the specification has a chapter on it, the numbers of requirements and
    of tests, and whether it has a benchmark.
"""

_EXAMPLES = """
    ./lxcspec list                 all extensions
    ./lxcspec list --level 5.0     what LXC 5.0 has
    ./lxcspec list --json          for programs
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("list", "list the extensions", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("--level", metavar="LXC", help="only what this LXC level has, such as 5.0")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _rows(level: str | None) -> list[dict[str, Any]]:
    from ci.cli import specification

    loaded = specification.load_source()
    if level is not None and level not in loaded.levels:
        levels = ", ".join(loaded.levels)
        raise UsageError(f"there is no level '{level}'; there are {levels}")
    catalogue = specification.translate(loaded)
    counted = [r for r in catalogue.requirements.values() if not r.retired]
    if level is not None:
        at_level = {r.id for r in loaded.at_level(level)}
        counted = [r for r in counted if r.id in at_level]
    rows = []
    for name, extension in catalogue.extensions.items():
        if level is not None and name not in loaded.levels[level].extensions:
            continue
        own = {r.id for r in counted if r.extension == name}
        tests = [test for test in catalogue.tests.values() if own & set(test.requirements)]
        rows.append(
            {
                "name": name,
                "since": extension.since,
                "chapter": extension.chapter,
                "requirements": len(own),
                "tests": len(tests),
                "bench": extension.bench or None,
                "summary": extension.summary,
            }
        )
    return rows


def execute(options: argparse.Namespace) -> int:
    """Prints the list."""
    prepare.for_reading()
    rows = _rows(options.level)
    if options.json:
        print(json.dumps({"schema": 1, "level": options.level, "extensions": rows}, indent=2))
        return OK
    from rich.table import Table

    from ci.cli.outcome import console

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("extension", "since", "chapter"):
        table.add_column(heading, no_wrap=True)
    for heading in ("requirements", "tests"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("benchmark", no_wrap=True)
    for row in rows:
        table.add_row(
            row["name"],
            row["since"],
            "yes" if row["chapter"] else "",
            str(row["requirements"] or ""),
            str(row["tests"] or ""),
            row["bench"] or "",
            style="" if row["chapter"] else "dim",
        )
    out = console()
    out.print(table)
    chapters = sum(row["chapter"] for row in rows)
    requirements = sum(row["requirements"] for row in rows)
    out.print(f"\n{len(rows)} extensions, {chapters} with a chapter, {requirements} requirements")
    return OK
