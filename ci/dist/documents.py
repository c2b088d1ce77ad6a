# SPDX-License-Identifier: Apache-2.0
"""Writes the completion and the manual page of the front end into the two files named."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from ci.cli import main


def printed(command: str) -> str:
    """What a command of the front end prints; SystemExit where it fails."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main.main([command])
    if code:
        raise SystemExit(code)
    return out.getvalue()


if __name__ == "__main__":
    for name, file in zip(("completion", "manual"), sys.argv[1:], strict=True):
        Path(file).write_text(printed(name), encoding="utf-8")
