# SPDX-License-Identifier: Apache-2.0
"""What was seen of a requirement, a test or a claim, and what the ledgers say of it."""

from __future__ import annotations

from typing import Sequence

from ci.reports import columns as sheet
from ci.reports import ledger, model
from ci.reports.columns import Column
from ci.site.model import DIVERGENCES, Divergence, Site
from ci.site.prose import Prose
from ci.web.markup import Html, Part, join, pre, shortened, tag

_MESSAGE = 4_000
_STATUS = {"fail": "fails, to be fixed", "divergent": "differs, and will stay so"}


def _who(columns: Sequence[Column], site: Site) -> str:
    """The runs by name; kernels only where an implementation's runs do not agree."""
    names: dict[str, list[str]] = {}
    for column in columns:
        names.setdefault(column.testee, []).append(column.kernel)
    totals = {testee: len(those) for testee, those in sheet.groups(site.columns)}
    return "; ".join(
        testee if len(on) == totals[testee] else f"{testee} on Linux {', '.join(on)}"
        for testee, on in names.items()
    )


def _seen(requirement: str, columns: Sequence[Column]) -> Html:
    """The message of the first test that decided, once for each that there is."""
    found: dict[str, None] = {}
    for column in columns:
        outcome = column.requirements.get(requirement)
        if outcome is None:
            continue
        for name in outcome.tests:
            test = column.tests.get(name)
            if test and test.message and test.verdict == outcome.verdict:
                found[test.message] = None
    if not found:
        return Html("")
    first = shortened(next(iter(found)), _MESSAGE)
    return tag("details", tag("summary", "What was seen"), pre(first))


def of_requirement(site: Site, requirement: str) -> Html:
    """A line for each verdict, with who has it and why."""
    groups: dict[tuple[str, str], list[Column]] = {}
    for column in site.columns:
        outcome = column.requirements.get(requirement)
        if outcome:
            groups.setdefault((outcome.verdict, outcome.reason), []).append(column)
    items = []
    for (verdict, reason), columns in groups.items():
        parts: list[Part] = [sheet.word(verdict), " ", _who(columns, site)]
        if verdict == model.EXPECTED_FAIL and site.divergences.get(requirement):
            first = site.divergences[requirement][0]
            parts += [": ", tag("a", "known", href=f"{DIVERGENCES}#{first.id}")]
        elif reason:
            parts += [": ", shortened(reason, 300)]
        if verdict not in (model.PASS, model.UNSUPPORTED, model.NOT_RUN):
            parts.append(_seen(requirement, columns))
        items.append(tag("li", *parts))
    return tag("ul", *items, class_="verdicts") if items else Html("")


def chips(site: Site, verdicts: Sequence[str]) -> Html:
    """Signs in the order of the runs."""
    found = []
    for column, verdict in zip(site.columns, verdicts):
        css, sign = sheet.shown(verdict)
        said = tag("span", f"{column.title}: {verdict.replace('_', ' ')}", class_="sr")
        visible = tag("span", sign, aria_hidden="true")
        found.append(tag("span", visible, said, class_=f"chip {css}", title=column.title))
    return tag("span", *found, class_="chips") if found else Html("")


def conditions(scope: ledger.Scope) -> str:
    """Where an entry applies."""
    parts = []
    if str(scope.versions):
        parts.append(f"versions {scope.versions}")
    if str(scope.kernels):
        parts.append(f"kernels {scope.kernels}")
    if scope.cgroup:
        parts.append(f"{scope.cgroup} cgroups")
    if scope.until:
        parts.append(f"until {scope.until}")
    return ", ".join(parts)


def divergence(site: Site, prose: Prose, each: Divergence, linked: bool) -> Html:
    """What a ledger says; `linked` leads to it, else to the test that shows it."""
    entry = each.entry
    how = _STATUS[entry.status]
    if entry.verdict != model.FAIL:
        how = f"{entry.verdict}: {how}"
    title = f"{each.testee} {how}"
    head = tag("a", title, href=f"{DIVERGENCES}#{each.id}") if linked else tag("b", title)
    where = conditions(entry.scope)
    parts: list[Part] = [
        head,
        f" ({where})" if where else None,
        ": ",
        prose.line(entry.scope.because),
    ]
    if entry.test:
        test = site.catalogue.test_of(entry.test)
        url = site.test_url(test.name) if test else ""
        code = tag("code", entry.test)
        parts += [". Seen in ", tag("a", code, href=url) if url else code]
    if entry.scope.link:
        parts += [". See ", prose.source(entry.scope.link)]
    return join(*parts)


def claims(site: Site, extension: str) -> Html:
    """The claim verdict of each run, as a table."""
    rows = []
    for column in site.columns:
        outcome = column.extensions.get(extension)
        if outcome is None:
            continue
        answer = {True: "claimed", False: "not claimed", None: "not asked"}[outcome.claimed]
        known = " (known)" if outcome.because else ""
        word = tag(
            "span", f"{outcome.claim.verdict}{known}", class_=f"word {sheet.claim_class(outcome)}"
        )
        reason = outcome.because or outcome.claim.reason
        rows.append(
            tag(
                "tr",
                tag("th", column.testee, scope="row"),
                tag("td", f"{column.kernel}, {column.cgroup}"),
                tag("td", answer),
                tag("td", word),
                tag("td", reason),
            )
        )
    if not rows:
        return Html("")
    names = ("implementation", "kernel, cgroups", "claim", "verdict", "why")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    table = tag("table", head, tag("tbody", *rows))
    return join(tag("h2", "Verdicts"), tag("div", table, class_="scroll"))
