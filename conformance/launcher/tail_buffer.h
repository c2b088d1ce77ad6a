// SPDX-License-Identifier: Apache-2.0
//
// The last bytes of a stream, in bounded memory.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_TAIL_BUFFER_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_TAIL_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lxcspec::launcher {

class TailBuffer {
 public:
  explicit TailBuffer(size_t capacity) : capacity_(capacity) {}

  void Append(std::string_view data) {
    total_ += data.size();
    kept_ += data;
    // Cut seldom, so that appending is cheap.
    if (kept_.size() > 2 * capacity_) kept_.erase(0, kept_.size() - capacity_);
  }

  // How many bytes there were in all.
  uint64_t total() const { return total_; }

  std::string Tail() const {
    return kept_.size() > capacity_ ? kept_.substr(kept_.size() - capacity_) : kept_;
  }

 private:
  size_t capacity_;
  uint64_t total_ = 0;
  std::string kept_;
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_TAIL_BUFFER_H_
