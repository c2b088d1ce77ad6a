# SPDX-License-Identifier: Apache-2.0
"""Finds the tests of a C++ file and what each says that it covers. Reads tokens, not text, so that
a comment, a string or a disabled branch is never taken for a test."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spec.tools.errors import Problems

TEST_MACROS = ("TEST", "TEST_F", "TEST_P", "TYPED_TEST")
_INSTANTIATE = "INSTANTIATE_TEST_SUITE_P"
_CITATION = re.compile(r"(?:::)?(?:lxcspec::)?spec::(\w+)::k(\w+)")

_TOKEN = re.compile(
    r"""
    (?P<splice>\\\n)
  | (?P<newline>\n)
  | (?P<space>[^\S\n]+)
  | (?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^\s()\\"]{0,16})\(.*?\)(?P=delimiter)")
  | (?P<literal>(?:u8|[uUL])?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<number>\.?\d(?:[eEpP][+-]|'?\w|\.)*)
  | (?P<word>(?!(?:u8|[uUL])?R")[A-Za-z_]\w*)
  | (?P<mark>::|(?!/\*)[^"'\s])
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    kind: str  # word, literal, number, mark, directive
    text: str
    line: int


@dataclass(frozen=True)
class Citation:
    """`spec::extension::kSlug` as written."""

    extension: str
    constant: str
    line: int


@dataclass(frozen=True)
class TestCase:
    macro: str
    suite: str
    test: str
    file: str
    line: int
    citations: tuple[Citation, ...]

    @property
    def name(self) -> str:
        return f"{self.suite}.{self.test}"


@dataclass(frozen=True)
class Source:
    """The tests of one file, and the suites that it instantiates with parameters."""

    file: str
    tests: tuple[TestCase, ...]
    instantiated: frozenset[str]


def tokenize(text: str, problems: Problems) -> list[Token]:
    """A preprocessor directive is one token, its continued lines included."""
    text = text.replace("\r\n", "\n")
    tokens: list[Token] = []
    directive: list[str] | None = None
    directive_line = line = 1
    fresh, position = True, 0  # fresh: nothing but space on this line yet
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            problems.add(line, f"this never ends: {text[position:].splitlines()[0]}")
            break
        kind, piece = str(match.lastgroup), match[0]
        if kind == "delimiter":
            kind = "raw"
        if kind == "newline":
            if directive is not None:
                tokens.append(Token("directive", "".join(directive), directive_line))
            directive, fresh = None, True
        elif directive is not None:
            directive.append(" " if kind in ("splice", "comment") else piece)
        elif piece == "#" and fresh:
            directive, directive_line = [], line
        elif kind not in ("splice", "space", "comment"):
            tokens.append(Token("literal" if kind == "raw" else kind, piece, line))
            fresh = False
        line += piece.count("\n")
        position = match.end()
    if directive is not None:
        tokens.append(Token("directive", "".join(directive), directive_line))
    return tokens


class _Scanner:
    def __init__(self, file: str, text: str) -> None:
        self.problems = Problems(file)
        self.tokens = tokenize(text, self.problems)
        self.tests: list[TestCase] = []
        self.instantiated: set[str] = set()
        self._accepted: set[int] = set()  # positions of the COVERS that open a test

    def scan(self) -> Source:
        condition: Token | None = None  # the outermost open #if
        depth = 0
        for index, token in enumerate(self.tokens):
            if token.kind == "directive":
                words = token.text.split()
                if words and words[0] in ("if", "ifdef", "ifndef"):
                    condition, depth = condition if depth else token, depth + 1
                elif words and words[0] == "endif":
                    depth = max(depth - 1, 0)
                elif words and words[0] == "define":
                    self._check_macro(token)
            elif token.kind != "word" or self._text(index + 1) != "(":
                continue
            elif token.text in TEST_MACROS:
                if depth and condition is not None:
                    self.problems.add(
                        token.line,
                        f"a test inside the #{condition.text.split()[0]} of line {condition.line}: "
                        "a build without it would lose the test unseen",
                    )
                self._test(index)
            elif token.text == "TYPED_TEST_P":
                self.problems.add(token.line, "write TYPED_TEST instead of TYPED_TEST_P")
            elif token.text == _INSTANTIATE:
                # The prefix before the comma may be empty.
                suite = self._text(index + 3 if self._text(index + 2) == "," else index + 4)
                self.instantiated.add(suite)
            elif token.text == "COVERS" and index not in self._accepted:
                self.problems.add(token.line, "COVERS may only be the first statement of a test")
        return Source(self.problems.file, tuple(self.tests), frozenset(self.instantiated))

    def _text(self, index: int) -> str:
        return self.tokens[index].text if index < len(self.tokens) else ""

    def _check_macro(self, token: Token) -> None:
        body = " ".join(token.text.split()[2:])
        if re.search(rf"\b({'|'.join(TEST_MACROS)})\s*\(", body):
            self.problems.add(token.line, "a macro that makes tests hides what they cover")

    def _test(self, index: int) -> None:
        macro = self.tokens[index]
        marks = [self._text(index + n) for n in (1, 3, 5, 6)]
        suite, test = self._text(index + 2), self._text(index + 4)
        if marks != ["(", ",", ")", "{"]:
            self.problems.add(macro.line, f"write {macro.text}(Suite, Name) {{")
            return
        name = f"{suite}.{test}"
        if suite.startswith("DISABLED_") or test.startswith("DISABLED_"):
            self.problems.add(macro.line, f"{name} is disabled; remove it, or let it run")
        citations = self._citations(index + 7, name, macro.line)
        case = TestCase(macro.text, suite, test, self.problems.file, macro.line, citations)
        self.tests.append(case)

    def _citations(self, index: int, name: str, line: int) -> tuple[Citation, ...]:
        """What the COVERS at `index` lists; reports one that is not there or cannot be read."""
        if self._text(index) != "COVERS" or self._text(index + 1) != "(":
            self.problems.add(
                line, f"the first statement of {name} must be COVERS(spec::<extension>::k<Slug>);"
            )
            return ()
        self._accepted.add(index)
        line = self.tokens[index].line
        found: list[Citation] = []
        parts = [""]
        part_line = line
        index += 2
        while index < len(self.tokens) and self._text(index) not in (")", ";", "{", "}"):
            if self._text(index) == ",":
                self._cite(parts[-1], part_line, name, found)
                parts.append("")
            else:
                part_line = self.tokens[index].line if not parts[-1] else part_line
                parts[-1] += self._text(index)
            index += 1
        if self._text(index) != ")" or self._text(index + 1) != ";":
            self.problems.add(
                line, f"COVERS of {name} must list constants, as spec::<extension>::k<Slug>"
            )
            return tuple(found)
        self._cite(parts[-1], part_line, name, found)
        return tuple(found)

    def _cite(self, text: str, line: int, name: str, found: list[Citation]) -> None:
        match = _CITATION.fullmatch(text)
        if match is None:
            shown = f"'{text}'" if text else "nothing"
            self.problems.add(
                line, f"COVERS of {name} cites {shown}; write spec::<extension>::k<Slug>"
            )
        elif any((each.extension, each.constant) == match.groups() for each in found):
            self.problems.add(line, f"COVERS of {name} cites {text} twice")
        else:
            found.append(Citation(match[1], match[2], line))


def scan(file: str, text: str) -> tuple[Source, Problems]:
    """What the file has, and what is wrong with it."""
    scanner = _Scanner(file, text)
    source = scanner.scan()
    return source, scanner.problems
