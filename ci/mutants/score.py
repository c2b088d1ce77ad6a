# SPDX-License-Identifier: Apache-2.0
"""The numbers of a campaign, with what a sample leaves uncertain."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Mapping, Sequence

from ci.mutants.campaign import Verdict
from ci.mutants.reasons import EQUIVALENT, Reason

# Of the normal distribution, for 95 %.
_Z = 1.959964


def interval(hits: int, of: int, population: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share of which `hits` of a sample were seen.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    Of a finite population a sample of everything leaves nothing uncertain."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    rest = (population - of) / (population - 1) if population > 1 else 0.0
    z = _Z * math.sqrt(max(0.0, rest))
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Score:
    """Of `population` mutants `judged` were judged; `viable` leaves out the equivalent ones."""

    population: int
    judged: int
    killed: int
    by: Mapping[str, int]
    kinds: Mapping[str, int]
    unexplained: int

    @property
    def viable(self) -> int:
        return self.judged - self.kinds.get(EQUIVALENT, 0)

    @property
    def share(self) -> float:
        return self.killed / self.viable if self.viable else 0.0

    @property
    def text(self) -> str:
        low, high = interval(self.killed, self.viable, self.population)
        kinds = [f"{count} {kind}" for kind, count in sorted(self.kinds.items())]
        kinds += [f"{self.unexplained} without a reason"] if self.unexplained else []
        by = ", ".join(f"{count} by {kind} tests" for kind, count in sorted(self.by.items()))
        lines = [
            f"{self.population} mutants, {self.judged} judged: {self.killed} killed ({by})",
            f"{self.judged - self.killed} survivors: {', '.join(kinds) or 'none'}",
            f"killed of viable: {100 * self.share:.1f} %"
            f" (95 % confidence: {100 * low:.1f} to {100 * high:.1f} %)",
        ]
        return "\n".join(lines)


def score(population: int, verdicts: Sequence[Verdict], reasons: Mapping[str, Reason]) -> Score:
    living = [verdict.mutant for verdict in verdicts if not verdict.killed]
    killers = Counter(
        "unit" if verdict.by.startswith("//") else "conformance"
        for verdict in verdicts
        if verdict.killed
    )
    return Score(
        population=population,
        judged=len(verdicts),
        killed=len(verdicts) - len(living),
        by=killers,
        kinds=Counter(reasons[name].kind for name in living if name in reasons),
        unexplained=sum(name not in reasons for name in living),
    )
