// SPDX-License-Identifier: Apache-2.0
//
// A fault: one way to be wrong. The faulty testee passes every call on to a good one, its original,
// and does one thing differently, so that the tests of one requirement must fail, and say so.
//
//   const Faults kFaults{
//       {spec::init_pidfd::kCloseOnExec, "inherited", "the descriptor survives an exec",
//        [](Broken& broken) {
//          broken.members.init_pidfd = [](abi::Container* c) {
//            const int pidfd = Original().init_pidfd(c);
//            fcntl(pidfd, F_SETFD, 0);
//            return pidfd;
//          };
//        }},
//   };

#ifndef LXCSPEC_CONFORMANCE_FAULTS_FAULT_H_
#define LXCSPEC_CONFORMANCE_FAULTS_FAULT_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "conformance/testee/liblxc_abi.h"
#include "spec/requirement.h"

namespace lxcspec::faults {

// What the faulty testee does itself; what is NULL here goes to the original.
struct Broken {
  abi::Library library{};
  abi::Container members{};
};

struct Fault {
  spec::Requirement requirement;  // that it breaks
  std::string_view name;          // what happens instead, in one word or a few with dashes
  std::string_view what;          // the same as a sentence
  void (*apply)(Broken&);         // called once, before the testee answers anything

  // "init_pidfd.close_on_exec.inherited"
  std::string Id() const;
};

// Registers the faults of a file.
class Faults {
 public:
  Faults(std::initializer_list<Fault> faults);
};

// Every registered fault.
std::span<const Fault> AllFaults();

// The functions that the original exports.
const abi::Library& OriginalLibrary();

// The members of the original's container objects. Ends the process before the first object is
// there, which no member can be called without.
const abi::Container& Original();

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_FAULT_H_
