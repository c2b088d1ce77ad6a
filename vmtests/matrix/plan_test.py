# SPDX-License-Identifier: Apache-2.0
"""Tests of matrix.yaml, its expansion, the schedule and the table of capabilities."""

import ast
import unittest
from pathlib import Path

from vmtests.kernels import lock
from vmtests.matrix import capabilities, plan
from vmtests.matrix.outcome import Outcome
from vmtests.matrix.plan import Cell, Choice, MatrixError, denied_calls, expand, parse
from vmtests.matrix.schedule import OVERHEAD_MIB, Budget, Schedule

GOOD = """\
schema: 1
guest: {cpus: 2, memory_mib: 1000}
testees: [reference, liblxc]
kernels:
- {series: '6.1', cgroups: [unified, legacy]}
- {series: '6.12', cgroups: [unified]}
must_have: [pty, pidfd]
must_have_in: {legacy: [cgroup1]}
without: {'6.1': [pidfd]}
smoke: [A.B]
denials:
  like-5.3: {calls: [openat2]}
  like-4.19: {includes: [like-5.3], calls: [clone3]}
"""


class MatrixTest(unittest.TestCase):
    """parse(), expand(), denied_calls()."""

    def test_own_matrix_is_of_the_locked_kernels(self) -> None:
        self.assertEqual(list(plan.read().kernels), list(lock.read()))

    def test_bazel_s_cells_are_those_of_the_matrix(self) -> None:
        path = Path(__file__).resolve().parents[1] / "kernels" / "series.bzl"
        _, _, value = path.read_text(encoding="utf-8").partition("KERNELS = ")
        kernels = {series: list(cgroups) for series, cgroups in plan.read().kernels.items()}
        self.assertEqual(ast.literal_eval(value), kernels)

    def test_every_kernel_layout_and_testee_is_a_cell(self) -> None:
        cells = expand(parse(GOOD), Choice())
        self.assertEqual(
            [cell.name for cell in cells],
            [
                "6.1-unified-reference",
                "6.1-unified-liblxc",
                "6.1-legacy-reference",
                "6.1-legacy-liblxc",
                "6.12-unified-reference",
                "6.12-unified-liblxc",
            ],
        )

    def test_choice_narrows_each_dimension(self) -> None:
        choice = Choice(kernels=["6.1"], testees=["/x/lib.so"], cgroups=["legacy"])
        self.assertEqual(expand(parse(GOOD), choice), [Cell("6.1", "legacy", "/x/lib.so")])

    def test_smoke_is_each_kernel_with_the_first_of_everything(self) -> None:
        cells = expand(parse(GOOD), Choice(smoke=True))
        self.assertEqual(
            cells, [Cell("6.1", "unified", "reference"), Cell("6.12", "unified", "reference")]
        )

    def test_own_kernel_takes_the_matrix_s_place(self) -> None:
        (cell, _) = expand(parse(GOOD), Choice(own_kernel="/k/bzImage"))
        self.assertEqual((cell.kernel, cell.name), ("/k/bzImage", "bzImage-unified-reference"))
        self.assertEqual(parse(GOOD).required("/k/bzImage"), frozenset())

    def test_what_does_not_exist_is_named(self) -> None:
        for choice, complaint in (
            (Choice(kernels=["9.9"]), "no kernel 9.9.*there are 6.1, 6.12"),
            (Choice(cgroups=["v3"]), "no cgroup layout v3"),
            (Choice(kernels=["6.12"], cgroups=["legacy"]), "no cell"),
            (Choice(denied=["like-3.10"]), "no preset like-3.10; there are like-5.3"),
        ):
            with self.subTest(complaint), self.assertRaisesRegex(MatrixError, complaint):
                expand(parse(GOOD), choice)

    def test_preset_brings_those_that_it_includes_and_each_call_comes_once(self) -> None:
        calls = denied_calls(parse(GOOD), ["openat2", "like-4.19", "statx"])
        self.assertEqual(calls, ("openat2", "clone3", "statx"))

    def test_a_kernel_may_lack_what_the_others_must_have(self) -> None:
        matrix = parse(GOOD)
        self.assertEqual(matrix.required("6.1"), {"pty"})
        self.assertEqual(matrix.required("6.12"), {"pty", "pidfd"})

    def test_a_layout_may_have_more(self) -> None:
        matrix = parse(GOOD)
        self.assertEqual(matrix.required("6.1", "legacy"), {"pty", "cgroup1"})
        self.assertEqual(matrix.required("6.1", "unified"), {"pty"})

    def test_wrong_files_are_refused_with_their_place(self) -> None:
        for before, after, complaint in (
            ("schema: 1", "schema: 2", "schema must be 1"),
            ("schema: 1", "schema: [", "not YAML"),
            ("smoke: [A.B]\n", "", "fields must be"),
            ("cpus: 2", "cpus: none", "guest: cpus"),
            ("'6.12'", "'6.0'", "6.0 must come before 6.1"),
            ("'6.12'", "6.12", "no series"),
            ("[unified]", "[modern]", "6.12: no cgroup layout 'modern'"),
            ("[unified]", "[unified, unified]", "twice"),
            ("{'6.1': [pidfd]}", "{'6.3': [pidfd]}", "there is no kernel 6.3"),
            ("includes: [like-5.3]", "includes: [like-3]", "includes like-3"),
            ("must_have: [pty", "must_have: [7", "list of words"),
            ("{legacy: [cgroup1]}", "{modern: [pty]}", "no cgroup layout 'modern'"),
        ):
            with self.subTest(after), self.assertRaisesRegex(MatrixError, complaint):
                parse(GOOD.replace(before, after, 1))


