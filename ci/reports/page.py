# SPDX-License-Identifier: Apache-2.0
"""The HTML report: implementation x extension x kernel, down to what was seen. One file; without
its script all of it is there, and only filters are missing. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from ci.reports import columns as sheet
from ci.reports import model
from ci.reports.columns import Column
from ci.reports.compare import Comparison, ExtensionOutcome
from ci.reports.controls import filters
from ci.reports.evidence import Requirements
from ci.reports.problems import Problem
from ci.reports.status import counted
from ci.web import shell
from ci.web.markup import Html, Part, anchor, join, pre, prose, shortened, tag
from ci.web.markup import name as breakable

_HERE = Path(__file__).resolve().parent
_LEGEND = (
    ("good", "\u2713 holds"),
    ("known", "\u2248 known not to, and why is in the ledger"),
    ("bad", "\u2717 not as expected"),
    ("none", "\u2013 not to be had here, or not run"),
)
# How many problems of a run stand there before one has to ask for more.
_PROBLEMS = 12
_MESSAGE = 2_000
# More differences than this are closed at first.
_DIFFERENCES = 40


def _heads(first: str, columns: Sequence[Column]) -> Html:
    """Two rows of headings: implementations, and below each its kernels."""
    upper: list[Part] = [tag("th", first, rowspan="2", scope="col")]
    lower: list[Part] = []
    for testee, those in sheet.groups(columns):
        count = str(len(those))
        upper.append(tag("th", testee, colspan=count, scope="colgroup", data_group=testee))
        for column in those:
            cgroup = tag("span", f"{column.cgroup} cgroups", class_="faint small")
            number = str(column.number)
            lower.append(tag("th", column.kernel, tag("br"), cgroup, scope="col", data_c=number))
    return tag("thead", tag("tr", *upper), tag("tr", *lower))


def _cell(column: Column, outcome: ExtensionOutcome | None) -> Html:
    number = str(column.number)
    if outcome is None:
        return tag("td", class_="none", data_c=number)
    verdict = outcome.claim.verdict
    held, known, judged = counted(outcome)
    lines: list[Part] = [verdict, " (known)" if outcome.because else None]
    if verdict == model.UNVERIFIED and not outcome.counts:
        answers = {True: "claimed", False: "not claimed", None: "not asked"}
        lines = [answers[outcome.claimed]]
    elif judged and verdict not in (model.UNVERIFIED, model.NOT_CLAIMED):
        more = f", {known} known" if known else ""
        bad = judged - held - known
        more += f", {bad} bad" if bad else ""
        lines.append(tag("div", f"{held} of {judged} hold{more}", class_="small"))
    title = outcome.because or outcome.claim.reason or None
    return tag("td", *lines, class_=sheet.claim_class(outcome), data_c=number, title=title)


def _grid(columns: Sequence[Column], names: Sequence[str], detailed: bool) -> Html:
    rows = []
    for name in names:
        shown = breakable(name)
        label = tag("a", shown, href=f"#ext-{anchor(name)}") if detailed else shown
        cells = [_cell(column, column.extensions.get(name)) for column in columns]
        rows.append(tag("tr", tag("th", label, scope="row"), *cells))
    caption = tag("caption", "Claim verdicts by extension, implementation and kernel", class_="sr")
    table = tag("table", caption, _heads("extension", columns), tag("tbody", *rows), class_="grid")
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Verdicts")


def _bare(columns: Sequence[Column], names: Sequence[str]) -> Html:
    """Extensions that nothing verifies yet: only what is claimed is known."""
    if not names:
        return Html("")
    summary = tag("summary", f"Claimed or not, and not verified yet: {len(names)} more extensions")
    return tag("details", summary, _grid(columns, names, detailed=False))


def _problem(problem: Problem) -> Html:
    head: list[Part] = []
    for id_ in problem.requirements:
        link = tag("a", tag("code", id_), href=f"#{anchor(id_)}")
        head += [", ", link] if head else [link]
    if not head:
        head.append(tag("b", problem.extension or problem.test or "the run"))
    todo = tag("div", "Next: ", problem.todo, class_="small")
    message = pre(shortened(problem.message, _MESSAGE)) if problem.message.strip() else None
    return tag("li", *head, ": ", problem.what, todo, message)


def _run_problems(column: Column) -> Html:
    items = [_problem(problem) for problem in column.comparison.problems]
    if not items:
        return Html("")
    more = Html("")
    if len(items) > _PROBLEMS:
        rest = tag("ul", *items[_PROBLEMS:])
        more = tag("details", tag("summary", f"{len(items) - _PROBLEMS} more"), rest)
    heading = tag("h3", f"{column.title}: {len(items)}")
    shown = tag("ul", *items[:_PROBLEMS])
    return tag("section", heading, shown, more, data_c=str(column.number))


def _unexpected(columns: Sequence[Column]) -> Html:
    total = sum(len(column.comparison.problems) for column in columns)
    if not total:
        return tag("p", tag("span", "\u2713 Nothing unexpected.", class_="word good"))
    sections = [_run_problems(column) for column in columns]
    return join(tag("h2", f"Not as expected: {total}", id="unexpected"), *sections)


def _compared(columns: Sequence[Column]) -> Html:
    """Where implementations differ, if there are several."""
    if len(sheet.groups(columns)) < 2:
        return Html("")
    found = sheet.differences(columns)
    heading = tag("h2", f"Where implementations differ: {len(found)}", id="compared")
    if not found:
        return join(heading, tag("p", "In no requirement that could be judged."))
    rows = []
    for difference in found:
        requirement = difference.requirement
        id_ = tag("code", breakable(requirement.id))
        link = tag("a", id_, href=f"#{anchor(requirement.id)}")
        statement = tag("div", prose(requirement.statement), class_="small statement")
        cells = [
            tag("td", sheet.word(verdict), data_c=str(column.number))
            for column, verdict in zip(columns, difference.verdicts)
        ]
        rows.append(tag("tr", tag("th", link, statement, scope="row"), *cells))
    heads = _heads("requirement", columns)
    table = tag("table", heads, tag("tbody", *rows), class_="compared")
    box = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Differences")
    is_open = len(found) <= _DIFFERENCES
    return join(
        heading, tag("details", tag("summary", "Requirement by requirement"), box, open=is_open)
    )


def _facts(columns: Sequence[Column]) -> Html:
    """Hashes, needs and counts, for who wants to repeat it."""
    parts = []
    for column in columns:
        run = column.comparison.run
        absent = [need for need in run.needs.values() if not need.present]
        present = [need.name for need in run.needs.values() if need.present]
        rows = (
            ("file", run.path),
            ("SHA-256", run.sha256),
            ("architecture", run.arch),
            ("ledger", column.comparison.ledger.path),
            ("seed", "" if run.seed is None else str(run.seed)),
            ("kernel has", ", ".join(present)),
            ("kernel lacks", "; ".join(f"{n.name}: {n.evidence}".rstrip(": ") for n in absent)),
            ("tests", ", ".join(f"{n} {v}" for v, n in sorted(column.comparison.counts.items()))),
        )
        items = [join(tag("dt", name), tag("dd", value)) for name, value in rows if value]
        facts = tag("dl", *items, class_="small")
        parts.append(tag("section", tag("h3", column.title), facts, data_c=str(column.number)))
    return tag("details", tag("summary", tag("h2", "What ran, and where")), *parts)


def _extension(name: str, found: Sequence[model.Requirement], renderer: Requirements) -> Html:
    heading = tag("h2", name, id=f"ext-{anchor(name)}")
    return tag("section", heading, *map(renderer.render, found), class_="ext")


def render(comparisons: Sequence[Comparison], catalogue: model.Catalogue) -> str:
    """The document."""
    columns = sheet.of(comparisons)
    by_extension = sheet.requirements(columns)
    claimed = [name for column in columns for name in column.extensions]
    names = list(dict.fromkeys([*catalogue.extensions, *claimed, *by_extension]))
    detailed = [name for name in names if name in by_extension]
    bare = [name for name in names if name not in by_extension and name in claimed]
    renderer = Requirements(columns, catalogue)
    legend = [tag("span", text, class_=f"word {css}") for css, text in _LEGEND]
    testees = [testee for testee, _ in sheet.groups(columns)]
    return shell.document(
        f"lxcspec: {', '.join(testees[:4])}",
        shell.read("base.css") + (_HERE / "report.css").read_text(encoding="utf-8"),
        (_HERE / "report.js").read_text(encoding="utf-8"),
        tag("a", "Skip to the verdicts", href="#verdicts", class_="skip"),
        tag("h1", "What LXC's API extensions promise, and who keeps it"),
        tag("p", *legend, class_="legend"),
        filters(columns),
        tag(
            "main",
            tag("h2", "Verdicts", id="verdicts"),
            _grid(columns, detailed, detailed=True),
            _bare(columns, bare),
            _unexpected(columns),
            _compared(columns),
            *(_extension(name, by_extension[name], renderer) for name in detailed),
            _facts(columns),
        ),
    )
