# SPDX-License-Identifier: Apache-2.0
"""What the words of `lxcspec bench` print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bench import ratios, targets
from bench.tracking import alerts, compare, history
from bench.tracking.verdicts import Verdict
from ci.cli.bench_programs import PROGRAMS, Report
from ci.cli.errors import InfrastructureError, UsageError
from ci.cli.outcome import console

_WIDEST = 140
# What stands for the implementations where units are measured.
_UNITS = ("measured", "usual")
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


@dataclass(frozen=True)
class Measured:
    """What a program's report comes to."""

    what: str
    # Whether of two implementations, or of units beside what they usually are.
    compares: bool
    rows: list[ratios.Ratio]
    counts: list[ratios.Count]

    def names(self, testee: str, against: str) -> tuple[str, str]:
        """What the columns are called."""
        return (testee, against) if self.compares else _UNITS


def ratios_of(reports: Mapping[str, Report]) -> list[Measured]:
    """Ratios and counters, without programs of which the filter left nothing."""
    found = []
    for name, report in reports.items():
        if not report["benchmarks"]:
            continue
        try:
            rows, counts = ratios.ratios(report), ratios.counts(report)
        except ratios.NotComparable as error:
            raise InfrastructureError(f"{name}: {error}") from error
        found.append(Measured(PROGRAMS[name].what, PROGRAMS[name].compares, rows, counts))
    if not found:
        raise UsageError("--filter leaves no benchmark")
    return found


def _micro(nanoseconds: float | None) -> str:
    return "" if nanoseconds is None else ratios.number(nanoseconds / 1e3)


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _count(count: ratios.Count, names: tuple[str, str]) -> str:
    values = zip((*names, "floor"), (count.testee, count.against, count.floor))
    said = [f"{name} {value:,.0f}" for name, value in values if value is not None]
    return f"{count.benchmark} {count.counter}: {', '.join(said)}"


def print_ratios(testee: str, against: str, measured: Sequence[Measured]) -> None:
    """A table for each program: times in microseconds, the ratios, and its counters below."""
    out = console()
    for one in measured:
        _say(out, f"{one.what}, µs", "bold")
        names = one.names(testee, against)
        table = _table("benchmark", names[0], "9 of 10", names[1], "floor", "ratio", "x floor")
        for row in one.rows:
            times = (row.testee, row.high, row.against, row.floor)
            table.add_row(
                row.name, *map(_micro, times), _share(row.to_against), _share(row.to_floor)
            )
        out.print(table)
        for count in one.counts:
            _say(out, _count(count, names))
        out.print()
    least = min(row.repetitions for one in measured for row in one.rows)
    _say(out, f"ratio: {testee} to {against}; medians of {least} repetitions or more")


def print_outcomes(outcomes: Sequence[targets.Outcome]) -> None:
    """A row for each aim; why it is missed below."""
    out = console()
    # Every figure whole, also in a log.
    out.width = max(out.width, _WIDEST)
    table = _table("what", "", "reference", "liblxc", "floor", "measured", "aim", "")
    for one in outcomes:
        style = "green" if one.is_reached else "yellow" if one.is_known else "red"
        table.add_row(*_outcome(one), "reached" if one.is_reached else "missed", style=style)
    out.print(table)
    missed = [one for one in outcomes if not one.is_reached]
    for text in dict.fromkeys(f"{one.target.id}: {one.target.in_the_way}" for one in missed):
        _say(out, text if not text.endswith(": ") else f"{text}not known why", "yellow")
    _say(out, f"\n{len(outcomes) - len(missed)} of {len(outcomes)} aims are reached")


def _outcome(one: targets.Outcome) -> list[str]:
    values = (one.values.testee, one.values.against, one.values.floor)
    what = one.target.what + (", µs" if one.target.quantity == "time" else "")
    return [what, one.target.id, *map(ratios.number, values), one.said, one.target.said]


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
