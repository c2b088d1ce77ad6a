# SPDX-License-Identifier: Apache-2.0
"""Packs the files of a list into a compressed tar: the same bytes for the same files."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
from pathlib import Path

# The archive's only folder.
FOLDER = "lxcspec"


def read_list(text: str) -> dict[str, Path]:
    """Paths in the archive with the files that go there, from lines of PLACE=FILE."""
    files: dict[str, Path] = {}
    for line in text.splitlines():
        place, _, file = line.partition("=")
        if place.startswith("/") or ".." in Path(place).parts:
            raise ValueError(f"{place} is not below the archive's folder")
        files[place] = Path(file)
    return files


def pack(files: dict[str, Path]) -> bytes:
    """The archive. Nothing of the machine is in it but what the files hold, and who may execute."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for place, file in sorted(files.items()):
            content = file.read_bytes()
            entry = tarfile.TarInfo(f"{FOLDER}/{place}")
            entry.size = len(content)
            # Bazel has everything executable: what starts as a program does is one.
            program = os.access(file, os.X_OK) and content.startswith((b"\x7fELF", b"#!"))
            entry.mode = 0o755 if program else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=0)


if __name__ == "__main__":
    listing, target = map(Path, sys.argv[1:])
    target.write_bytes(pack(read_list(listing.read_text(encoding="utf-8"))))
