// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/needs.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/harness/need_probes.h"

namespace lxcspec {
namespace {

using nlohmann::json;

std::map<std::string, NeedAnswer, std::less<>>& Answers() {
  static std::map<std::string, NeedAnswer, std::less<>> answers;
  return answers;
}

NeedAnswer AnswerOf(const NeedProbe& probe) {
  const Result<std::string> seen = probe.run();
  if (seen) return {.present = true, .evidence = *seen};
  return {.present = false, .evidence = seen.error().ToString()};
}

}  // namespace

const NeedAnswer& AskNeed(std::string_view name) {
  const auto known = Answers().find(name);
  if (known != Answers().end()) return known->second;
  for (const NeedProbe& probe : AllNeedProbes()) {
    if (probe.name == name) return Answers().emplace(name, AnswerOf(probe)).first->second;
  }
  fmt::print(stderr, "no probe for the need \"{}\"\n", name);
  abort();
}

Status LoadNeedAnswers(const std::string& path) {
  std::ifstream file(path);
  if (!file) return FailErrno(fmt::format("open({})", path));
  for (std::string line; std::getline(file, line);) {
    const json record = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object() || record.value("record", "") != "need") continue;
    Answers()[record.value("name", "")] = {.present = record.value("present", false),
                                           .evidence = record.value("evidence", "")};
  }
  return {};
}

void PrintNeedAnswers() {
  for (const NeedProbe& probe : AllNeedProbes()) {
    const NeedAnswer& answer = AskNeed(probe.name);
    const json record = {{"record", "need"},
                         {"name", probe.name},
                         {"present", answer.present},
                         {"evidence", answer.evidence}};
    fmt::print("{}\n", record.dump(-1, ' ', false, json::error_handler_t::replace));
    fflush(stdout);
  }
}

}  // namespace lxcspec
