# SPDX-License-Identifier: Apache-2.0
"""What a comparison ends with. Only 0 says that nothing got slower; what is in doubt is not 0."""

from __future__ import annotations

import enum
from typing import Iterable


class Verdict(enum.IntEnum):
    """The value is the exit code."""

    NONE = 0
    REGRESSION = 1
    NOT_COMPARABLE = 2
    NOT_ENOUGH_DATA = 3
    TOO_NOISY = 4

    @property
    def words(self) -> str:
        return self.name.lower().replace("_", " ")


class TrackingError(Exception):
    """Ends the command with a verdict other than NONE."""

    verdict = Verdict.NOT_ENOUGH_DATA


class NotComparable(TrackingError):
    verdict = Verdict.NOT_COMPARABLE


class NotEnoughData(TrackingError):
    verdict = Verdict.NOT_ENOUGH_DATA


class TooNoisy(TrackingError):
    verdict = Verdict.TOO_NOISY


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """A regression that was found counts most, then the lower code. Nothing at all is no data."""
    found = sorted(set(verdicts))
    if not found:
        return Verdict.NOT_ENOUGH_DATA
    return next((verdict for verdict in found if verdict != Verdict.NONE), Verdict.NONE)
