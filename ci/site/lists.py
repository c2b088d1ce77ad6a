# SPDX-License-Identifier: Apache-2.0
"""The pages that are lists: extensions, divergences, decisions, levels, needs."""

from __future__ import annotations

from typing import Sequence

from ci.reports import columns as sheet
from ci.reports.status import counted
from ci.site import frame, severity, verdicts
from ci.site.model import (
    DECISIONS,
    DIVERGENCES,
    FRONT,
    LEVELS,
    NEEDS,
    Decision,
    Divergence,
    Site,
    decision_page,
    extension_page,
)
from ci.site.prose import Prose
from ci.web.markup import Html, Part, anchor, join, tag
from ci.web.markup import name as breakable

_ABOUT = (
    "LXC's API grows by extensions, which a client asks for by name: "
    '`lxc_has_api_extension("console_log")`. This is what each of them must do, as requirements '
    "that a test can check, and what was found out about implementations: claimed, the kernel can, "
    "it behaves."
)
_NOT_RUN = "Made without results: what implementations do is not shown."


def _table(heads: Sequence[str], rows: Sequence[Html]) -> Html:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll")


def front(site: Site, prose: Prose) -> str:
    """Every extension, with its verdicts."""
    rows = []
    for name, extension in site.source.extensions.items():
        chapter = site.source.chapters.get(name)
        alive = [r for r in chapter.requirements if not r.retired] if chapter else []
        cells: list[Part] = [
            tag("th", tag("a", breakable(name), href=extension_page(name)), scope="row"),
            tag("td", extension.since),
            tag("td", str(len(alive)) if alive else "\u2013"),
        ]
        for column in site.columns:
            outcome = column.extensions.get(name)
            if outcome is None:
                cells.append(tag("td", class_="none"))
                continue
            if chapter is None:
                answer = {True: "claimed", False: "not claimed", None: "not asked"}
                cells.append(tag("td", answer[outcome.claimed], class_="none"))
                continue
            known = " (known)" if outcome.because else ""
            held, _, judged = counted(outcome)
            more = tag("div", f"{held} of {judged} hold", class_="small") if judged else None
            css = sheet.claim_class(outcome)
            cells.append(tag("td", f"{outcome.claim.verdict}{known}", more, class_=css))
        cells.append(tag("td", prose.line(extension.summary)))
        rows.append(tag("tr", *cells))
    count = sum(1 for r in site.source.requirements.values() if not r.retired)
    total = f"{len(site.source.extensions)} extensions, {len(site.source.chapters)} of them with a "
    total += f"chapter; {count} requirements, {len(site.catalogue.tests)} tests of them."
    columns = [f"{c.testee}, Linux {c.kernel}, {c.cgroup}" for c in site.columns]
    heads = ("extension", "since", "requirements", *columns, "what it is")
    return frame.page(
        FRONT,
        "The API extensions of LXC",
        tag("p", prose.line(_ABOUT)),
        tag("p", total if site.columns else f"{total} {_NOT_RUN}"),
        _table(heads, rows),
    )


def _of_a_release(site: Site, testee: str) -> bool:
    return testee == "liblxc" and bool(site.releases)


def _reproduced(site: Site, each: Divergence) -> Part:
    """What to type, and what is then looked at."""
    if not _of_a_release(site, each.testee):
        return None
    having = severity.releases(site, each.entry.scope)
    testee = f"liblxc-{having[-1]}" if having else each.testee
    word = f"./lxcspec run --testee {testee} --requirement {each.entry.requirement} --ledger none"
    # A guest has pure cgroup2, without which the newest release starts no container.
    if each.entry.scope.cgroup not in ("hybrid", "legacy"):
        word += " --vm"
    requirement = site.source.requirements.get(each.entry.requirement)
    seen = f"; observed: {requirement.observable}" if requirement else ""
    return tag("p", "To reproduce: ", tag("code", word), seen)


def _has_it(site: Site, each: Divergence) -> Html:
    """How bad it is, and in which releases."""
    bad = severity.severity(site, each.entry)
    css = {"critical": "bad", "major": "known", "minor": "none"}[bad]
    having = severity.releases(site, each.entry.scope)
    where = f" in {', '.join(having)}" if _of_a_release(site, each.testee) and having else ""
    return tag("p", tag("span", bad, class_=f"word {css}"), where)


def _by_release(site: Site, own: Sequence[Divergence]) -> Html:
    """How many requirements each release does not meet."""
    rows = [
        tag(
            "tr",
            tag("th", f"liblxc {version}", scope="row"),
            *(tag("td", str(count)) for count in counts.values()),
            tag("td", str(sum(counts.values()))),
        )
        for version, counts in severity.counted(site, own).items()
    ]
    meaning = [tag("li", tag("b", name), f": {said}") for name, said in severity.SEVERITIES.items()]
    heads = ("requirements not met by", *severity.SEVERITIES, "together")
    return join(_table(heads, rows), tag("ul", *meaning))


