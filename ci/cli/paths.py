# SPDX-License-Identifier: Apache-2.0
"""Where things are in the tree, and where results are kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ci.cli.errors import InfrastructureError

TOP = Path(__file__).resolve().parents[2]
EXPECTATIONS = TOP / "conformance" / "expectations"
KEPT_RESULTS = 40
# The programs, built, where the tree is an unpacked archive (//:dist) and not a checkout.
BUILT = TOP / "built"


def packed() -> bool:
    """Whether this is an unpacked archive: nothing can be built, and what is needed is there."""
    return BUILT.is_dir()


def shown(path: Path) -> str:
    """The path as a person would type it here: relative where it is below this directory."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def cache() -> Path:
    """A writable folder of our own: in the tree, or in the user's cache where that is not ours."""
    in_tree = TOP / ".cache"
    if os.access(in_tree if in_tree.exists() else TOP, os.W_OK):
        return in_tree
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lxcspec"


def new_results_file(label: str) -> Path:
    """A fresh name for raw results; the oldest ones are deleted."""
    folder = cache() / "results"
    folder.mkdir(parents=True, exist_ok=True)
    old = sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    for path in old[: max(0, len(old) - KEPT_RESULTS)]:
        path.unlink(missing_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    safe = "".join(c if c.isalnum() or c in ".-_" else "_" for c in label)
    return folder / f"{stamp}-{os.getpid()}-{safe}.jsonl"


def write(file: Path, text: str) -> None:
    """Writes a file that the command line names. Raises InfrastructureError, which names it."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InfrastructureError(f"{file}: {error.strerror}") from error
