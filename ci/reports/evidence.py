# SPDX-License-Identifier: Apache-2.0
"""The HTML report's innermost part: a requirement, its tests, and what was seen of each."""

from __future__ import annotations

from typing import Iterator, Sequence

from ci.reports import model
from ci.reports.columns import Column, shown, word
from ci.reports.compare import NOT_CLAIMED_REASON, TestOutcome
from ci.web.markup import Html, anchor, join, pre, prose, tag

# What a reason may be long in a page that holds thousands of them.
_REASON = 2_000


def _chip(column: Column, verdict: str) -> Html:
    css, sign = shown(verdict)
    said = tag("span", f"{column.title}: {verdict.replace('_', ' ')}", class_="sr")
    return tag(
        "span",
        tag("span", sign, aria_hidden="true"),
        said,
        class_=f"chip {css}",
        data_c=str(column.number),
        title=column.title,
    )


def _facts(requirement: model.Requirement) -> Html:
    rows = (
        ("Observable", requirement.observable),
        ("Needs", ", ".join(requirement.needs)),
        ("Left open", requirement.left_open),
        ("Source", requirement.source),
    )
    found = [join(tag("dt", name), tag("dd", prose(value))) for name, value in rows if value]
    return tag("dl", *found, class_="small") if found else Html("")


def _place(name: str, catalogue: model.Catalogue) -> Html:
    test = catalogue.test_of(name)
    if test is None or not test.file:
        return Html("")
    return tag("div", f"{test.file}:{test.line}", class_="faint small")


def _seen(test: TestOutcome, where: Sequence[Column], troubles: dict[str, str]) -> Html:
    """One kind of evidence, with the runs that have it."""
    heading = tag("div", word(test.verdict), " ", "; ".join(column.title for column in where))
    body: list[Html] = []
    if test.because:
        body.append(tag("p", tag("b", "Known: "), test.because))
    if test.reason:
        body.append(tag("p", test.reason[:_REASON]))
    for what, todo in troubles.items():
        body.append(tag("p", tag("b", "Unexpected: "), what))
        body.append(tag("p", tag("b", "Next: "), todo))
    if test.message:
        body.append(pre(test.message))
    if test.output.strip():
        body.append(tag("details", tag("summary", "Log"), pre(test.output)))
    numbers = " ".join(str(column.number) for column in where)
    return tag("div", heading, *body, class_="seen", data_cs=numbers)


def _troubles(column: Column, test: str) -> dict[str, str]:
    return {p.what: p.todo for p in column.comparison.problems if p.test == test}


def _evidence(name: str, columns: Sequence[Column]) -> Iterator[Html]:
    """What the runs saw of a test; runs that saw the same are named together."""
    found: dict[tuple[str, ...], list[Column]] = {}
    for column in columns:
        test = column.tests.get(name)
        if test is None:
            continue
        troubles = _troubles(column, name)
        if test.verdict == model.PASS and not troubles:
            continue
        said = (part for pair in troubles.items() for part in pair)
        # Whether something is not claimed does not depend on what was printed by the way.
        seen = ("",) if test.reason == NOT_CLAIMED_REASON else (test.message, test.output)
        key = (test.verdict, test.reason, test.because, *seen, *said)
        found.setdefault(key, []).append(column)
    for where in found.values():
        yield _seen(where[0].tests[name], where, _troubles(where[0], name))


class Requirements:
    """Renders requirements; a test's evidence stands at the first requirement that it covers."""

    def __init__(self, columns: Sequence[Column], catalogue: model.Catalogue) -> None:
        self._columns = columns
        self._catalogue = catalogue
        self._told: set[str] = set()

    def _test(self, name: str) -> Html:
        id_ = f"test-{anchor(name)}"
        if name in self._told:
            return tag("li", tag("a", name, href=f"#{id_}"), ": its evidence is there")
        self._told.add(name)
        chips = [_chip(c, c.tests[name].verdict) for c in self._columns if name in c.tests]
        title = tag("div", tag("code", name), " ", *chips)
        seen = list(_evidence(name, self._columns))
        return tag("li", title, _place(name, self._catalogue), *seen, id=id_)

    def render(self, requirement: model.Requirement) -> Html:
        """One requirement that opens."""
        chips: list[Html] = []
        names: dict[str, None] = {}
        states: dict[str, None] = {}
        for column in self._columns:
            verdict = column.verdict(requirement.id)
            chips.append(_chip(column, verdict))
            troubled = requirement.id in column.troubled
            states[f"{column.number}:{'bad' if troubled else shown(verdict)[0]}"] = None
            outcome = column.requirements.get(requirement.id)
            names.update(dict.fromkeys(outcome.tests if outcome else ()))
        id_ = tag("code", requirement.id)
        level = tag("span", f" {requirement.level} ", class_="faint")
        statement = tag("span", prose(requirement.statement), class_="statement")
        head = tag(
            "summary", tag("span", *chips, class_="chips"), tag("span", id_, level, statement)
        )
        tests = [self._test(name) for name in names]
        listed = tag("ul", *tests, class_="tests") if tests else tag("p", "No test of it ran.")
        return tag(
            "details",
            head,
            tag("div", _facts(requirement), listed, class_="inside"),
            class_="req",
            id=anchor(requirement.id),
            data_s=" ".join(states),
        )
