// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 (FIPS 180-4), which names the testee and the suite of a results file.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_SHA256_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_SHA256_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

class Sha256 {
 public:
  void Update(std::string_view data);
  // The digest in lower-case hexadecimal. The object is used up.
  std::string Finish();

 private:
  void Block(const uint8_t* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending_ = {};
  size_t pending_size_ = 0;
  uint64_t total_ = 0;
};

Result<std::string> Sha256OfFile(const std::string& path);

// Of what the files hold, one after the other.
Result<std::string> Sha256OfFiles(const std::vector<std::string>& paths);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_SHA256_H_
