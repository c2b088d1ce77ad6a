# SPDX-License-Identifier: Apache-2.0
"""What each kernel of the matrix can do: capabilities.yaml, as data that guests keep honest. Pure.

Every cell of the matrix probes its kernel anyway; one that finds something else says that the table
is stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from vmtests.matrix.outcome import Outcome
from vmtests.matrix.plan import Cell, series_key

FILE = Path(__file__).resolve().parents[1] / "capabilities.yaml"
SCHEMA = 1

_HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# What each kernel of the matrix has of spec/needs.yaml, by cgroup layout, as probes in its guests
# found it. Written by `./lxcspec matrix --refresh-capabilities`; do not edit. A cell that finds
# something else fails.
"""

# Series, cgroup layout, need: whether it is there.
Table = Mapping[str, Mapping[str, Mapping[str, bool]]]


def parse(text: str) -> Table:
    """Parse the file; an empty one is an empty table."""
    content: Any = yaml.safe_load(text) or {"schema": SCHEMA, "kernels": {}}
    if content.get("schema") != SCHEMA:
        raise ValueError(f"capabilities.yaml: schema must be {SCHEMA}")
    table: Table = content["kernels"]
    return table


def read(path: Path = FILE) -> Table:
    """Read the table; empty where there is no file yet."""
    return parse(path.read_text(encoding="utf-8")) if path.is_file() else {}


def dump(table: Table) -> str:
    """Return the file's text."""
    ordered = {
        series: {
            cgroup: {need: table[series][cgroup][need] for need in sorted(table[series][cgroup])}
            for cgroup in sorted(table[series], key=lambda name: (name != "unified", name))
        }
        for series in sorted(table, key=series_key)
    }
    text: str = yaml.safe_dump({"schema": SCHEMA, "kernels": ordered}, sort_keys=False, width=100)
    return _HEADER + text


def updated(table: Table, outcomes: Sequence[Outcome]) -> Table:
    """Return the table with what was found in cells where nothing was denied."""
    result = {
        series: {cgroup: dict(needs) for cgroup, needs in layouts.items()}
        for series, layouts in table.items()
    }
    for outcome in outcomes:
        cell = outcome.cell
        if outcome.needs and not cell.denied and "/" not in cell.kernel:
            result.setdefault(cell.kernel, {})[cell.cgroup] = dict(outcome.needs)
    return result


def staleness(table: Table, cell: Cell, needs: Mapping[str, bool]) -> list[str]:
    """Say what a cell has found otherwise than the table has it."""
    known = table.get(cell.kernel, {}).get(cell.cgroup)
    if known is None or cell.denied:
        return []
    words = {True: "present", False: "absent", None: "not mentioned"}
    return [
        f"capabilities.yaml is stale: {name} is {words[found]} on kernel {cell.kernel} "
        f"({cell.cgroup}), and there {words[known.get(name)]}; --refresh-capabilities rewrites it"
        for name, found in needs.items()
        if known.get(name) is not found
    ]
