# SPDX-License-Identifier: Apache-2.0
"""How bad a divergence is, by rule, and which releases have it. Pure."""

from __future__ import annotations

from typing import Mapping, Sequence

from ci.reports import model
from ci.reports.ledger import Entry, Scope
from ci.site.model import Divergence, Site

# Worst first, each with what it means for a user.
SEVERITIES: Mapping[str, str] = {
    "critical": "a call never returns or ends its caller, or what must be refused is let through",
    "major": "something that is promised is not done",
    "minor": "it is done otherwise: a recommendation, or a difference that is meant to stay",
}
_ABRUPT = (model.CRASH, model.TIMEOUT)


def severity(site: Site, entry: Entry) -> str:
    """By how it ends, by the requirement's level and kind, and by what the ledger says of it."""
    requirement = site.source.requirements.get(entry.requirement)
    if entry.verdict in _ABRUPT:
        return "critical"
    mandatory = requirement is not None and requirement.level in ("MUST", "MUST NOT")
    if entry.status != "fail" or not mandatory:
        return "minor"
    return "critical" if requirement is not None and requirement.kind == "refuses" else "major"


def releases(site: Site, scope: Scope) -> list[str]:
    """Of the releases that are verified those that have it."""
    return [version for version in site.releases if scope.versions.contains(version)]


def counted(site: Site, those: Sequence[Divergence]) -> dict[str, dict[str, int]]:
    """How many requirements each release breaks, by severity: of several entries the worst."""
    order = list(SEVERITIES)
    found: dict[str, dict[str, str]] = {version: {} for version in site.releases}
    for each in those:
        bad = severity(site, each.entry)
        for version in releases(site, each.entry.scope):
            before = found[version].get(each.entry.requirement, order[-1])
            found[version][each.entry.requirement] = min(before, bad, key=order.index)
    return {
        version: {name: list(worst.values()).count(name) for name in order}
        for version, worst in found.items()
    }
