# SPDX-License-Identifier: Apache-2.0
"""./lxcspec: finds the command and turns errors into one line and an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import NoReturn, Sequence

from ci.cli import (
    bench,
    completion,
    diff,
    errors,
    explain,
    faults,
    fetch,
    fuzz,
    listing,
    manual,
    matrix,
    mutants,
    probe,
    report,
    run,
    selftest,
    shell,
    site,
    verify,
)
from ci.cli.options import Commands

_SUMMARY = "Verifies what LXC's API extensions promise: claimed x the kernel can x it behaves."
_EPILOG = """\
examples:
  ./lxcspec run                                        verify the installed liblxc and the reference
  ./lxcspec run --testee /opt/lxc/lib/liblxc.so.1      verify your own
  ./lxcspec explain console_log                        what an extension must do, and who does it
  ./lxcspec COMMAND --help                             the options of a command, with examples

exit codes: 0 as expected, 1 a verdict is not, 2 bad usage, 3 the machine or the build"""


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """A polite kill ends like ^C: children are stopped and results kept."""
    raise KeyboardInterrupt


def declare() -> Commands:
    """All commands with their options."""
    commands = Commands("./lxcspec", _SUMMARY, _EPILOG)
    for module in (
        run,
        matrix,
        report,
        verify,
        site,
        shell,
        faults,
        fetch,
        mutants,
        diff,
        fuzz,
        selftest,
        listing,
        explain,
        probe,
        bench,
        completion,
        manual,
    ):
        module.add_to(commands)
    return commands


def main(words: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, _terminated)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Into a file or a pipe as well: who is killed has said what it knew.
        sys.stdout.reconfigure(line_buffering=True)
    commands = declare()
    try:
        options = commands.parse(words)
        if options is None:
            return errors.USAGE
        code: int = options.action(options)
        sys.stdout.flush()
        return code
    except errors.CommandError as error:
        print(f"lxcspec: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("lxcspec: interrupted", file=sys.stderr)
        return errors.INTERRUPTED
    except BrokenPipeError:
        # The reader has had enough (`./lxcspec list | head`); nothing is left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.OK
