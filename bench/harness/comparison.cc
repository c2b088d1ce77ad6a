// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/comparison.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>

#include "conformance/testee/liblxc_testee.h"

namespace lxcspec {
namespace {

constexpr int kBadUsage = 2;
constexpr int kInfrastructure = 3;

Status Load(const std::string& testee, const std::string& against, const Comparison& comparison) {
  auto first = LoadLiblxc(testee);
  if (!first) return Propagate(std::move(first).error());
  auto second = LoadLiblxc(against);
  if (!second) return Propagate(std::move(second).error());
  return comparison.measure(**first, **second);
}

}  // namespace

int RunComparison(int argc, char** argv, const Comparison& comparison) {
  std::string testee;
  std::string against;
  benchmark::Initialize(&argc, argv);
  CLI::App app(comparison.description);
  app.add_option("--testee", testee, "shared object to measure")->required();
  app.add_option("--against", against, "shared object to compare with")->required();
  for (const ComparisonOption& option : comparison.options) {
    app.add_option(option.name, *option.value, option.help)->required();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  const Status measured = Load(testee, against, comparison);
  if (measured) return 0;
  fmt::print(stderr, "{}\n", measured.error().ToString());
  return kInfrastructure;
}

Status RunRegistered() {
  if (benchmark::RunSpecifiedBenchmarks() > 0) return {};
  return Fail(ENOENT, "no benchmark is selected");
}

}  // namespace lxcspec
