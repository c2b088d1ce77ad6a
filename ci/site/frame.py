# SPDX-License-Identifier: Apache-2.0
"""What every page of the site has: its head, a search, and the way to the other pages."""

from __future__ import annotations

from ci.site.model import DECISIONS, DIVERGENCES, FRONT, LEVELS, NEEDS, WHOLE
from ci.web import shell
from ci.web.markup import Html, Part, tag

STYLE, SCRIPT, INDEX = "site.css", "site.js", "search-index.js"
_PLACES = (
    (FRONT, "Extensions"),
    (DIVERGENCES, "Divergences"),
    (DECISIONS, "Decisions"),
    (LEVELS, "Levels"),
    (NEEDS, "Needs"),
    (WHOLE, "All on one page"),
)


def _navigation(here: str) -> Html:
    links = [
        tag("a", title, href=page, aria_current="page" if page == here else None)
        for page, title in _PLACES
    ]
    label = tag("label", "Search ", tag("input", type="search", id="q", autocomplete="off"))
    search = tag("div", label, id="search", hidden=True)
    found = tag("ul", id="found", hidden=True, aria_label="Found")
    count = tag("p", role="status", id="count", class_="sr")
    return tag(
        "header",
        tag("nav", *links, aria_label="Site"),
        search,
        count,
        found,
        class_="no-print",
    )


def page(here: str, title: str, *content: Part) -> str:
    """A page whose main heading is `title`."""
    return shell.linked(
        f"{title} - lxcspec" if here != FRONT else title,
        STYLE,
        (INDEX, SCRIPT),
        "",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _navigation(here),
        tag("main", tag("h1", title), *content, id="content"),
    )
