# SPDX-License-Identifier: Apache-2.0
"""A status table for a README, in Markdown, and a badge, in SVG."""

from __future__ import annotations

import re
from typing import Sequence

from ci.reports import model
from ci.reports.compare import Comparison, ExtensionOutcome
from ci.web.markup import clean, text

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&!])")
_GOOD, _KNOWN, _BAD, _GREY = "#1f7a3d", "#8a5a00", "#b01c24", "#555b61"
# Nothing to count: what holds of an extension that nobody claims says nothing.
_UNCOUNTED = (model.UNVERIFIED, model.NOT_CLAIMED)


def headings(comparisons: Sequence[Comparison]) -> list[str]:
    """What tells the runs apart, and no more."""
    kernels = {(c.run.kernel, c.run.cgroup) for c in comparisons}
    found = []
    for comparison in comparisons:
        run = comparison.run
        name = f"{run.name} {run.version}".strip()
        found.append(f"{name}, Linux {run.kernel}, {run.cgroup}" if len(kernels) > 1 else name)
    return found


def _markdown(value: str) -> str:
    """Text in a cell of a table: nothing in it is Markdown, and it does not end the cell."""
    flat = " ".join(clean(value).split())
    return _SPECIAL.sub(r"\\\1", flat)


def _name(value: str) -> str:
    return f"`{value}`" if re.fullmatch(r"\w+", value, re.ASCII) else _markdown(value)


def counted(outcome: ExtensionOutcome) -> tuple[int, int, int]:
    """Requirements that hold, that are known not to, and that were judged at all."""
    held = outcome.counts.get(model.PASS, 0)
    known = outcome.counts.get(model.EXPECTED_FAIL, 0)
    idle = outcome.counts.get(model.UNSUPPORTED, 0) + outcome.counts.get(model.NOT_RUN, 0)
    return held, known, sum(outcome.counts.values()) - idle


def _cell(outcome: ExtensionOutcome | None) -> str:
    if outcome is None:
        return ""
    held, known, judged = counted(outcome)
    if outcome.claim.verdict in _UNCOUNTED or not judged:
        return outcome.claim.verdict
    note = " (known)" if outcome.because else ""
    more = f", {known} known to differ" if known else ""
    return f"{outcome.claim.verdict}{note}: {held} of {judged}{more}"


def markdown(comparisons: Sequence[Comparison]) -> str:
    """Extensions by implementation; those that no run could judge are one line below."""
    lines = ["| extension | " + " | ".join(map(_markdown, headings(comparisons))) + " |"]
    lines.append("| --- |" + " --- |" * len(comparisons))
    by_name = [{o.extension.name: o for o in c.extensions} for c in comparisons]
    names = list(dict.fromkeys(name for each in by_name for name in each))
    bare = []
    for name in names:
        found = [each.get(name) for each in by_name]
        if not any(o is not None and o.counts for o in found):
            bare.append(name)
            continue
        cells = " | ".join(_markdown(_cell(outcome)) for outcome in found)
        lines.append(f"| {_name(name)} | {cells} |")
    if bare:
        lines += ["", f"Not verified yet: {', '.join(map(_name, bare))}."]
    return "\n".join(lines) + "\n"


def _state(comparisons: Sequence[Comparison]) -> tuple[str, str]:
    """What the badge says, and its colour."""
    codes = {comparison.exit_code for comparison in comparisons}
    counts = [
        counted(o)
        for c in comparisons
        for o in c.extensions
        if o.claim.verdict != model.NOT_CLAIMED
    ]
    held, known, judged = (sum(column) for column in zip(*counts)) if counts else (0, 0, 0)
    if 1 in codes:
        bad = judged - held - known
        return (f"{bad} not as expected" if bad else "not as expected"), _BAD
    if 3 in codes or not judged:
        return "no evidence", _GREY
    if known:
        return f"{held} of {judged} hold, {known} known", _KNOWN
    return f"{held} of {judged} hold", _GOOD


def badge(comparisons: Sequence[Comparison]) -> str:
    """An SVG of one line: a name, and what was found."""
    names = list(dict.fromkeys(f"{c.run.name} {c.run.version}".strip() for c in comparisons))
    one = clean(names[0])[:40] if len(names) == 1 else f"{len(names)} implementations"
    label = f"lxcspec: {one}"
    said, colour = _state(comparisons)
    left, right = (round(len(each) * 6.6 + 16) for each in (label, said))
    width = left + right
    title = text(f"{label}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="22" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{width}" height="22" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="22" fill="#33383d"/>'
        f'<rect x="{left}" width="{right}" height="22" fill="{colour}"/></g>'
        '<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" '
        'text-anchor="middle">'
        f'<text x="{left / 2:g}" y="15" textLength="{left - 14}">{text(label)}</text>'
        f'<text x="{left + right / 2:g}" y="15" textLength="{right - 14}">{text(said)}</text>'
        "</g></svg>\n"
    )
