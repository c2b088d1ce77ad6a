# SPDX-License-Identifier: Apache-2.0
"""Rules about what C++ files define."""

from __future__ import annotations

from typing import Iterator, Sequence

from ci.checks.tree import Finding, Tree, is_cpp, tokens_of
from spec.tools.cpp_source import Token

# Linked alone, so what they define meets nobody else's.
_ALONE = ("_test.cc", "_fuzz.cc", "_benchmark.cc", "main.cc")
_RECORDS = ("struct", "class", "union", "enum")
# The scope of what only its own file sees.
_OWN_FILE = None


def _type_defined(head: Sequence[Token]) -> Token | None:
    """The name of the type whose braces come after `head`; none for functions and the like."""
    start = next((n for n, token in enumerate(head) if token.text in _RECORDS), None)
    words = head[start:] if start is not None else []
    if any(token.text in ("(", "=") for token in words):
        return None
    named = None
    for token in words:
        if token.text == ":":
            break
        if token.kind == "word" and token.text not in (*_RECORDS, "final"):
            named = token
    return named


def _namespace_opened(head: Sequence[Token], scope: str | None) -> str | None:
    """The scope behind `head`, which is `namespace`, or `inline namespace`, and perhaps a name."""
    name = "".join(token.text for token in head if token.text not in ("inline", "namespace"))
    return f"{scope}{name}::" if name and scope is not _OWN_FILE else _OWN_FILE


def _types_of(text: str) -> Iterator[tuple[int, str]]:
    """Line and full name of each type that a file defines for all to see, nested ones left out."""
    scopes: list[str | None] = [""]
    depth = 0  # of braces that are no namespace's
    head: list[Token] = []
    for token in tokens_of(text):
        if token.kind == "directive":
            continue
        if token.text == "{":
            if depth == 0 and any(word.text == "namespace" for word in head):
                scopes.append(_namespace_opened(head, scopes[-1]))
            else:
                defined = _type_defined(head) if depth == 0 else None
                if defined and scopes[-1] is not _OWN_FILE:
                    yield defined.line, f"{scopes[-1]}{defined.text}"
                depth += 1
        elif token.text == "}" and depth:
            depth -= 1
        elif token.text == "}" and len(scopes) > 1:
            scopes.pop()
        elif token.text != ";":
            head.append(token)
            continue
        head = []


def one_type_a_name(tree: Tree) -> Iterator[Finding]:
    """What is linked together has one type of a name: the linker takes either of two, silently."""
    seen: dict[tuple[str, str], str] = {}
    for path, text in sorted(tree.files.items()):
        if not is_cpp(path) or path.endswith(_ALONE):
            continue
        part = path.split("/", 1)[0]
        for line, name in _types_of(text):
            first = seen.setdefault((part, name), path)
            if first != path:
                said = f"{name} is defined in {first} too: the linker would take either for both"
                yield Finding(path, line, f"{said}; rename it, or put it into namespace {{}}")
