# SPDX-License-Identifier: Apache-2.0
"""`lxcspec completion`: what bash needs to complete command lines, made from the parsers."""

from __future__ import annotations

import argparse
from typing import Iterator, Mapping, Sequence

from ci.cli import prepare
from ci.cli.errors import OK
from ci.cli.options import Commands, Parser

_DETAILS = """
    Prints a completion for bash: commands, options, and what options take: files, names of
    extensions, requirements, testees. It is made from the options as they are, and from the
    specification.
"""
_EXAMPLES = """
    ./lxcspec completion > ~/.local/share/bash-completion/completions/lxcspec
    eval "$(./lxcspec completion)"
"""
# What an argument's name in the help says of its values; a name of the shell's own lists below.
_FILES = ("FILE", "DIR", "OLD", "REPORT", "RESULTS", "BUNDLE")
_LISTS = {"NAME": "extensions", "ID": "requirements", "EXTENSION": "extensions"}

_HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# Completes lxcspec's command lines in bash. Made by './lxcspec completion'.
_lxcspec() {
  local word previous command='' kind='' number pair
  local extensions='%(extensions)s'
  local requirements='%(requirements)s'
  local testees='%(testees)s'
  word=${COMP_WORDS[COMP_CWORD]}
  previous=${COMP_WORDS[COMP_CWORD - 1]}
  # --option=value comes as three words.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((number = 1; number < COMP_CWORD; number++)); do
    if [[ ${COMP_WORDS[number]} != -* ]]; then
      command=${COMP_WORDS[number]}
      break
    fi
  done
  # Some commands have words of their own, which have options of their own.
  for pair in %(pairs)s; do
    if ((number + 1 < COMP_CWORD)) && [[ "$command ${COMP_WORDS[number + 1]}" == "$pair" ]]; then
      command=$pair
      break
    fi
  done
  local options='' arguments=''
  COMPREPLY=()
  case $command in
    '') options='%(commands)s' ;;
"""
_TAIL = """\
  esac
  case $kind in
    files) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    none) ;;
    '')
      if [[ $word == -* || -z $arguments ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      elif [[ $arguments == files ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$word")
      fi
      ;;
    *)
      mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$word")
      if [[ $kind == *"$testees"* ]]; then
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
  esac
}
complete -o filenames -F _lxcspec lxcspec ./lxcspec
"""


def _values(action: argparse.Action) -> str:
    """What completes the action's value: `files`, words, or `none` where only the user knows."""
    if action.choices is not None:
        return " ".join(str(choice) for choice in action.choices)
    name = str(action.metavar or "")
    if "--testee" in action.option_strings or "--testees" in action.option_strings:
        return "$testees"
    words = name.split("|")
    lists = dict.fromkeys(f"${_LISTS[word]}" for word in words if word in _LISTS)
    if lists:
        return " ".join(lists)
    return "files" if name == "PATH" or words[0] in _FILES else "none"


def _command(name: str, parser: Parser) -> Iterator[str]:
    """One branch of the script's `case`."""
    options: list[str] = []
    arguments = ""
    by_value: dict[str, list[str]] = {}
    for action in parser._actions:
        if not action.option_strings:
            arguments = _values(action)
            continue
        options += action.option_strings
        if action.nargs != 0:
            by_value.setdefault(_values(action), []).extend(action.option_strings)
    yield f"    '{name}')"
    yield f"      options='{' '.join(options)}'"
    if arguments:
        yield f'      arguments="{arguments}"'
    if by_value:
        yield "      case $previous in"
        for value, names in by_value.items():
            yield f'        {" | ".join(names)}) kind="{value}" ;;'
        yield "      esac"
    yield "      ;;"


def script(commands: Commands, lists: Mapping[str, Sequence[str]]) -> str:
    """The script. `lists` are words by name: extensions, requirements, testees."""
    pairs = [name for name in commands.by_name if " " in name]
    first = [name for name in commands.by_name if " " not in name]
    names = " ".join([*first, *commands.parser.option_names()])
    known = {name: " ".join(words) for name, words in lists.items()}
    quoted = " ".join(f"'{pair}'" for pair in pairs)
    head = _HEAD % {**known, "commands": names, "pairs": quoted}
    branches = [line for name, each in commands.by_name.items() for line in _command(name, each)]
    return head + "\n".join(branches) + "\n" + _TAIL


def add_to(commands: Commands) -> None:
    def execute(_: argparse.Namespace) -> int:
        prepare.for_reading()
        from ci.cli import specification, testees

        found = specification.load()
        lists = {
            "extensions": list(found.extensions),
            "requirements": list(found.requirements),
            "testees": testees.DEFAULTS,
        }
        print(script(commands, lists), end="")
        return OK

    commands.add("completion", "print a completion for bash", _DETAILS, _EXAMPLES, execute)
