// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/registration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using ::testing::TestInfo;
using ::testing::internal::CodeLocation;
using ::testing::internal::SetUpTestSuiteFunc;
using ::testing::internal::TearDownTestSuiteFunc;
using ::testing::internal::TestFactoryBase;
using ::testing::internal::TypeId;

// The linker has the macros call the second, and the first is GoogleTest's own (ld(1), --wrap). A
// GoogleTest that gives it another name has neither, and then every test is registered at once.
#define MAKE_AND_REGISTER                                                               \
  "_ZN7testing8internal23MakeAndRegisterTestInfoEPKcS2_S2_S2_NS0_12CodeLocationEPKvPFv" \
  "vES7_PNS0_15TestFactoryBaseE"
TestInfo* MakeAndRegister(const char*, const char*, const char*, const char*, CodeLocation, TypeId,
                          SetUpTestSuiteFunc, TearDownTestSuiteFunc,
                          TestFactoryBase*) asm("__real_" MAKE_AND_REGISTER) __attribute__((weak));
TestInfo* KeepBack(const char*, const char*, const char*, const char*, CodeLocation, TypeId,
                   SetUpTestSuiteFunc, TearDownTestSuiteFunc,
                   TestFactoryBase*) asm("__wrap_" MAKE_AND_REGISTER);

namespace lxcspec {
namespace {

// The arguments of one registration, but for the names as strings of their own.
struct Kept {
  std::string suite;
  std::string name;
  std::optional<std::string> type_parameter;
  std::optional<std::string> value_parameter;
  CodeLocation location;
  TypeId fixture;
  SetUpTestSuiteFunc set_up;
  TearDownTestSuiteFunc tear_down;
  // Its test's, once that is registered.
  TestFactoryBase* factory;
};

// Filled before main() begins.
std::vector<Kept>& AllKept() {
  static auto* const kept = new std::vector<Kept>;
  return *kept;
}

void Register(const Kept& test) {
  const auto text = [](const std::optional<std::string>& parameter) {
    return parameter ? parameter->c_str() : nullptr;
  };
  MakeAndRegister(test.suite.c_str(), test.name.c_str(), text(test.type_parameter),
                  text(test.value_parameter), test.location, test.fixture, test.set_up,
                  test.tear_down, test.factory);
}

}  // namespace

void RegisterAllTests() {
  for (const Kept& test : AllKept()) Register(test);
}

void RegisterTest(std::string_view test) {
  for (const Kept& kept : AllKept()) {
    if (fmt::format("{}.{}", kept.suite, kept.name) == test) return Register(kept);
  }
}

}  // namespace lxcspec

TestInfo* KeepBack(const char* suite, const char* name, const char* type_parameter,
                   const char* value_parameter, CodeLocation location, TypeId fixture,
                   SetUpTestSuiteFunc set_up, TearDownTestSuiteFunc tear_down,
                   TestFactoryBase* factory) {
  const auto text = [](const char* parameter) {
    return parameter != nullptr ? std::optional<std::string>(parameter) : std::nullopt;
  };
  lxcspec::AllKept().push_back({suite, name, text(type_parameter), text(value_parameter),
                                std::move(location), fixture, set_up, tear_down, factory});
  // Nobody uses what is returned.
  return nullptr;
}
