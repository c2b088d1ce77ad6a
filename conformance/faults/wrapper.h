// SPDX-License-Identifier: Apache-2.0
//
// What stands between the exported functions of a faulty testee and its original.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_WRAPPER_H_
#define LXCSPEC_CONFORMANCE_FAULTS_WRAPPER_H_

#include "conformance/faults/fault.h"
#include "conformance/testee/liblxc_layout.h"

namespace lxcspec::faults {

// The original and the fault are found by the path of the shared object that this is linked into:
// FOLDER/FAULT.so has the fault of that id, and its original is FOLDER/original. So one built file
// is all faulty testees, each by a name of its own; FOLDER/none.so has no fault. Ends the process
// with a message where the path leads to nothing.
class Wrapper {
 public:
  static Wrapper& Get();

  // The function to call: the broken one if there is one.
  template <typename Function>
  Function Chosen(Function abi::Library::*which) const {
    return broken_.library.*which != nullptr ? broken_.library.*which : original_.*which;
  }

  // Puts the broken members over those of an object that the original made.
  void Break(abi::Container* object);

  const abi::Library& original() const { return original_; }
  const abi::Container& members() const { return members_; }

 private:
  Wrapper();

  abi::Library original_{};
  AbiVersion version_;
  abi::Container members_{};  // the original's, once it has made an object
  Broken broken_;
};

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_WRAPPER_H_
