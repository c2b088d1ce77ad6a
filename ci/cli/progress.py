# SPDX-License-Identifier: Apache-2.0
"""One line on the terminal that is rewritten while something works; silent anywhere else."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType


class Line:
    """`with Line() as line: line.show("3 of 80")`. Standard output stays free for results."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.visible = not quiet and sys.stderr.isatty()
        self._shown = ""

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def show(self, text: str) -> None:
        if not self.visible or text == self._shown:
            return
        width = shutil.get_terminal_size().columns - 1
        clean = "".join(c if c.isprintable() else " " for c in text)
        sys.stderr.write(f"\r\x1b[K{clean[:width]}")
        sys.stderr.flush()
        self._shown = text

    def clear(self) -> None:
        if self.visible and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = ""


def say(text: str, quiet: bool = False) -> None:
    """A line for the person who watches, apart from the results."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)
