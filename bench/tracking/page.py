# SPDX-License-Identifier: Apache-2.0
"""The history as one HTML file: no script, nothing from the network, light or dark as wanted."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Sequence

from bench.tracking import plot
from bench.tracking.alerts import Alert, Analysed, Shift
from bench.tracking.history import Chosen
from bench.tracking.verdicts import Verdict

_STYLE = Path(__file__).with_name("page.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def _style_of(alert: Alert) -> str:
    if alert.acknowledged:
        return "known"
    return "machine-shift" if alert.same_program else alert.direction


def _state_of(alert: Alert) -> str:
    if alert.acknowledged:
        return f"acknowledged: {alert.acknowledged}"
    if alert.same_program:
        return "the program did not change: it was the machine"
    return "regression" if alert.direction == "slower" else "improvement"


def _anchor(index: int) -> str:
    return f"plot-{index}"


def _shift_item(shift: Shift, anchors: dict[str, str]) -> str:
    name = f"{shift.key.benchmark} ({shift.key.measure})"
    levels = f"{shift.before:.4g} → {shift.after:.4g} {shift.key.unit}"
    link = f'<a href="#{anchors[repr(shift.key)]}">{escape(name)}</a>'
    return f'<li>{link}: <span class="number">{shift.change:+.1%}</span>, {escape(levels)}</li>'


def _alerts(alerts: Sequence[Alert], anchors: dict[str, str]) -> str:
    if not alerts:
        return '<p class="faint">No shift was found.</p>'
    items = []
    for number, alert in enumerate(alerts, 1):
        title = f"{number}. {alert.direction} since <code>{escape(alert.commit.hash[:10])}</code>"
        shifts = "".join(_shift_item(shift, anchors) for shift in alert.shifts)
        items.append(
            f'<li class="{_style_of(alert)}"><h3>{title} {escape(alert.commit.subject)}</h3>'
            f"<p>{escape(_state_of(alert))}</p><ul>{shifts}</ul></li>"
        )
    return f'<ol class="alerts">{"".join(items)}</ol>'


def _marks(one: Analysed, alerts: Sequence[Alert]) -> list[plot.Mark]:
    return [
        plot.Mark(
            shift.position,
            number,
            _style_of(alert),
            f"{number}. {shift.direction} {shift.change:+.1%} since {shift.commit}",
        )
        for number, alert in enumerate(alerts, 1)
        for shift in alert.shifts
        if shift.key == one.series.key
    ]


def _table(one: Analysed) -> str:
    """The figures behind the plot, for who cannot see it."""
    rows = "".join(
        f"<tr><td><code>{escape(s.commit.hash[:10])}</code></td>"
        f"<td>{escape(s.commit.time[:10])}</td>"
        f'<td class="number">{s.middle:.5g}</td><td class="number">{len(s.processes)}</td>'
        f"<td>{escape(s.commit.subject)}</td></tr>"
        for s in one.series.samples
    )
    head = '<th>commit</th><th>date</th><th class="number">median</th>'
    head += '<th class="number">processes</th><th>subject</th>'
    return f"<details><summary>figures</summary><table><tr>{head}</tr>{rows}</table></details>"


def _plot(index: int, one: Analysed, alerts: Sequence[Alert]) -> str:
    key = one.series.key
    said = [f"{key.measure}, points scatter by {one.noise:.1%}", *one.notes]
    notes = "".join(f'<p class="faint">{escape(text)}</p>' for text in said)
    drawing = plot.render(one, _marks(one, alerts))
    inside = f"<h3>{escape(key.benchmark)}</h3>{notes}{drawing}{_table(one)}"
    return f'<section class="plot" id="{_anchor(index)}">{inside}</section>'


def _machine(chosen: Chosen) -> str:
    facts = {**chosen.machine.as_json(), "build": chosen.build}
    rows = "".join(f"<tr><th>{n}</th><td>{escape(text)}</td></tr>" for n, text in facts.items())
    left_out = "".join(f'<p class="doubt">left out: {escape(x)}</p>' for x in chosen.left_out)
    said = f"machine {chosen.machine.id}"
    return f"<details><summary>{said}</summary><table>{rows}</table></details>{left_out}"


def render(
    chosen: Chosen, analysed: Sequence[Analysed], alerts: Sequence[Alert], verdict: Verdict
) -> str:
    anchors = {repr(one.series.key): _anchor(index) for index, one in enumerate(analysed)}
    plots = "".join(_plot(index, one, alerts) for index, one in enumerate(analysed))
    commits = chosen.commits
    span = f"{len(analysed)} benchmarks, {len(commits)} commits from {commits[0]} to {commits[-1]}"
    known = {Verdict.NONE: "none", Verdict.REGRESSION: "regression"}
    words = "nothing got slower" if verdict == Verdict.NONE else verdict.words
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Benchmark history: {escape(words)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<h1>Benchmark history</h1>
<p class="verdict {known.get(verdict, "doubt")}">{escape(words)}</p>
<p class="faint">{escape(span)}</p>
{_machine(chosen)}
<h2>Shifts</h2>
{_alerts(alerts, anchors)}
<h2>Benchmarks</h2>
<p class="faint">A dot is the median of a commit's processes, the line through it reaches from the
lowest to the highest of them; a bar is the level between shifts. Less is better.</p>
<div class="plots">{plots}</div>
</body>
</html>
"""
