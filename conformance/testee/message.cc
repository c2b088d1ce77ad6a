// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/message.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <utility>

namespace lxcspec {
namespace {

using nlohmann::json;

// No errno of Linux is above it (include/linux/err.h, MAX_ERRNO).
constexpr int kLargestErrno = 4095;

// Objects and arrays in each other; json's copies and destructors recurse.
constexpr int kDeepest = 16;

tl::unexpected<Error> Violation(std::string what) { return Fail(EPROTO, std::move(what)); }

tl::unexpected<Error> WrongType(const char* wanted, const json& found) {
  return Violation(fmt::format("a result of type {}, not {}", found.type_name(), wanted));
}

// The value of each base64 character, 64 for all others.
std::array<uint8_t, 256> MakeBase64Values() {
  std::array<uint8_t, 256> values{};
  values.fill(64);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}

}  // namespace

const std::set<std::string, std::less<>>& ProtocolCalls() {
  static const std::set<std::string, std::less<>> calls = {
      "attach_run_wait",
      "clear_config",
      "clear_config_item",
      "clone",
      "config_file_name",
      "config_item_is_supported",
      "console_log",
      "container_new",
      "container_put",
      "destroy",
      "devpts_fd",
      "freeze",
      "get_cgroup_item",
      "get_config_item",
      "get_config_path",
      "get_keys",
      "has_api_extension",
      "init_pid",
      "init_pidfd",
      "is_defined",
      "is_running",
      "last_error",
      "load_config",
      "log_close",
      "log_init",
      "mount",
      "reboot",
      "reboot2",
      "save_config",
      "seccomp_notify_fd",
      "seccomp_notify_fd_active",
      "set_cgroup_item",
      "set_config_item",
      "shutdown",
      "start",
      "state",
      "stop",
      "umount",
      "unfreeze",
      "wait",
      "want_close_all_fds",
      "want_daemonize",
  };
  return calls;
}

Result<std::string> WriteRequest(uint64_t id, std::string_view call, json arguments,
                                 const json& caller) {
  json request = {{"id", id}, {"call", call}, {"arguments", std::move(arguments)}};
  if (!caller.is_null()) request["caller"] = caller;
  try {
    return request.dump();
  } catch (const json::type_error&) {
    return Fail(EILSEQ, "a text that is not UTF-8");
  }
}

Result<Reply> ReadReply(std::string_view body, uint64_t id) {
  bool too_deep = false;
  const auto shallow = [&](int depth, json::parse_event_t, const json&) {
    too_deep = too_deep || depth > kDeepest;
    return depth <= kDeepest;
  };
  json reply = json::parse(body, shallow, /*allow_exceptions=*/false);
  if (too_deep) return Violation("a frame that is nested too deeply");
  if (reply.is_discarded()) return Violation("a frame that is not JSON");
  if (!reply.is_object()) return Violation("a frame that is no JSON object");
  const auto given = reply.find("id");
  if (given == reply.end() || !given->is_number_unsigned() || *given != id) {
    return Violation("a reply without the request's id");
  }
  const auto refused = reply.find("refused");
  const auto result = reply.find("result");
  const auto error = reply.find("errno");
  const int kinds = (refused != reply.end()) + (result != reply.end()) + (error != reply.end());
  if (kinds != 1) return Violation("a reply that has not one of result, errno and refused");
  if (refused != reply.end()) {
    if (!refused->is_string()) return Violation("a refusal without a reason");
    return Violation("it refused a request: " + refused->get<std::string>());
  }
  if (result != reply.end()) return Reply{.result = std::move(*result), .error = std::nullopt};
  ASSIGN_OR_RETURN(const int64_t code, ReadNumber(*error, 0, kLargestErrno));
  return Reply{.result = nullptr, .error = static_cast<int>(code)};
}

Result<Hello> ReadHello(const json& result) {
  ASSIGN_OR_RETURN(const json protocol, ReadMember(result, "protocol"));
  ASSIGN_OR_RETURN(const int64_t spoken, ReadNumber(protocol, 0, INT32_MAX));
  if (spoken != kProtocolVersion) {
    return Fail(EPROTONOSUPPORT, fmt::format("it speaks version {} of the protocol, not {}", spoken,
                                             kProtocolVersion));
  }
  ASSIGN_OR_RETURN(const json version, ReadMember(result, "version"));
  Hello hello;
  ASSIGN_OR_RETURN(hello.version, ReadText(version));
  ASSIGN_OR_RETURN(const json offers, ReadMember(result, "offers"));
  if (!offers.is_array()) return WrongType("array", offers);
  for (const json& offer : offers) {
    ASSIGN_OR_RETURN(std::string call, ReadText(offer));
    if (!ProtocolCalls().contains(call)) {
      return Violation(fmt::format("it offers \"{}\", which is no call", call));
    }
    hello.offers.insert(std::move(call));
  }
  return hello;
}

Result<bool> ReadBool(const json& result) {
  if (!result.is_boolean()) return WrongType("boolean", result);
  return result.get<bool>();
}

Result<std::string> ReadText(const json& result) {
  if (!result.is_string()) return WrongType("string", result);
  return result.get<std::string>();
}

Status ReadNothing(const json& result) {
  if (!result.is_null()) return WrongType("null", result);
  return {};
}

Result<int64_t> ReadNumber(const json& result, int64_t least, int64_t most) {
  if (!result.is_number_integer()) return WrongType("integer", result);
  // A number above the largest signed one would turn negative.
  const bool too_large =
      result.is_number_unsigned() && result.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  const int64_t number = result.get<int64_t>();
  if (too_large || number < least || number > most) {
    return Violation(fmt::format("a number that is not from {} to {}", least, most));
  }
  return number;
}

Result<json> ReadMember(const json& result, const char* name) {
  if (!result.is_object()) return WrongType("object", result);
  const auto member = result.find(name);
  if (member == result.end()) return Violation(fmt::format("a result without \"{}\"", name));
  return *member;
}

Result<std::string> ReadBytes(const json& result) {
  static const std::array<uint8_t, 256> kValues = MakeBase64Values();
  ASSIGN_OR_RETURN(const std::string text, ReadText(result));
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.size() % 4 != 0) return Violation("bytes that are not base64");
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : std::string_view(text).substr(0, text.size() - padding)) {
    const uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value > 63) return Violation("bytes that are not base64");
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

}  // namespace lxcspec