class ScheduleTest(unittest.TestCase):
    """Schedule."""

    CELLS = [Cell(str(number), "unified", "t") for number in range(5)]

    def _schedule(self, cores: int, memory: int, jobs: int | None = None) -> Schedule:
        return Schedule(Budget(cores, memory, jobs), 2, 1000, list(self.CELLS))

    def test_cores_and_memory_bound_what_runs(self) -> None:
        enough = 10 * (1000 + OVERHEAD_MIB)
        self.assertEqual(self._schedule(6, enough).places, 3)
        self.assertEqual(self._schedule(6, 2 * (1000 + OVERHEAD_MIB)).places, 2)
        self.assertEqual(self._schedule(6, enough, jobs=2).places, 2)
        self.assertEqual(self._schedule(2, enough, jobs=4).places, 4)

    def test_one_cell_always_runs(self) -> None:
        self.assertEqual(self._schedule(1, 10).places, 1)

    def test_a_place_that_gets_free_is_taken_by_the_next(self) -> None:
        schedule = self._schedule(4, 10000)
        self.assertEqual(schedule.start(), self.CELLS[:2])
        self.assertEqual(schedule.start(), [])
        schedule.end(self.CELLS[0])
        self.assertEqual(schedule.start(), self.CELLS[2:3])
        for cell in self.CELLS[1:3]:
            schedule.end(cell)
        self.assertEqual(schedule.start(), self.CELLS[3:])
        for cell in self.CELLS[3:]:
            schedule.end(cell)
        self.assertTrue(schedule.finished)


class CapabilitiesTest(unittest.TestCase):
    """The table of capabilities."""

    CELL = Cell("6.1", "unified", "reference")

    def test_own_table_is_of_the_matrix_and_as_it_is_written(self) -> None:
        table = capabilities.read()
        self.assertEqual(capabilities.parse(capabilities.dump(table)), table)
        layouts = {series: set(cgroups) for series, cgroups in plan.read().kernels.items()}
        self.assertEqual({series: set(known) for series, known in table.items()}, layouts)

    def test_own_table_has_what_the_matrix_requires(self) -> None:
        matrix = plan.read()
        for series, layouts in capabilities.read().items():
            for cgroup, needs in layouts.items():
                for name in matrix.required(series):
                    with self.subTest(series=series, cgroup=cgroup, need=name):
                        self.assertTrue(needs[name])

    def test_cell_that_finds_something_else_says_so(self) -> None:
        table = {"6.1": {"unified": {"pty": True, "pidfd": False}}}
        stale = capabilities.staleness(table, self.CELL, {"pty": True, "pidfd": True, "new": False})
        self.assertEqual(len(stale), 2)
        self.assertRegex(stale[0], "pidfd is present on kernel 6.1.*absent")
        self.assertRegex(stale[1], "new is absent.*not mentioned")

    def test_where_something_is_denied_nothing_is_stale(self) -> None:
        table = {"6.1": {"unified": {"pidfd": True}}}
        denied = Cell("6.1", "unified", "reference", ("pidfd_open",))
        self.assertEqual(capabilities.staleness(table, denied, {"pidfd": False}), [])
        outcome = Outcome(denied, "pass", needs={"pidfd": False})
        self.assertEqual(capabilities.updated(table, [outcome]), table)

    def test_update_adds_and_replaces(self) -> None:
        table = {"5.10": {"unified": {"pty": True}}, "6.1": {"unified": {"pty": False}}}
        found = capabilities.updated(table, [Outcome(self.CELL, "pass", needs={"pty": True})])
        self.assertEqual(found["6.1"], {"unified": {"pty": True}})
        self.assertEqual(found["5.10"], table["5.10"])


if __name__ == "__main__":
    unittest.main()
