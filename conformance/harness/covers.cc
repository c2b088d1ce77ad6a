// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/covers.h"

#include <fmt/format.h>

#include "conformance/harness/needs.h"
#include "conformance/harness/reporter.h"
#include "conformance/harness/test_record.h"

namespace lxcspec {

std::string BeginCoverage(std::initializer_list<spec::Requirement> requirements) {
  TestRecord& record = CurrentTestRecord();
  for (const spec::Requirement& requirement : requirements) {
    record.requirements.emplace_back(requirement.id);
  }
  ReportRequirements();
  // The set-up failed; the fixture has already said so.
  if (!record.broken.empty()) return record.broken;

  for (const spec::Requirement& requirement : requirements) {
    for (const std::string_view name : requirement.needs) {
      const NeedAnswer& answer = AskNeed(name);
      if (answer.present) continue;
      record.unsupported = fmt::format("{} needs {}: {}", requirement.id, name, answer.evidence);
      return record.unsupported;
    }
  }
  return "";
}

}  // namespace lxcspec
