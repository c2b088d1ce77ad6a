# SPDX-License-Identifier: Apache-2.0
"""Two implementations' ratios as one HTML file: no script, nothing from the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bench.ratios import Ratio

_STYLE = Path(__file__).with_name("tracking") / "page.css"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# A bar's end: so many times faster or slower, and beyond.
_FARTHEST = 64.0
_WIDTH = 320
_BARS = """
.bar { display: block; }
.bar rect.faster { fill: var(--faster); }
.bar rect.slower { fill: var(--slower); }
.bar line { stroke: var(--faint); }
"""


def _bar(ratio: float) -> str:
    """From the middle to the left for less time, to the right for more, on a logarithmic scale."""
    middle = _WIDTH / 2
    steps = math.log(ratio) / math.log(_FARTHEST) if ratio > 0 else -1.0
    length = max(1.0, min(1.0, abs(steps)) * middle)
    left = middle - length if ratio < 1 else middle
    role = "faster" if ratio < 1 else "slower"
    return (
        f'<svg class="bar" width="{_WIDTH}" height="14" role="img" aria-label="{ratio:.2f}">'
        f'<rect class="{role}" x="{left:.1f}" y="2" width="{length:.1f}" height="10"/>'
        f'<line x1="{middle}" y1="0" x2="{middle}" y2="14"/></svg>'
    )


def _cell(value: float | None, places: str = ",.4g") -> str:
    return f'<td class="number">{"" if value is None else format(value, places)}</td>'


def _row(row: Ratio) -> str:
    times = [None if t is None else t / 1e3 for t in (row.testee, row.high, row.against, row.floor)]
    bar = "" if row.to_against is None else _bar(row.to_against)
    cells = [*map(_cell, times), _cell(row.to_against, ".3f"), _cell(row.to_floor, ".2f")]
    return f"<tr><td><code>{escape(row.name)}</code></td>{''.join(cells)}<td>{bar}</td></tr>"


def render(testee: str, against: str, programs: Sequence[tuple[str, Sequence[Ratio]]]) -> str:
    """A table for each program: what it does, and its ratios."""
    names = (testee, "9 of 10", against, "floor", "ratio", "to the floor")
    heads = "".join(f'<th class="number">{escape(name)}</th>' for name in names)
    tables = "".join(
        f"<h2>{escape(what)}</h2><table><tr><th>benchmark</th>{heads}"
        f"<th>less time | more time than {escape(against)}</th></tr>"
        f'{"".join(map(_row, rows))}</table>'
        for what, rows in programs
    )
    title = f"{testee} and {against}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Benchmarks: {escape(title)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}{_BARS}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="faint">Medians in microseconds, of repetitions drawn at random in one run of each
program. A bar's end is a factor of {_FARTHEST:.0f}.</p>
{tables}
</body>
</html>
"""
