# SPDX-License-Identifier: Apache-2.0
"""The words of `lxcspec bench`: their options and help."""

from __future__ import annotations

from pathlib import Path

from ci.cli import bench_actions, bench_builds, bench_targets, paths
from ci.cli.options import Commands, Parser, positive, seed

HISTORY = paths.TOP / "bench" / "baselines" / "history.jsonl"
ACKNOWLEDGED = paths.TOP / "bench" / "baselines" / "acknowledged.yaml"
# All but what is measured for comparison within one run.
_ALL = "-/against(/|$)"
_CODES = """
    Exit codes: 0 nothing got slower, 1 something did, 2 not comparable, 3 not enough data,
    4 too noisy to say. A wrong command line is 2, a failed build 3.
"""

_COMPARE = f"""
    Measures two builds in turns, ABBA or BAAB drawn for each round, every turn in a new process,
    and says for each benchmark whether B is slower than A. A and B are commits, '.' for the working
    tree, or programs that take Google Benchmark's flags. Rounds are kept as they come: after an
    interrupt, --rounds-file goes on where it was.
{_CODES}"""
_COMPARE_EXAMPLES = """
    ./lxcspec bench compare                              HEAD^ and HEAD: the gate of a change
    ./lxcspec bench compare main . --filter 128K         main and the working tree
    ./lxcspec bench compare old/bench new/bench --rounds 40
    ./lxcspec bench compare v1 v2 --repository ../lib --build 'make bench' --program bench
"""
_RECORD = """
    Appends what a commit measured to the history: of reports that Google Benchmark wrote (JSON) on
    this machine, or, without any, of the commit built and measured now. A machine unlike that of
    the newest point is refused, and what differs is named.
"""
_RECORD_EXAMPLES = """
    ./lxcspec bench record                               HEAD, built and measured
    ./lxcspec bench record run1.json run2.json --commit HEAD~3
"""
_HISTORY = f"""
    Looks for shifts through the commits, and prints one alert for each. With --commits, commits
    that have no point yet are built first, and then measured in an order drawn at random, so
    that what the machine does meanwhile is nobody's shift.
{_CODES}"""
_HISTORY_EXAMPLES = """
    ./lxcspec bench history --html history.html
    ./lxcspec bench history --commits main~30..main      make the points that are missing
    ./lxcspec bench history --csv history.csv
"""
_ACK = """
    Notes that a shift is known, with the reason: it stays quiet from then on. The file is
    bench/baselines/acknowledged.yaml, to be committed.
"""
_ACK_EXAMPLES = """
    ./lxcspec bench ack 6125f96 'BM_ConsoleLogWrite/*' slower --reason 'checks what it writes now'
"""
_RATES = """
    Draws comparisons from processes that were really measured, with one build on both sides, and
    again with a regression multiplied into one benchmark of one side; says how often the judgement
    is wrong. --measure PROGRAM first appends measured processes to the data.
"""
_RATES_EXAMPLES = """
    ./lxcspec bench error-rates
    ./lxcspec bench error-rates --only '1024|4096|Read'
    ./lxcspec bench error-rates --data mine.jsonl --measure path/to/benchmark --processes 400
"""


def _add_recipe(parser: Parser) -> None:
    parser.add_argument(
        "--target",
        metavar="LABEL",
        default=bench_builds.DEFAULT_TARGET,
        help=f"what Bazel builds (default: {bench_builds.DEFAULT_TARGET})",
    )
    parser.add_argument(
        "--repository", metavar="DIR", type=Path, default=paths.TOP, help="of the commits"
    )
    parser.add_argument("--build", metavar="COMMAND", default="", help="builds, instead of Bazel")
    parser.add_argument(
        "--program", metavar="PATH", default="", help="what --build makes, in the sources"
    )
    parser.add_argument(
        "--flags", metavar="WORDS", default="", help="more words for the benchmark program"
    )


def _add_effort(parser: Parser) -> None:
    parser.add_argument(
        "--filter", metavar="REGEX", default=_ALL, help="of benchmarks, Google Benchmark's way"
    )
    parser.add_argument(
        "--repetitions", metavar="N", type=positive, default=15, help="in each process (15)"
    )
    parser.add_argument(
        "--seconds", metavar="S", type=float, default=0.01, help="of each repetition (0.01)"
    )
    parser.add_argument(
        "--count",
        action="store_true",
        help="count instructions, by perf or Callgrind, of what takes less than 100 ns",
    )


