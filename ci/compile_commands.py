#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes compile_commands.json, which clang-tidy and editors read, from what Bazel would run.

Builds the generated headers as well. usage: ci/compile_commands.py [FILE]
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[1]
# What GCC knows and clang does not.
_GCC_ONLY = ("-fno-canonical-system-headers", "-Wno-free-nonheap-object")


def _bazel(*words: str) -> str:
    """What Bazel prints; flags of this machine come from where ./lxcspec takes them too."""
    startup = shlex.split(os.environ.get("LXCSPEC_BAZEL_STARTUP_FLAGS", ""))
    flags = shlex.split(os.environ.get("LXCSPEC_BAZEL_FLAGS", "")) if words[0] != "info" else []
    command = ["bazel", *startup, words[0], *flags, *words[1:]]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stderr.strip()}\nbazel {words[0]} failed with {done.returncode}")
    return done.stdout


def packages() -> list[str]:
    """Patterns of all packages; `//...` would also look into another workspace's bazel-* links."""
    listed = subprocess.run(
        ["git", "-C", str(TOP), "ls-files", "*/BUILD"], capture_output=True, text=True, check=True
    )
    return sorted({f"//{path.split('/', 1)[0]}/..." for path in listed.stdout.splitlines()})


def commands_of(answer: Any, folder: str) -> list[dict[str, Any]]:
    """The entries for each source file; the first action that compiles it counts."""
    found: dict[str, dict[str, Any]] = {}
    for action in answer.get("actions", []):
        arguments = [word for word in action.get("arguments", []) if word not in _GCC_ONLY]
        if "-c" not in arguments:
            continue
        source = arguments[arguments.index("-c") + 1]
        if source.endswith(".cc") and not source.startswith("external/"):
            entry = {"directory": folder, "file": source, "arguments": arguments}
            found.setdefault(source, entry)
    return [found[source] for source in sorted(found)]


def main() -> None:
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else TOP / "compile_commands.json"
    where = packages()
    _bazel(
        "build", "--keep_going", "--output_groups=compilation_prerequisites_INTERNAL_", "--", *where
    )
    query = f"mnemonic('CppCompile', {' union '.join(where)})"
    answer = json.loads(_bazel("aquery", "--output=jsonproto", query))
    commands = commands_of(answer, _bazel("info", "execution_root").strip())
    output.write_text(json.dumps(commands, indent=1) + "\n", encoding="utf-8")
    print(f"{len(commands)} files in {output}")


if __name__ == "__main__":
    main()
