# SPDX-License-Identifier: Apache-2.0
"""Why a mutant may live: ci/mutants/survivors.yaml. A reason for a mutant that there no longer is,
or that is killed, is a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Collection, Iterable, Mapping

import yaml

from ci.mutants.campaign import Verdict

# What a reader of the score wants to know of a survivor.
EQUIVALENT = "equivalent"
KINDS: Mapping[str, str] = {
    EQUIVALENT: "does the same in every way that a caller, a container or the kernel can see",
    "message": "changes only the words of an error or of the log",
    "speed": "does the same, later or with more system calls",
    "elsewhere": "needs a kernel, a user or a cgroup layout that this machine does not have",
    "failure": "needs a system call to fail that nothing makes fail here",
    "open": "a test that kills it is still to be written",
}
_FIELDS = {"kind", "because", "mutants"}


class ReasonsError(Exception):
    """The file cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Reason:
    kind: str
    because: str


def load(path: Path) -> dict[str, Reason]:
    """By the mutant's name. Strict: what is not understood could excuse a mutant by accident."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ReasonsError(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict) or set(document) != {"survivors"}:
        raise ReasonsError(f"{path}: must have a list `survivors` and nothing else")
    reasons: dict[str, Reason] = {}
    for number, entry in enumerate(document["survivors"] or (), 1):
        where = f"{path}, entry {number}"
        if not isinstance(entry, dict) or set(entry) != _FIELDS:
            raise ReasonsError(f"{where}: has to have {', '.join(sorted(_FIELDS))}")
        if entry["kind"] not in KINDS:
            raise ReasonsError(f"{where}: kind is one of {', '.join(KINDS)}")
        if not isinstance(entry["because"], str) or not entry["because"].strip():
            raise ReasonsError(f"{where}: because is a sentence")
        if not isinstance(entry["mutants"], list) or not entry["mutants"]:
            raise ReasonsError(f"{where}: mutants is a list of names")
        for name in entry["mutants"]:
            if name in reasons:
                raise ReasonsError(f"{where}: {name} has a reason already")
            reasons[name] = Reason(entry["kind"], entry["because"].strip())
    return reasons


def wrong(
    reasons: Mapping[str, Reason], known: Collection[str], verdicts: Iterable[Verdict]
) -> list[str]:
    """What is not right with the reasons, after these verdicts."""
    found = [
        f"there is no mutant '{name}': remove its reason" for name in reasons if name not in known
    ]
    for verdict in verdicts:
        if verdict.killed and verdict.mutant in reasons:
            found.append(f"{verdict.by} kills '{verdict.mutant}': remove its reason")
        elif not verdict.killed and verdict.mutant not in reasons:
            found.append(f"nothing kills '{verdict.mutant}', and it has no reason")
    return found