def _divergence(site: Site, prose: Prose, each: Divergence) -> Html:
    id_ = each.entry.requirement
    url = site.url(id_)
    code = tag("code", breakable(id_))
    statement = site.source.requirements[id_].statement if id_ in site.source.requirements else ""
    said = verdicts.divergence(site, prose, each, linked=False)
    heading = tag("h3", tag("a", code, href=url) if url else code)
    must = tag("p", prose.line(statement), class_="statement")
    parts = (heading, _has_it(site, each), must, tag("p", said), _reproduced(site, each))
    return tag("section", *parts, id=each.id, class_="requirement")


def divergences(site: Site, prose: Prose) -> str:
    """Every ledger."""
    parts: list[Part] = [
        tag("p", "Where implementations are known to differ from the specification, and why."),
    ]
    for book in site.ledgers:
        own = [d for those in site.divergences.values() for d in those if d.testee == book.testee]
        parts.append(tag("h2", f"{book.testee}: {len(own)}"))
        if _of_a_release(site, book.testee):
            parts.append(_by_release(site, own))
        for claim in book.claims:
            link = tag("a", tag("code", claim.extension), href=site.url(claim.extension))
            where = verdicts.conditions(claim.scope)
            said = f" is {claim.verdict}" + (f" ({where})" if where else "") + ": "
            parts.append(tag("p", link, said, prose.line(claim.scope.because)))
        for leak in book.leaks:
            where = verdicts.conditions(leak.scope)
            said = f"leaves a {leak.cls} behind" + (f" ({where})" if where else "") + ": "
            parts.append(tag("p", said, prose.line(leak.scope.because)))
        parts += [_divergence(site, prose, each) for each in own]
    if not site.ledgers:
        parts.append(tag("p", "No ledger was given."))
    return frame.page(DIVERGENCES, "Known divergences", *parts)


def decisions(site: Site) -> str:
    """The RFCs, newest first."""
    items = [
        tag(
            "li",
            f"{topic[:4]}-{topic[4:6]}-{topic[6:8]} ",
            tag("a", d.title, href=decision_page(topic)),
        )
        for topic, d in sorted(site.decisions.items(), reverse=True)
    ]
    about = "What a reader could not derive from a chapter alone, and why it was decided so."
    return frame.page(DECISIONS, "Decisions", tag("p", about), tag("ul", *items))


def decision(prose: Prose, each: Decision) -> str:
    """One RFC."""
    return frame.page(decision_page(each.topic), each.title, prose.block(each.text))


def levels(site: Site, prose: Prose) -> str:
    """Which extensions each LXC level has."""
    names = list(site.source.levels)
    rows = []
    for name in site.source.extensions:
        cells = []
        for level in site.source.levels.values():
            has = name in level.extensions
            cells.append(
                tag("td", "\u2713 yes" if has else "\u2013", class_="good" if has else "none")
            )
        link = tag("a", breakable(name), href=extension_page(name))
        rows.append(tag("tr", tag("th", link, scope="row"), *cells))
    counts = [
        f"LXC {name} (to {level.release}): {len(site.source.at_level(name))} requirements"
        for name, level in site.source.levels.items()
    ]
    exceptions: list[Html] = []
    for level in site.source.levels.values():
        for id_, why in level.exceptions.items():
            code = tag("a", tag("code", id_), href=site.url(id_))
            exceptions.append(
                tag("li", f"LXC {level.name} is without ", code, ": ", prose.line(why))
            )
    return frame.page(
        LEVELS,
        "What each LXC level has",
        tag("ul", *(tag("li", text) for text in counts)),
        _table(("extension", *(f"LXC {name}" for name in names)), rows),
        join(tag("h2", "Exceptions"), tag("ul", *exceptions)) if exceptions else None,
    )


def needs(site: Site, prose: Prose) -> str:
    """What requirements need of the kernel, what proves it, and where it was found."""
    rows = []
    for name, need in site.source.needs.items():
        users: list[Part] = []
        for extension in site.source.extensions.values():
            if name in extension.needs:
                users += [", "] if users else []
                users.append(
                    tag("a", breakable(extension.name), href=extension_page(extension.name))
                )
        cells = [
            tag("th", tag("code", breakable(name)), scope="row"),
            tag("td", prose.line(need.proof), None if need.probe else " (not probed yet)"),
            tag("td", *users),
        ]
        for column in site.columns:
            found = column.comparison.run.needs.get(name)
            word = ("", "none") if found is None else ("\u2713 yes", "good")
            if found is not None and not found.present:
                word = ("\u2013 no", "none")
            title = found.evidence or None if found else None
            cells.append(tag("td", word[0], class_=word[1], title=title))
        rows.append(tag("tr", *cells, id=anchor(name)))
    columns = [f"Linux {c.kernel}, {c.cgroup}, for {c.testee}" for c in site.columns]
    return frame.page(
        NEEDS,
        "What is needed of the kernel",
        tag("p", "Each is found out by doing it, never by the kernel's version."),
        _table(("need", "what proves it", "extensions", *columns), rows),
    )
