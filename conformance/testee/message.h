// SPDX-License-Identifier: Apache-2.0
//
// Messages of the testee protocol (spec/testee-protocol.md): what the kit asks, and what may come
// back. Whatever comes back is either understood or a violation; nothing is guessed.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_MESSAGE_H_
#define LXCSPEC_CONFORMANCE_TESTEE_MESSAGE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "conformance/posix/result.h"

namespace lxcspec {

inline constexpr int kProtocolVersion = 1;

// What a testee says of itself.
struct Hello {
  // Its own version, any text: "7.0.0".
  std::string version;
  // The calls that it answers, of kCalls.
  std::set<std::string, std::less<>> offers;
};

// A call's value, or the errno with which it failed; 0 where it failed without one.
struct Reply {
  nlohmann::json result;
  std::optional<int> error;
};

// The calls that a testee may offer.
const std::set<std::string, std::less<>>& ProtocolCalls();

// The body of a request; `caller` is null for the greeting. Fails with EILSEQ where a text is not
// UTF-8.
Result<std::string> WriteRequest(uint64_t id, std::string_view call, nlohmann::json arguments,
                                 const nlohmann::json& caller);

// All that follow fail with EPROTO; the error says what is wrong, in words that do not change.

// The reply to request `id`.
Result<Reply> ReadReply(std::string_view body, uint64_t id);

// What the greeting was answered with. Fails with EPROTONOSUPPORT for another version.
Result<Hello> ReadHello(const nlohmann::json& result);

Result<bool> ReadBool(const nlohmann::json& result);
Result<std::string> ReadText(const nlohmann::json& result);
// null: nothing but success.
Status ReadNothing(const nlohmann::json& result);
// A number between the two, inclusive.
Result<int64_t> ReadNumber(const nlohmann::json& result, int64_t least, int64_t most);
// A member of an object.
Result<nlohmann::json> ReadMember(const nlohmann::json& result, const char* name);
// Base64 (RFC 4648, section 4), padded.
Result<std::string> ReadBytes(const nlohmann::json& result);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_MESSAGE_H_
