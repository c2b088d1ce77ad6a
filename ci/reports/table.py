# SPDX-License-Identifier: Apache-2.0
"""What a person reads at the end of a run: a table by extension, then what was unexpected."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci.reports import model
from ci.reports.compare import Comparison, ExtensionOutcome
from ci.reports.problems import Problem

_CLAIM_STYLE = {
    model.CONFIRMED: "green",
    model.KERNEL_GATED: "yellow",
    model.OVER_CLAIMED: "bold red",
    model.UNDER_CLAIMED: "bold red",
    model.WRONGLY_GATED: "bold red",
}
# Columns of the table: heading and the verdicts that it counts.
_COLUMNS = (
    ("pass", (model.PASS,)),
    ("known", (model.EXPECTED_FAIL,)),
    ("n/a", (model.UNSUPPORTED,)),
    ("bad", (*model.FAILING, model.UNEXPECTED_PASS, model.BROKEN)),
    ("not run", (model.NOT_RUN,)),
)
_CLAIMED = {True: "yes", False: "no", None: "?"}
_MESSAGE_LINES = 12
_LINE_CHARACTERS = 600
# What a person still reads of them.
_PROBLEMS = 40


def _text(value: str, style: str = "") -> Text:
    """Printable text: what a testee has written must not be a command to the terminal."""
    clean = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in value)
    return Text(clean, style)


def _counted(outcome: ExtensionOutcome, verdicts: tuple[str, ...]) -> int:
    return sum(outcome.counts.get(verdict, 0) for verdict in verdicts)


def _row(outcome: ExtensionOutcome) -> list[Text]:
    verdict = outcome.claim.verdict
    known = f"{verdict} (known)" if outcome.because else verdict
    style = "yellow" if outcome.because else _CLAIM_STYLE.get(verdict, "dim")
    cells = [_text(outcome.extension.name), _text(_CLAIMED[outcome.claimed]), _text(known, style)]
    for heading, verdicts in _COLUMNS:
        count = _counted(outcome, verdicts)
        bad = heading == "bad" and count
        cells.append(_text(str(count) if count else "", "bold red" if bad else ""))
    return cells


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("extension", no_wrap=True)
    table.add_column("claimed", no_wrap=True)
    table.add_column("claim verdict", no_wrap=True)
    for heading, _ in _COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in comparison.extensions:
        if outcome.extension.chapter:
            table.add_row(*_row(outcome))
    return table


def _bare_claims(comparison: Comparison) -> list[str]:
    """The extensions without a chapter: all that is known is what is claimed."""
    bare = [o for o in comparison.extensions if not o.extension.chapter]
    lines = []
    for claimed, heading in ((True, "claimed"), (False, "not claimed"), (None, "no answer")):
        names = [o.extension.name for o in bare if o.claimed is claimed]
        if names:
            lines.append(f"Unverified, {heading} ({len(names)}): {', '.join(names)}")
    return lines


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False)


def _shortened(line: str) -> str:
    """A line with its middle left out where nobody would read it; the raw results have it all."""
    if len(line) <= _LINE_CHARACTERS:
        return line
    half = _LINE_CHARACTERS // 2
    return f"{line[:half]} [... {len(line) - 2 * half} characters ...] {line[-half:]}"


def _print_problem(
    console: Console, problem: Problem, requirements: dict[str, model.Requirement], width: int
) -> None:
    subject = ", ".join(problem.requirements) or problem.extension or problem.test or "run"
    console.print(_text(subject, "bold red" if not problem.infrastructure else "bold yellow"))
    for name in problem.requirements:
        requirement = requirements.get(name)
        if requirement:
            statement = f"{requirement.level}: {requirement.statement}"
            console.print(_text(textwrap.indent(textwrap.fill(statement, width - 4), "    ")))
    console.print(_text(f"  what:  {problem.what}"))
    lines = problem.message.strip().splitlines()
    if len(lines) > _MESSAGE_LINES:
        lines = [*lines[:_MESSAGE_LINES], f"... {len(lines) - _MESSAGE_LINES} more lines"]
    for number, line in enumerate(map(_shortened, lines)):
        console.print(_text(("  why:   " if number == 0 else "         ") + line))
    console.print(_text(f"  next:  {problem.todo}"))
    console.print()


def summary(comparison: Comparison) -> str:
    """The counts of one run in one line."""
    counts = comparison.counts
    parts = [f"{counts[v]} {v.replace('_', ' ')}" for v in model.SEVERITY if counts[v]]
    return f"{len(comparison.tests)} tests: {', '.join(parts) or 'none'}"


def print_report(
    console: Console,
    comparison: Comparison,
    requirements: dict[str, model.Requirement],
    quiet: bool = False,
) -> None:
    """Prints one testee's report. Statements come from `requirements`; quiet leaves out what is
    as expected."""
    width = min(console.width, 100)
    if not quiet:
        _print_verdicts(console, comparison, width)
    if comparison.problems:
        console.print(_text(f"Unexpected: {len(comparison.problems)}", "bold red"))
        console.print()
        for problem in comparison.problems[:_PROBLEMS]:
            _print_problem(console, problem, requirements, width)
        more = len(comparison.problems) - _PROBLEMS
        if more > 0:
            console.print(_text(f"... and {more} more; --json and --junit have them all"))
            console.print()
    style = "bold red" if comparison.problems else "bold green"
    ending = "" if comparison.problems else "; nothing unexpected"
    console.print(_text(f"{comparison.run.name}: {summary(comparison)}{ending}", style))


def _print_verdicts(console: Console, comparison: Comparison, width: int) -> None:
    run = comparison.run
    title = f"{run.name} {run.version} on Linux {run.kernel}, cgroup {run.cgroup}"
    console.print(_text(title, "bold"))
    console.print()
    console.print(_table(comparison))
    console.print()
    for line in _bare_claims(comparison):
        console.print(_text(_wrapped(line, width), "dim"))
    if any(o.because for o in comparison.extensions):
        console.print()
        for outcome in comparison.extensions:
            if outcome.because:
                line = f"{outcome.extension.name} is {outcome.claim.verdict}: {outcome.because}"
                console.print(_text(_wrapped(line, width)))
    console.print()
