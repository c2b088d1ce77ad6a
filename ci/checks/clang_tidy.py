#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over C++ files, several at once, less those that passed as they are.

A file has changed when it, a header of the project that it includes, its command, .clang-tidy or
clang-tidy itself has. ^C loses nothing: the next run goes on. What no target builds is left out.

usage: ci/checks/clang_tidy.py [FILE...]    paths from the top; from standard input without one
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
CONFIG = TOP / ".clang-tidy"
_INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_NOISE = re.compile(r"^(\d+ warnings? (generated|treated)|Suppressed|Use -header-filter)")


def extra_checks(file: str) -> str:
    """What is asked differently of some files."""
    if file.startswith("conformance/tests/") or file.endswith("_test.cc"):
        # It takes minutes for them.
        return "-clang-analyzer-*"
    if file.startswith("bench/"):
        # Google Benchmark keeps what it is given for ever.
        return "-clang-analyzer-cplusplus.NewDeleteLeaks"
    return ""


def _folders(entry: dict[str, Any]) -> list[Path]:
    """Where #include "..." looks, in the order of the command."""
    words = entry["arguments"]
    named = [words[i + 1] for i, word in enumerate(words) if word in ("-iquote", "-I", "-isystem")]
    return [Path(entry["directory"], name) for name in named]


def sources_of(entry: dict[str, Any]) -> Iterator[Path]:
    """The file and each header of the project that it includes, directly or not."""
    folders = _folders(entry)
    waiting = [Path(entry["directory"], entry["file"])]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        yield path
        for name in _INCLUDE.findall(path.read_bytes()):
            tried = (folder / os.fsdecode(name) for folder in folders)
            found = next((path for path in tried if path.is_file()), None)
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)


def key_of(entry: dict[str, Any], version: bytes) -> str:
    """Changes with everything that can change the verdict, but for the system's own headers."""
    key = hashlib.sha256(version + CONFIG.read_bytes())
    key.update("\0".join([*entry["arguments"], extra_checks(entry["file"])]).encode())
    for path in sorted(sources_of(entry)):
        key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()


class Passed:
    """Which files passed, each with its key; a key that is not the newest is forgotten."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _stamp(self, file: str) -> Path:
        return self._folder / file.replace("/", "%")

    def has(self, file: str, key: str) -> bool:
        stamp = self._stamp(file)
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == key

    def add(self, file: str, key: str) -> None:
        stamp = self._stamp(file)
        new = stamp.with_name(f"{stamp.name}.{os.getpid()}")
        new.write_text(key, encoding="utf-8")
        new.replace(stamp)


def _tidy(file: str, database: Path) -> tuple[bool, str]:
    command = ["clang-tidy", "--quiet", "-p", str(database), f"--config-file={CONFIG}"]
    command += [f"--checks={checks}" for checks in [extra_checks(file)] if checks]
    command += ["--extra-arg=-Wno-unknown-warning-option", file]
    done = subprocess.run(
        command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    said = [line for line in done.stdout.splitlines() if not _NOISE.match(line)]
    # Killed, it says nothing itself.
    ended = [] if said or done.returncode == 0 else [f"{file}: ended with {done.returncode}"]
    return done.returncode == 0, "\n".join(said + ended)


def _run(wanted: list[str], database: Path) -> int:
    listed = database / "compile_commands.json"
    made = subprocess.run(
        [TOP / "ci" / "compile_commands.py", listed], check=False, stdout=subprocess.DEVNULL
    )
    if made.returncode:
        sys.exit("the commands that compile the files cannot be had; why is said above")
    entries = {one["file"]: one for one in json.loads(listed.read_text(encoding="utf-8"))}
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    passed = Passed(cache / "lxcspec" / "clang-tidy")
    keys = {file: key_of(entries[file], version) for file in wanted if file in entries}
    open_files = [file for file, key in keys.items() if not passed.has(file, key)]
    print(f"{len(keys) - len(open_files)} of {len(keys)} files passed before", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(_tidy, file, database): file for file in open_files}
        try:
            for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
                file, (is_clean, said) = runs[run], run.result()
                if is_clean:
                    passed.add(file, keys[file])
                else:
                    failed += 1
                    print(said, flush=True)
                if sys.stderr.isatty():
                    print(f"\r{number} of {len(runs)}, {failed} failed ", end="", file=sys.stderr)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    if open_files and sys.stderr.isatty():
        print(file=sys.stderr)
    return failed


def main() -> int:
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    wanted = sys.argv[1:] or sys.stdin.read().split()
    with tempfile.TemporaryDirectory() as database:
        return 1 if _run(wanted, Path(database)) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
