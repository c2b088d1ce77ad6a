# SPDX-License-Identifier: Apache-2.0
"""Command lines: sub-commands with help and examples, and a hint for a word that is nearly one."""

from __future__ import annotations

import argparse
import textwrap
from typing import Callable, Mapping, NoReturn, Sequence

from ci.cli.errors import UsageError, did_you_mean

Action = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of exiting, so that every error ends the same way."""

    def error(self, message: str) -> NoReturn:
        hint = ""
        for action in self._actions:
            if action.choices is not None and "invalid choice" in message:
                word = message.split("invalid choice: ", 1)[1].split("'")[1]
                hint = did_you_mean(word, [str(choice) for choice in action.choices])
        raise UsageError(f"{message}.{hint} '{self.prog} --help' shows what there is.")

    def option_names(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings]


def positive(text: str) -> int:
    """An argument that counts something."""
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return value


def seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 to 2^32 - 1")
    return int(text)


def kernel_series(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is not a kernel series such as 6.1")
    return text


class Commands:
    """The sub-commands of one program."""

    def __init__(self, prog: str, summary: str, epilog: str) -> None:
        self._parser = Parser(
            prog=prog,
            description=summary,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._commands = self._parser.add_subparsers(
            dest="command", metavar="COMMAND", parser_class=Parser
        )
        self._by_name: dict[str, Parser] = {}
        # By the command that they are words of.
        self._words: dict[str, argparse._SubParsersAction[Parser]] = {}

    def add(self, name: str, summary: str, details: str, examples: str, action: Action) -> Parser:
        """Declares a sub-command; the caller adds its options to the parser returned."""
        return self._declare(self._commands, name, name, summary, details, examples, action)

    def add_word(
        self, command: str, word: str, summary: str, details: str, examples: str, action: Action
    ) -> Parser:
        """The same, one step further down: `./lxcspec command word`."""
        if command not in self._words:
            self._words[command] = self._by_name[command].add_subparsers(
                dest="word", metavar="WORD", title="words", parser_class=Parser
            )
        full = f"{command} {word}"
        words = self._words[command]
        return self._declare(words, word, full, summary, details, examples, action)

    def _declare(
        self,
        among: argparse._SubParsersAction[Parser],
        word: str,
        name: str,
        summary: str,
        details: str,
        examples: str,
        action: Action,
    ) -> Parser:
        epilog = "examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  ")
        parser = among.add_parser(
            word,
            help=summary,
            description=textwrap.dedent(details).strip(),
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        assert isinstance(parser, Parser)
        parser.set_defaults(action=action)
        self._by_name[name] = parser
        return parser

    @property
    def parser(self) -> Parser:
        """The program's own parser."""
        return self._parser

    @property
    def by_name(self) -> Mapping[str, Parser]:
        """The sub-commands' parsers, in the order of their declaration."""
        return self._by_name

    @property
    def summaries(self) -> Mapping[str, str]:
        """What each sub-command is for, in a few words."""
        return {each.dest: each.help or "" for each in self._commands._choices_actions}

    def parse(self, words: Sequence[str]) -> argparse.Namespace | None:
        """The options, or None where there is no command and the help was printed."""
        first = words[0] if words else ""
        if first and not first.startswith("-") and first not in self._by_name:
            known = ", ".join(self._by_name)
            hint = did_you_mean(first, self._by_name)
            raise UsageError(f"there is no command '{first}'; there are {known}.{hint}")
        options, unknown = self._parser.parse_known_args(words)
        if unknown:
            word = unknown[0].split("=", 1)[0]
            name = " ".join(filter(None, (options.command, getattr(options, "word", None))))
            parser = self._by_name.get(name, self._parser)
            hint = did_you_mean(word, parser.option_names())
            raise UsageError(
                f"'{unknown[0]}' means nothing to '{parser.prog}'.{hint} "
                f"'{parser.prog} --help' shows what there is."
            )
        if not options.command:
            self._parser.print_help()
            return None
        return options
