# SPDX-License-Identifier: Apache-2.0
"""Rules about which part may use which, and about the files that an extension has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

import yaml

from ci.checks.tree import Finding, Tree, includes_of, is_cpp, tokens_of

REGISTRY = "spec/registry.yaml"
CLAIMS = "runtime/extensions/claims.cc"
_PARTS = ("spec", "runtime", "conformance", "bench", "vmtests", "ci")
# The folders that each part may include or import from, besides itself. Nothing uses ci.
_MAY_USE: Mapping[str, tuple[str, ...]] = {
    "spec": (),
    "runtime": ("spec",),
    "conformance": ("spec",),
    "bench": ("spec", "conformance/testee", "conformance/posix", "runtime"),
    # conformance/posix knows nothing of the suite: errno-valued results and owned descriptors.
    "vmtests": ("conformance/posix",),
    "ci": _PARTS,
}
# The rooms of the runtime, and what each may include besides itself.
_ROOMS: Mapping[str, tuple[str, ...]] = {
    "base": (),
    "kernel": ("base",),
    "config": ("base", "kernel"),
    "extensions": ("base", "kernel", "config"),
    "container": ("base", "kernel", "config", "extensions"),
    "api": ("base", "kernel", "config", "extensions", "container"),
}
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)")


@dataclass(frozen=True)
class _Extension:
    name: str
    line: int
    chapter: bool
    bench: str


def _used(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Line and path of everything that a file includes or imports."""
    if is_cpp(path):
        yield from includes_of(text)
    elif path.endswith(".py"):
        for number, line_text in enumerate(text.splitlines(), 1):
            match = _IMPORT.match(line_text)
            if match:
                yield number, match[1].replace(".", "/") + "/"


def parts(tree: Tree) -> Iterator[Finding]:
    """Parts use each other in one direction; what judges never shares code with what is judged."""
    for path, text in tree.files.items():
        part = path.split("/", 1)[0]
        allowed = _MAY_USE.get(part, _PARTS)
        for line, used in _used(path, text):
            other = used.split("/", 1)[0]
            if other not in _PARTS or other == part:
                continue
            if not any(used.startswith(f"{folder}/") for folder in allowed):
                folders = ", ".join(f"{folder}/" for folder in (part, *allowed))
                said = f"{part}/ must not use {used.rstrip('/')}; it may use {folders}"
                yield Finding(path, line, said)


def rooms(tree: Tree) -> Iterator[Finding]:
    """Inside the runtime: base, kernel, then config and extensions, then container, then api."""
    for path, text in tree.files.items():
        pieces = path.split("/")
        if pieces[0] != "runtime" or len(pieces) < 3 or not is_cpp(path) or pieces[1] not in _ROOMS:
            continue
        room = pieces[1]
        for line, included in includes_of(text):
            used = included.split("/")
            if used[0] == "runtime" and len(used) > 2 and used[1] not in (room, *_ROOMS[room]):
                said = f"runtime/{room}/ must not use runtime/{used[1]}/: move what is shared down"
                yield Finding(path, line, said)


def _extensions(tree: Tree) -> list[_Extension]:
    text = tree.files.get(REGISTRY, "")
    root: Any = yaml.safe_load(text) if text else None
    entries = root.get("extensions") if isinstance(root, dict) else None
    lines = text.splitlines()
    found = []
    for entry in entries or []:
        name = str(entry.get("name"))
        wanted = re.compile(rf"^\s*-\s+name:\s*{re.escape(name)}\s*$")
        line = next((n for n, line in enumerate(lines, 1) if wanted.match(line)), 1)
        bench = str(entry.get("bench", ""))
        found.append(_Extension(name, line, entry.get("chapter") is True, bench))
    return found


def _owner(stem: str, names: list[str]) -> str:
    """The extension that a file of this stem belongs to: of those that fit, the longest name."""
    fitting = [name for name in names if stem == name or stem.startswith(f"{name}_")]
    return max(fitting, key=len, default="")


def islands(tree: Tree) -> Iterator[Finding]:
    """An extension never includes another one."""
    names = [extension.name for extension in _extensions(tree)]
    folder = "runtime/extensions/"
    for path, text in tree.files.items():
        if not path.startswith(folder) or not is_cpp(path):
            continue
        own = _owner(path.removeprefix(folder).rsplit(".", 1)[0], names)
        for line, included in includes_of(text):
            if own and included.startswith(folder):
                other = _owner(included.removeprefix(folder).rsplit(".", 1)[0], names)
                if other and other != own:
                    said = f"'{own}' includes '{other}': what they share belongs into"
                    yield Finding(path, line, f"{said} runtime/kernel or runtime/container")


def _claimed(tree: Tree, names: list[str]) -> set[str]:
    """What the reference says that it has: the names in its table of claims."""
    literals = {
        token.text.strip('"')
        for token in tokens_of(tree.files.get(CLAIMS, ""))
        if token.kind == "literal"
    }
    return literals & set(names)


def complete(tree: Tree) -> Iterator[Finding]:
    """An extension with a chapter has all its files, under its name, in every part."""
    extensions = _extensions(tree)
    names = [extension.name for extension in extensions]
    claimed = _claimed(tree, names)
    for extension in extensions:
        name = extension.name
        wanted: list[tuple[str, str]] = []
        if extension.chapter:
            why = "has a chapter"
            wanted += [
                (f"spec/extensions/{name}.md", why),
                (f"conformance/tests/{name}_conformance_test.cc", why),
            ]
        if name in claimed or f"runtime/extensions/{name}.cc" in tree.files:
            why = "is in the reference"
            wanted += [
                (f"runtime/extensions/{name}{end}", why) for end in (".h", ".cc", "_test.cc")
            ]
        if not extension.bench:
            said = f"'{name}' says nothing of a benchmark: its name, or 'none: <reason>'"
            yield Finding(REGISTRY, extension.line, said)
        elif not extension.bench.startswith("none:"):
            wanted.append((f"bench/{extension.bench}_benchmark.cc", "names a benchmark"))
        for path, why in wanted:
            if path not in tree.files:
                yield Finding(
                    REGISTRY, extension.line, f"'{name}' {why}, but there is no {path}: add it"
                )
