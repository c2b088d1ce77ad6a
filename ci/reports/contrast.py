# SPDX-License-Identifier: Apache-2.0
"""Several implementations side by side, as text: claims, then the requirements that divide them."""

from __future__ import annotations

from typing import Sequence

from ci.reports import columns as sheet
from ci.reports.columns import Column
from ci.reports.compare import Comparison
from ci.reports.status import headings
from ci.web.markup import clean


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    ]


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _verdicts(columns: Sequence[Column], difference: sheet.Difference) -> list[str]:
    """A line for each verdict, with the runs that agree on it."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for column, verdict in zip(columns, difference.verdicts):
        outcome = column.requirements.get(difference.requirement.id)
        why = f": {_line(outcome.reason)}" if outcome and outcome.reason else ""
        who = found.setdefault((verdict, why), {})
        who.setdefault(column.testee, []).append(column.kernel)
    kernels = {testee: len(those) for testee, those in sheet.groups(columns)}
    lines = []
    for (verdict, why), who in found.items():
        names = [
            testee if len(on) == kernels[testee] else f"{testee} on {', '.join(on)}"
            for testee, on in who.items()
        ]
        lines.append(f"  {verdict.replace('_', ' ')}: {_line('; '.join(names))}{why}")
    return lines


def _claims(columns: Sequence[Column]) -> list[str]:
    rows = [["extension", *(f"[{number}]" for number in range(1, len(columns) + 1))]]
    for name in dict.fromkeys(name for column in columns for name in column.extensions):
        found = [column.extensions.get(name) for column in columns]
        if any(outcome is not None and outcome.counts for outcome in found):
            verdicts = [
                outcome.claim.verdict + (" (known)" if outcome.because else "") if outcome else ""
                for outcome in found
            ]
            rows.append([_line(name), *verdicts])
    return _grid(rows)


def render(comparisons: Sequence[Comparison]) -> str:
    """The text. Runs of one implementation on several kernels are several columns."""
    columns = sheet.of(comparisons)
    titles = headings([column.comparison for column in columns])
    lines = [f"[{number}] {_line(title)}" for number, title in enumerate(titles, 1)]
    lines += ["", *_claims(columns), ""]
    if len(sheet.groups(columns)) < 2:
        return "\n".join([*lines, "One implementation: nothing to compare it with."]) + "\n"
    differing = sheet.differences(columns)
    lines.append(f"Where they differ: {len(differing)} requirements")
    for difference in differing:
        lines += ["", _line(difference.requirement.id)]
        if difference.requirement.statement:
            lines.append(f"  {_line(difference.requirement.statement)}")
        lines += _verdicts(columns, difference)
    return "\n".join(lines) + "\n"
