# SPDX-License-Identifier: Apache-2.0
"""Exit codes of ./lxcspec, and the errors that end a command with one."""

from __future__ import annotations

import difflib
from typing import Iterable

OK = 0
VERDICT = 1
USAGE = 2
INFRASTRUCTURE = 3
INTERRUPTED = 130


class CommandError(Exception):
    """Ends the command: the message is for the person, the code for the shell."""

    code = INFRASTRUCTURE


class UsageError(CommandError):
    """The command line asks for something that does not exist or make sense."""

    code = USAGE


class InfrastructureError(CommandError):
    """The machine, the build or the set-up, not the testee."""


class Interrupted(CommandError):
    """Stopped by a signal; the message says how to go on."""

    code = INTERRUPTED


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the names that begin with `word` or are almost it; "" where none is."""
    names = list(known)
    close = [name for name in names if word and name.startswith(word)]
    close += [n for n in difflib.get_close_matches(word, names, n=3) if n not in close]
    return f" Did you mean {' or '.join(close[:3])}?" if close else ""
