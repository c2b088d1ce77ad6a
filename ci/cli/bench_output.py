# SPDX-License-Identifier: Apache-2.0
"""What the words of `lxcspec bench` print."""

from __future__ import annotations

from typing import Sequence

from rich.console import Console
from rich.table import Table

from bench.tracking import alerts, compare, history
from bench.tracking.verdicts import Verdict
from ci.cli.outcome import console

_STYLES = {Verdict.NONE: "green", Verdict.REGRESSION: "red"}


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(headings[0], no_wrap=True)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _say(out: Console, text: str, style: str = "") -> None:
    """Names of benchmarks and subjects of commits are no markup."""
    out.print(text, markup=False, style=style or None)


def _style(verdict: Verdict) -> str:
    return _STYLES.get(verdict, "yellow")


def print_comparison(labels: tuple[str, str], judged: compare.Comparison) -> None:
    """A row for each benchmark, and at the end what it comes to, naming the build."""
    out = console()
    _say(out, f"A: {labels[0]}\nB: {labels[1]}\n")
    table = _table("benchmark", "measure", "A", "B", "change", "surely within", "verdict")
    for row in judged.rows:
        table.add_row(
            row.key.benchmark,
            row.key.measure,
            f"{row.before:.4g}",
            f"{row.after:.4g}",
            f"{row.change:+.1%}",
            f"{row.low:+.1%} .. {row.high:+.1%}",
            row.verdict.words,
            style=_style(row.verdict),
        )
    out.print(table)
    for row in judged.rows:
        for note in row.notes:
            _say(out, f"{row.key.benchmark}: {note}")
    for key in judged.new:
        _say(out, f"{key.benchmark}: new in B, with nothing to compare it with")
    for key in judged.gone:
        _say(out, f"{key.benchmark}: gone from B")
    slower = [row for row in judged.rows if row.verdict == Verdict.REGRESSION]
    said = f"\n{judged.verdict.words}: {judged.rounds} rounds of {len(judged.rows)} benchmarks"
    _say(out, said, _style(judged.verdict))
    for row in slower:
        name = f"{row.key.benchmark} ({row.key.measure})"
        _say(out, f"{name} is {row.change:+.1%} slower in {labels[1]}", "red")


def _alert_lines(alert: alerts.Alert) -> list[str]:
    if alert.acknowledged:
        state = f"acknowledged: {alert.acknowledged}"
    elif alert.same_program:
        state = "the program did not change: it was the machine"
    else:
        state = alert.verdict.words if alert.direction == "slower" else "no alarm"
    lines = [f"{alert.direction} since {alert.commit}  ({state})"]
    for shift in alert.shifts:
        levels = f"{shift.before:.4g} -> {shift.after:.4g} {shift.key.unit}"
        lines.append(f"    {shift.key.benchmark}: {shift.change:+.1%}, {levels}")
    return lines


def print_history(
    chosen: history.Chosen,
    analysed: Sequence[alerts.Analysed],
    found: Sequence[alerts.Alert],
    verdict: Verdict,
) -> None:
    """One paragraph for each shift; the last line is what it comes to."""
    out = console()
    for left_out in chosen.left_out:
        _say(out, f"left out: {left_out}", "yellow")
    for one in analysed:
        for note in one.notes:
            _say(out, f"{one.series.key.benchmark}: {note}", "yellow")
    for alert in found:
        quiet = alert.verdict == Verdict.NONE
        _say(out, "\n".join(_alert_lines(alert)), "" if quiet else _style(alert.verdict))
    commits = chosen.commits
    said = f"{verdict.words}: {len(analysed)} benchmarks through {len(commits)} commits"
    shifts = f"{len(found)} shifts" if len(found) != 1 else "1 shift"
    _say(out, f"{said} on machine {chosen.machine.id}, {shifts}", _style(verdict))
