# SPDX-License-Identifier: Apache-2.0
"""Sources with mutants in them are compiled and run: each mutant does what its name says."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from ci.mutants.mutator import Instrumented, Mutator

_COMPILER = ["g++", "-std=c++20", "-w", "-Wno-narrowing", "-O0"]


class MutatorTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)

    def instrument(self, text: str) -> Instrumented:
        (self.top / "a.cc").write_text(text, encoding="utf-8")
        return Mutator(self.top, []).instrument("a.cc")

    def operators(self, text: str) -> list[str]:
        return [each.operator for each in self.instrument(text).mutants]

    def outputs(self, text: str) -> dict[str, str]:
        """What the program prints: by operator, and under "" without a mutant."""
        made = self.instrument(text)
        source = self.top / "made.cc"
        source.write_text(made.numbered(1), encoding="latin-1")
        subprocess.run([*_COMPILER, "-o", self.top / "made", source], check=True)
        found = {}
        for operator, number in [("", 0)] + [(each.operator, each.id + 1) for each in made.mutants]:
            environment = {**os.environ, "LXCSPEC_MUTANT": str(number)}
            words = [self.top / "made"]
            ended = subprocess.run(words, env=environment, capture_output=True, text=True)
            found[operator] = ended.stdout
        return found

    def test_relations_have_their_boundary_and_their_opposite(self) -> None:
        found = self.outputs(
            "#include <cstdio>\n"
            'int main() { int a = 2; int b = a; printf(a < b ? "less" : "not"); }\n'
        )
        self.assertEqual(found[""], "not")
        self.assertEqual(found["boundary <"], "less")
        self.assertEqual(found["negated"], "less")

    def test_statements_are_left_out_and_the_rest_goes_on(self) -> None:
        found = self.outputs(
            "#include <cstdio>\n"
            'int main() { if (*"x") puts("called"); else return 1; return puts("end") < 0; }\n'
        )
        self.assertEqual(found[""], "called\nend\n")
        self.assertEqual(found["removed call"], "end\n")

    def test_a_swallowed_error_is_a_success(self) -> None:
        found = self.instrument(
            "namespace tl { template <class T, class E> struct expected { int code = 0; }; }\n"
            "tl::expected<void, int> Fail() { return tl::expected<void, int>{5}; }\n"
        )
        self.assertIn("error swallowed", [each.operator for each in found.mutants])

    def test_constants_of_the_compiler_are_left_alone(self) -> None:
        text = (
            "#include <array>\n"
            "constexpr int kA = 1 + 2;\n"
            "constexpr int F(int x) { return x < 3; }\n"
            "static_assert(1 < 2);\n"
            "enum E { kOne = 1 };\n"
            "std::array<char, 1 << 3> buffer;\n"
            "char other[4];\n"
            "struct S { bool operator==(const S&) const = default; };\n"
        )
        self.assertEqual(self.operators(text), [])

    def test_what_would_not_compile_is_left_out_and_counted(self) -> None:
        made = self.instrument("void* p = 0;\nint F(int a, int b) { return a + b; }\n")
        self.assertEqual(made.stillborn, 2)
        self.assertIn("arithmetic +", [each.operator for each in made.mutants])

    def test_a_variable_in_a_condition_is_no_condition(self) -> None:
        self.assertEqual(
            self.operators("int* P();\nvoid F() { if (auto p = P()) { (void)p; } }\n"), []
        )

    def test_names_stay_when_lines_are_added_before(self) -> None:
        text = "bool F(int a) { return a < 1; }\n"
        before = [each.name for each in self.instrument(text).mutants]
        after = [each.name for each in self.instrument(f"// more\n\n{text}").mutants]
        self.assertEqual(before, after)
        self.assertEqual(len(set(before)), len(before))


if __name__ == "__main__":
    unittest.main()
