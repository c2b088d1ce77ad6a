# SPDX-License-Identifier: Apache-2.0
"""An extension's page: facts, verdicts, the chapter, its requirements and their tests."""

from __future__ import annotations

from ci.reports import model
from ci.site import frame, verdicts
from ci.site.model import WHOLE, Site, extension_page, test_id
from ci.site.prose import Prose
from ci.web.markup import Html, Part, anchor, join, tag
from ci.web.markup import name as breakable
from spec.tools.model import Chapter, Extension, Requirement

_KINDS = {
    "does": "what it does",
    "refuses": "what it refuses",
    "lacks": "what happens where the kernel lacks it, or the container cannot serve it",
    "announces": "the answer of lxc_has_api_extension()",
}


def definitions(*rows: tuple[str, Part]) -> Html:
    """A list of terms; those with nothing to say are left out."""
    found = [join(tag("dt", name), tag("dd", value)) for name, value in rows if value]
    return tag("dl", *found)


def facts(extension: Extension, prose: Prose) -> Html:
    """What the registry says."""
    bench = f"{extension.bench}_benchmark" if extension.bench else ""
    return definitions(
        ("Since", f"LXC {extension.since}"),
        ("Documented", "" if extension.documented else "not in the list of API extensions"),
        ("Needs", prose.needs(extension.needs)),
        ("Only where", extension.guard),
        ("Benchmark", bench or f"none: {extension.no_bench_because}"),
        ("Note", prose.line(extension.note) if extension.note else None),
    )


class ChapterPages:
    """Renders extensions. Requirements are sections of their own, which everything links to."""

    def __init__(self, site: Site, prose: Prose) -> None:
        self._site = site
        self._prose = prose

    def requirement(self, each: Requirement, prefix: str = "") -> Html:
        """One requirement; on the page of all chapters without what was seen."""
        site, prose = self._site, self._prose
        id_ = prefix + anchor(each.id)
        link = tag("a", tag("code", breakable(each.id)), href=f"#{id_}")
        retired = (
            tag("span", f" retired {each.retired}", class_="word none") if each.retired else None
        )
        level = tag("span", f" {each.level}", class_="level")
        heading = tag("h3", link, level, retired)
        sources = [join(prose.source(source), Html("<br>")) for source in each.sources]
        body: list[Part] = [
            heading,
            tag("p", prose.line(each.statement), class_="statement"),
            definitions(
                ("Kind", _KINDS[each.kind]),
                ("Observable", prose.line(each.observable)),
                ("Since", f"LXC {each.since}"),
                ("Needs", prose.needs(each.needs)),
                ("Left open", prose.line(each.left_open) if each.left_open else None),
                ("Source", join(*sources)),
                ("Tests", None if prefix else self._tests(each)),
            ),
        ]
        if not prefix:
            body.append(verdicts.of_requirement(site, each.id))
            known = site.divergences.get(each.id, [])
            items = [tag("li", verdicts.divergence(site, prose, d, linked=True)) for d in known]
            if items:
                body.append(tag("ul", *items, class_="divergences"))
        return tag("section", *body, id=id_, class_="requirement")

    def _tests(self, each: Requirement) -> Html | None:
        links = [
            join(tag("a", tag("code", t.name), href=self._site.test_url(t.name)), Html("<br>"))
            for t in self._site.catalogue.tests_of(each.id)
        ]
        return join(*links) if links else None

    def _contents(self, chapter: Chapter) -> Html:
        """The requirements in short, with what every run says of each."""
        rows = []
        for each in chapter.requirements:
            if each.retired:
                continue
            signs = [column.verdict(each.id) for column in self._site.columns]
            link = tag("a", breakable(each.slug), href=f"#{anchor(each.id)}")
            rows.append(tag("li", verdicts.chips(self._site, signs), " ", link))
        return tag("ul", *rows, class_="contents")

    def _test(self, test: model.Test) -> Html:
        """A row: the test, its place, what it covers, and its verdicts."""
        found: list[str] = []
        for column in self._site.columns:
            cases = [t.verdict for t in column.comparison.tests if self._is(t.name, test.name)]
            found.append(model.worst(cases))
        covered: list[Html] = []
        for id_ in test.requirements:
            url = self._site.url(id_)
            code = tag("code", breakable(id_))
            covered += [tag("a", code, href=url) if url else code, Html("<br>")]
        place = tag("div", f"{test.file}:{test.line}", class_="faint small")
        return tag(
            "tr",
            tag("th", tag("code", test.name), place, scope="row"),
            tag("td", *covered),
            tag("td", verdicts.chips(self._site, found)) if self._site.columns else None,
            id=test_id(test.name),
        )

    def _is(self, ran: str, source: str) -> bool:
        found = self._site.catalogue.test_of(ran)
        return found is not None and found.name == source

    def _test_table(self, name: str) -> Html:
        own = [t for t in self._site.tests_of(name) if t.requirements[0].startswith(f"{name}.")]
        if not own:
            return Html("")
        names = ("test", "covers", *(("verdicts",) if self._site.columns else ()))
        head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in names)))
        table = tag("table", head, tag("tbody", *map(self._test, own)))
        return join(tag("h2", "Tests", id="tests"), tag("div", table, class_="scroll"))

    def _prose_of(self, chapter: Chapter) -> Html:
        parts: list[Html] = []
        for title, text in chapter.prose.items():
            if title != "Requirements":
                parts += [tag("h2", title), self._prose.block(text)]
        return join(*parts)

    def page(self, name: str) -> str:
        """The extension's page."""
        site = self._site
        extension = site.source.extensions[name]
        parts: list[Part] = [
            tag("p", self._prose.line(extension.summary), class_="summary"),
            facts(extension, self._prose),
            verdicts.claims(site, name),
        ]
        for testee, claim in site.claims(name):
            where = verdicts.conditions(claim.scope)
            because = self._prose.line(claim.scope.because)
            known = f"{testee}: known to be {claim.verdict}" + (f" ({where})" if where else "")
            parts.append(tag("p", tag("b", known), ": ", because))
        chapter = site.source.chapters.get(name)
        if chapter is None:
            parts.append(
                tag("p", "It has no chapter yet: whether it is claimed is all that is known.")
            )
            return frame.page(extension_page(name), name, *parts)
        alive = sum(1 for each in chapter.requirements if not each.retired)
        parts += [
            self._prose_of(chapter),
            tag("h2", f"Requirements: {alive}", id="requirements"),
            self._contents(chapter),
            *map(self.requirement, chapter.requirements),
            self._test_table(name),
        ]
        return frame.page(extension_page(name), name, *parts)

    def whole(self) -> str:
        """All chapters on one page: for paper, and for the browser's own search."""
        parts: list[Part] = []
        for name, chapter in self._site.source.chapters.items():
            parts.append(tag("h2", name, id=f"all-{anchor(name)}", class_="chapter"))
            for title, text in chapter.prose.items():
                if title != "Requirements":
                    parts += [tag("h3", title), self._prose.block(text)]
            parts += [self.requirement(each, "all-") for each in chapter.requirements]
        return frame.page(WHOLE, "The whole specification", *parts)
