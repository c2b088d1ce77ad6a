# SPDX-License-Identifier: Apache-2.0
"""The report as one HTML file that needs nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vmtests.matrix.differences import along_kernels
from vmtests.matrix.outcome import PASS, Outcome
from vmtests.matrix.render import LEGEND, groups, heading, table_rows

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 90em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0 }
th, td { border: 1px solid #8886; padding: .25em .6em; text-align: left }
thead th { position: sticky; top: 0; background: Canvas }
.good { background: #2a72 } .known { background: #ca03 } .bad { background: #c224 }
.none { opacity: .55 } details { margin: .4em 0 } pre { white-space: pre-wrap }
:root { color-scheme: light dark }
"""


def _class(text: str) -> str:
    if text.endswith("!") or text.rstrip("*").isupper() and not text.endswith("*"):
        return "bad"
    if text.endswith("*") or text == "gated":
        return "known"
    return "good" if text in ("ok", PASS) else "none"


def _row(cells: Sequence[str]) -> str:
    name, *values, first = cells
    ending = name == "(ending)"
    marked = "".join(
        f'<td class="{"bad" if ending and value != PASS else _class(value)}">{escape(value)}</td>'
        for value in values
    )
    return f"<tr><th>{escape(name)}</th>{marked}<td>{escape(first)}</td></tr>"


def _details(outcome: Outcome) -> str:
    unexpected = [(name, test) for name, test in outcome.tests.items() if not test.expected]
    lines = [f"{name}: {test.verdict}: {test.detail}" for name, test in unexpected]
    lines += list(outcome.problems)
    title = f"{outcome.cell.name}: {outcome.ending}"
    if outcome.reason:
        title += f": {outcome.reason}"
    summary = f"<summary>{escape(title)}</summary>"
    return f"<details>{summary}<pre>{escape(chr(10).join(lines))}</pre></details>"


def _facts(group: Sequence[Outcome]) -> str:
    rows = "".join(
        f"<tr><th>{escape(o.cell.kernel)}</th><td>{escape(o.release)}</td>"
        f"<td>{o.seconds:.0f}</td><td>{o.boot_seconds or 0:.1f}</td><td>{o.guests}</td></tr>"
        for o in group
    )
    head = "".join(
        f"<th>{name}</th>" for name in ("kernel", "release", "seconds", "boot, s", "guests")
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<details><summary>Kernels and times</summary>{table}</details>"


def page(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return the document."""
    differences = along_kernels(outcomes)
    parts = []
    for group in groups(outcomes):
        head, rows = table_rows(group, differences)
        heads = "".join(f"<th>{escape(name)}</th>" for name in head)
        body = "".join(_row(row) for row in rows)
        parts.append(f"<h2>{escape(heading(group))}</h2>")
        parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")
        own = [
            d
            for d in differences
            if (d.where.testee, d.where.cgroup) == (group[0].cell.testee, group[0].cell.cgroup)
        ]
        if own:
            items = "".join(
                f"<li>{escape(d.where.kernel)} (from {escape(d.since)}): {escape(str(d))}</li>"
                for d in own
            )
            parts.append(f"<h3>First kernel where it differs</h3><ul>{items}</ul>")
        parts += [_details(outcome) for outcome in group if outcome.ending != PASS]
        parts.append(_facts(group))
    passed = sum(1 for outcome in outcomes if outcome.ending == PASS)
    summary = f"{passed} of {len(outcomes)} cells as expected, in {seconds:.0f} s"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>lxcspec: kernel matrix</title>'
        f"<style>{_STYLE}</style></head><body><h1>Kernel matrix</h1><p>{escape(summary)}</p>"
        f"<p>{escape(LEGEND)}</p>{''.join(parts)}</body></html>\n"
    )
