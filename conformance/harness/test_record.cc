// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/test_record.h"

namespace lxcspec {

TestRecord& CurrentTestRecord() {
  static TestRecord record;
  return record;
}

}  // namespace lxcspec
