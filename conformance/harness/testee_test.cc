// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/testee_test.h"

#include <system_error>
#include <utility>

#include "conformance/harness/descriptors.h"
#include "conformance/harness/one_process.h"
#include "conformance/harness/reporter.h"
#include "conformance/harness/test_record.h"
#include "conformance/testee/load.h"

namespace lxcspec {

void TesteeTest::SetUp() {
  const Environment& environment = TestEnvironment();
  descriptors_before_ = OpenDescriptors();

  std::error_code error;
  std::filesystem::create_directories(lxcpath(), error);
  if (error) return Broken("mkdir " + lxcpath().string() + ": " + error.message());

  auto loaded = LoadTestee(environment.testee,
                           {.abi_version = environment.abi_version,
                            .events = {.not_offered = NoteNotOffered, .lost = EndLostTest},
                            .patience = environment.Scaled(kPatience)});
  if (!loaded) return Broken(loaded.error().ToString());
  testee_ = *std::move(loaded);
}

void TesteeTest::TearDown() {
  // With a process of its own, this ends it.
  testee_.reset();
  TestRecord& record = CurrentTestRecord();
  for (auto& leaks : {NewDescriptors(descriptors_before_), Zombies()}) {
    record.leaks.insert(record.leaks.end(), leaks.begin(), leaks.end());
  }
}

Result<std::unique_ptr<Container>> TesteeTest::NewContainer(const std::string& name) {
  return testee().NewContainer(name, lxcpath().string());
}

void TesteeTest::Broken(const std::string& reason) {
  CurrentTestRecord().broken = reason;
  FAIL() << "broken: " << reason;
}

}  // namespace lxcspec
