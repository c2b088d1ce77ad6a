// SPDX-License-Identifier: Apache-2.0
//
// Runs something when the scope is left, however it is left.

#ifndef LXCSPEC_RUNTIME_BASE_SCOPE_EXIT_H_
#define LXCSPEC_RUNTIME_BASE_SCOPE_EXIT_H_

#include <utility>

namespace lxcspec::runtime {

template <typename Function>
class [[nodiscard]] ScopeExit {
 public:
  explicit ScopeExit(Function function) : function_(std::move(function)) {}
  ScopeExit(const ScopeExit&) = delete;
  ScopeExit& operator=(const ScopeExit&) = delete;
  ~ScopeExit() {
    if (armed_) function_();
  }

  // What was to be undone is to stay.
  void Cancel() { armed_ = false; }

 private:
  Function function_;
  bool armed_ = true;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_BASE_SCOPE_EXIT_H_
