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
    """ " Did you mean ...?" for a word that is almost one of `known`, else ""."""
    close = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(close)}?" if close else ""
