# SPDX-License-Identifier: Apache-2.0
"""One verdict on each claim: claimed x the kernel can x it behaves (conformance/README.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ci.reports import model
from ci.reports.results import Claim, Need

# Beginnings of the reason why a testee was not asked (spec/testee-protocol.md).
NOT_OFFERED = "not offered by the testee"
NOT_IN_PROTOCOL = "not in the testee protocol"

# How a refusal for want of a facility looks in a failure message.
_REFUSAL = re.compile(r"\b(ENOSYS|EOPNOTSUPP|ENOTSUP)\b")


@dataclass
class Evidence:
    """What a run says of one extension: a verdict per requirement, messages of what failed."""

    extension: model.Extension
    claim: Claim | None
    # Requirements with the verdict that comparison gave them, before "not claimed" is applied.
    verdicts: dict[str, str] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    # Requirements of which a test was not made: the testee does not offer what it asks for, or the
    # protocol has no way to ask.
    not_offered: set[str] = field(default_factory=set)
    not_in_protocol: set[str] = field(default_factory=set)
    # Tests of the extension that the run left out.
    left_out: int = 0


@dataclass(frozen=True)
class Outcome:
    """The claim verdict and the reason for it."""

    verdict: str
    reason: str = ""


def _names(ids: list[str]) -> str:
    shown = ", ".join(ids[:3])
    return f"{shown} and {len(ids) - 3} more" if len(ids) > 3 else shown


def missing_needs(
    extension: model.Extension, requirements: list[model.Requirement], needs: dict[str, Need]
) -> list[str]:
    """Needs of the extension that were probed and found absent."""
    names = set(extension.needs)
    for requirement in requirements:
        if requirement.mandatory and requirement.kind == "does":
            names.update(requirement.needs)
    return sorted(name for name in names if name in needs and not needs[name].present)


def judge(
    evidence: Evidence, requirements: list[model.Requirement], needs: dict[str, Need]
) -> Outcome:
    """The claim verdict of one extension. `requirements` are all that its chapter has."""
    if not evidence.extension.chapter:
        return Outcome(model.UNVERIFIED, "no chapter yet")
    mandatory = [r for r in requirements if r.mandatory and not r.retired]
    verdict = {r.id: evidence.verdicts.get(r.id, model.NOT_RUN) for r in mandatory}
    failing = [r.id for r in mandatory if verdict[r.id] in model.FAILING]
    broken = [r.id for r in mandatory if verdict[r.id] == model.BROKEN]
    holding = (model.PASS, model.EXPECTED_FAIL, model.UNEXPECTED_PASS)
    holds = [r.id for r in mandatory if verdict[r.id] in holding]
    does = [r for r in mandatory if r.kind == "does"]
    claimed = evidence.claim.claimed if evidence.claim else None

    if claimed is False:
        lacking = missing_needs(evidence.extension, requirements, needs)
        # What still holds here, its keys for instance, does not make it an extension.
        if lacking and not failing:
            return Outcome(model.NOT_CLAIMED, f"this kernel lacks {_names(lacking)}")
        return _judge_unclaimed(evidence, does, verdict)
    if failing:
        lacking = missing_needs(evidence.extension, requirements, needs)
        refused = [r.id for r in does if r.id in failing and _refused(evidence, r.id)]
        if refused == failing and not lacking:
            return Outcome(model.WRONGLY_GATED, f"the kernel can, but refused: {_names(refused)}")
        return Outcome(model.OVER_CLAIMED, f"does not hold: {_names(failing)}")
    if broken:
        return Outcome(model.UNVERIFIED, f"could not be tested: {_names(broken)}")
    if claimed is None:
        return Outcome(model.UNVERIFIED, "lxc_has_api_extension() did not answer")
    withheld = [r.id for r in mandatory if r.id in evidence.not_offered]
    if withheld:
        return Outcome(model.UNVERIFIED, f"{NOT_OFFERED}: {_names(withheld)}")
    lacking = missing_needs(evidence.extension, requirements, needs)
    # Without what the extension is made of, keys that are read back say little of it.
    own = set(evidence.extension.needs) & set(lacking)
    if own or (lacking and not any(r.id in holds for r in does)):
        return Outcome(model.KERNEL_GATED, f"this kernel lacks {_names(lacking)}")
    if not holds:
        return Outcome(model.UNVERIFIED, "none of its tests ran")
    if evidence.left_out:
        return Outcome(model.UNVERIFIED, f"{evidence.left_out} of its tests were left out")
    return Outcome(model.CONFIRMED)


def _refused(evidence: Evidence, requirement: str) -> bool:
    messages = evidence.messages.get(requirement, [])
    return bool(messages) and all(_REFUSAL.search(message) for message in messages)


def _judge_unclaimed(
    evidence: Evidence, does: list[model.Requirement], verdict: dict[str, str]
) -> Outcome:
    passing = [r.id for r in does if verdict[r.id] in (model.PASS, model.UNEXPECTED_PASS)]
    explained = [r.id for r in does if verdict[r.id] == model.EXPECTED_FAIL]
    ran = [r.id for r in does if verdict[r.id] not in (model.NOT_RUN, model.UNSUPPORTED)]
    if any(r.id in evidence.not_offered | evidence.not_in_protocol for r in does):
        return Outcome(model.NOT_CLAIMED)
    if not ran and evidence.left_out:
        return Outcome(model.UNVERIFIED, "its tests were left out")
    if not ran or len(passing) + len(explained) < len(ran) or not passing:
        return Outcome(model.NOT_CLAIMED)
    if evidence.left_out:
        return Outcome(model.UNVERIFIED, f"{evidence.left_out} of its tests were left out")
    return Outcome(model.UNDER_CLAIMED, f"not claimed, yet it behaves: {_names(passing)}")
