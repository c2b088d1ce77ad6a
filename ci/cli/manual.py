# SPDX-License-Identifier: Apache-2.0
"""`lxcspec manual`: the manual page, made from the parsers."""

from __future__ import annotations

import argparse
import textwrap
from typing import Iterator

from ci.cli.errors import OK
from ci.cli.options import Commands, Parser

_DETAILS = """
    Prints the manual page, made from the commands and options as they are.
"""
_EXAMPLES = """
    ./lxcspec manual > lxcspec.1
    ./lxcspec manual | man -l -
"""
_EXIT = (
    ("0", "as expected"),
    ("1", "a verdict is not, or a bundle is not what it says"),
    ("2", "bad usage"),
    ("3", "the machine or the build: nothing is known of the implementation"),
    ("130", "interrupted"),
)


def _text(value: str) -> str:
    """Words that are no request to the formatter."""
    escaped = value.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _paragraphs(value: str) -> Iterator[str]:
    for number, paragraph in enumerate(value.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield from (_text(line.strip()) for line in paragraph.splitlines())


def _verbatim(value: str) -> Iterator[str]:
    yield ".nf"
    yield from (_text(line) for line in textwrap.dedent(value).strip("\n").splitlines())
    yield ".fi"


def _invocation(action: argparse.Action) -> str:
    value = ""
    if action.nargs != 0:
        name = str(action.metavar or action.dest.upper())
        value = f" \\fI{_text(name)}\\fR"
    if not action.option_strings:
        return value.strip()
    return ", ".join(f"\\fB{_text(name)}\\fR{value}" for name in action.option_strings)


def _options(parser: Parser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or action.help == argparse.SUPPRESS:
            continue
        yield ".TP"
        yield _invocation(action)
        yield _text(" ".join((action.help or "").split()))


def _command(name: str, parser: Parser) -> Iterator[str]:
    yield f".SS {_text(name)}"
    yield from _paragraphs(parser.description or "")
    yield from _options(parser)
    examples = (parser.epilog or "").partition("examples:\n")[2]
    if examples:
        yield ".PP"
        yield "Examples:"
        yield ".RS 4"
        yield from _verbatim(examples)
        yield ".RE"


def page(commands: Commands) -> str:
    """The page in the man macros."""
    lines = [
        '.\\" SPDX\\-License\\-Identifier: Apache\\-2.0'.replace("\\-", "-"),
        '.TH LXCSPEC 1 "" lxcspec "User Commands"',
        ".SH NAME",
        "lxcspec \\- verify what LXC's API extensions promise",
        ".SH SYNOPSIS",
        ".B lxcspec",
        "\\fICOMMAND\\fR [\\fIOPTION\\fR ...]",
        ".SH DESCRIPTION",
        *_paragraphs(commands.parser.description or ""),
        ".TP",
    ]
    for name, summary in commands.summaries.items():
        lines += [f"\\fB{_text(name)}\\fR", _text(summary), ".TP"]
    lines.pop()
    lines.append(".SH COMMANDS")
    for name, parser in commands.by_name.items():
        lines += _command(name, parser)
    lines.append(".SH EXIT STATUS")
    for code, meaning in _EXIT:
        lines += [".TP", code, _text(meaning)]
    return "\n".join(lines) + "\n"


def add_to(commands: Commands) -> None:
    def execute(_: argparse.Namespace) -> int:
        print(page(commands), end="")
        return OK

    commands.add("manual", "print the manual page", _DETAILS, _EXAMPLES, execute)
