# SPDX-License-Identifier: Apache-2.0
"""The whole site as texts by file name, and the index that its search reads. Pure."""

from __future__ import annotations

import json
from pathlib import Path

from ci.site import frame, lists
from ci.site.chapters import ChapterPages
from ci.site.model import (
    DECISIONS,
    DIVERGENCES,
    FRONT,
    LEVELS,
    NEEDS,
    WHOLE,
    Site,
    decision_page,
    extension_page,
)
from ci.site.prose import Prose
from ci.web import shell
from ci.web.markup import anchor, clean

_HERE = Path(__file__).resolve().parent


def index(site: Site) -> list[list[str]]:
    """For each thing that can be found: kind, name, address, and what is said of it."""
    found: list[list[str]] = []
    for extension in site.source.extensions.values():
        url = extension_page(extension.name)
        found.append(["extension", extension.name, url, extension.summary])
    for requirement in site.source.requirements.values():
        if not requirement.retired:
            url = f"{extension_page(requirement.extension)}#{anchor(requirement.id)}"
            found.append(["requirement", requirement.id, url, requirement.statement])
    for test in site.catalogue.tests.values():
        url = site.test_url(test.name)
        if url:
            found.append(["test", test.name, url, ", ".join(test.requirements)])
    for those in site.divergences.values():
        for each in those:
            name = f"{each.testee}: {each.entry.requirement}"
            because = each.entry.scope.because
            found.append(["divergence", name, f"{DIVERGENCES}#{each.id}", because])
    for topic, decision in site.decisions.items():
        found.append(["decision", decision.title, decision_page(topic), ""])
    for need in site.source.needs.values():
        found.append(["need", need.name, f"{NEEDS}#{anchor(need.name)}", need.proof])
    return [[clean(text) for text in each] for each in found]


def _index_script(site: Site) -> str:
    entries = ",\n".join(json.dumps(each) for each in index(site))
    licence = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    return f"{licence}window.lxcspecIndex = [\n{entries}\n];\n"


def render(site: Site) -> dict[str, str]:
    """Every file of the site."""
    prose = Prose(site)
    pages = ChapterPages(site, prose)
    files = {
        frame.STYLE: shell.read("base.css") + (_HERE / "site.css").read_text(encoding="utf-8"),
        frame.SCRIPT: (_HERE / "site.js").read_text(encoding="utf-8"),
        frame.INDEX: _index_script(site),
        FRONT: lists.front(site, prose),
        DIVERGENCES: lists.divergences(site, prose),
        DECISIONS: lists.decisions(site),
        LEVELS: lists.levels(site, prose),
        NEEDS: lists.needs(site, prose),
        WHOLE: pages.whole(),
    }
    for name in site.source.extensions:
        files[extension_page(name)] = pages.page(name)
    for topic, decision in site.decisions.items():
        files[decision_page(topic)] = lists.decision(prose, decision)
    return files
