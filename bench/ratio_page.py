# SPDX-License-Identifier: Apache-2.0
"""Two implementations' ratios as one HTML file: no script, nothing from the network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.ratios import Ratio, number

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
.bars { white-space: nowrap; }
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


def _cell(text: str) -> str:
    return f'<td class="number">{text}</td>'


def _row(row: Ratio) -> str:
    times = [None if t is None else t / 1e3 for t in (row.testee, row.high, row.against, row.floor)]
    bar = "" if row.to_against is None else _bar(row.to_against)
    cells = "".join(_cell(number(value)) for value in (*times, row.to_against, row.to_floor))
    return f"<tr><td><code>{escape(row.name)}</code></td>{cells}<td>{bar}</td></tr>"


@dataclass(frozen=True)
class Program:
    """What a program does, what is measured there and compared with, and its ratios."""

    what: str
    names: tuple[str, str]
    rows: Sequence[Ratio]


def _table(program: Program) -> str:
    names = (program.names[0], "9 of 10", program.names[1], "floor", "ratio", "to the floor")
    heads = "".join(f'<th class="number">{escape(name)}</th>' for name in names)
    return (
        f"<h2>{escape(program.what)}</h2><table><tr><th>benchmark</th>{heads}"
        f'<th class="bars">less time | more time than {escape(program.names[1])}</th></tr>'
        f'{"".join(map(_row, program.rows))}</table>'
    )


def render(title: str, programs: Sequence[Program]) -> str:
    """A table for each program."""
    tables = "".join(map(_table, programs))
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