def _add_history(parser: Parser) -> None:
    parser.add_argument("--history", metavar="FILE", type=Path, default=HISTORY)
    parser.add_argument(
        "--new-machine", action="store_true", help="begin a series of this machine's own"
    )
    parser.add_argument(
        "--starts", metavar="N", type=positive, default=5, help="processes for each commit (5)"
    )


def _add_compare(commands: Commands) -> None:
    parser = commands.add_word(
        "bench",
        "compare",
        "is one build slower than another?",
        _COMPARE,
        _COMPARE_EXAMPLES,
        bench_actions.compare,
    )
    parser.add_argument("a", metavar="A", nargs="?", default="HEAD^", help="before (HEAD^)")
    parser.add_argument("b", metavar="B", nargs="?", default="HEAD", help="after (HEAD)")
    _add_recipe(parser)
    _add_effort(parser)
    parser.add_argument("--rounds", metavar="N", type=positive, default=20, help="(20)")
    parser.add_argument("--seed", metavar="N", type=seed, help="of the rounds' orders")
    parser.add_argument(
        "--rounds-file", metavar="FILE", type=Path, help="where rounds are kept; goes on with it"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="the judgement for programs")
    parser.add_argument(
        "--gone-is-fine", action="store_true", help="B may lack benchmarks that A has"
    )


def add_to(commands: Commands) -> None:
    bench_targets.add_to(commands)
    _add_compare(commands)
    parser = commands.add_word(
        "bench",
        "record",
        "append a commit's figures to the history",
        _RECORD,
        _RECORD_EXAMPLES,
        bench_actions.record,
    )
    parser.add_argument("reports", metavar="REPORT", nargs="*", type=Path)
    parser.add_argument("--commit", metavar="REV", default="HEAD", help="what was measured (HEAD)")
    _add_recipe(parser)
    _add_effort(parser)
    _add_history(parser)

    parser = commands.add_word(
        "bench",
        "history",
        "find shifts through the commits",
        _HISTORY,
        _HISTORY_EXAMPLES,
        bench_actions.history,
    )
    parser.add_argument("--commits", metavar="RANGE", help="measure these, as git names them")
    parser.add_argument("--html", metavar="FILE", type=Path, help="a page with a plot for each")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="every point as a table")
    parser.add_argument("--machine", metavar="ID", default="", help="of the points (the newest's)")
    parser.add_argument("--acknowledged", metavar="FILE", type=Path, default=ACKNOWLEDGED)
    parser.add_argument(
        "--set-aside", action="store_true", help="move broken lines into a file beside the history"
    )
    _add_recipe(parser)
    _add_effort(parser)
    _add_history(parser)

    parser = commands.add_word(
        "bench", "ack", "a shift is known, and why", _ACK, _ACK_EXAMPLES, bench_actions.acknowledge
    )
    parser.add_argument("commit", metavar="COMMIT")
    parser.add_argument("benchmark", metavar="PATTERN", help="a name, or with * and ?")
    parser.add_argument("direction", choices=("slower", "faster"))
    parser.add_argument("--reason", metavar="TEXT", required=True)
    parser.add_argument("--acknowledged", metavar="FILE", type=Path, default=ACKNOWLEDGED)
    parser.add_argument("--repository", metavar="DIR", type=Path, default=paths.TOP)

    parser = commands.add_word(
        "bench",
        "error-rates",
        "how often the judgement is wrong",
        _RATES,
        _RATES_EXAMPLES,
        bench_actions.error_rates,
    )
    parser.add_argument("--data", metavar="FILE", type=Path, default=None)
    parser.add_argument("--only", metavar="REGEX", default="", help="of the data's benchmarks")
    parser.add_argument("--comparisons", metavar="N", type=positive, default=1000)
    parser.add_argument("--rounds", metavar="N", type=positive, default=20)
    parser.add_argument("--json", metavar="FILE", type=Path, help="the rates for programs")
    parser.add_argument("--measure", metavar="PROGRAM", help="append processes of this program")
    parser.add_argument("--processes", metavar="N", type=positive, default=400)
    _add_effort(parser)
