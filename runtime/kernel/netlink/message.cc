// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/message.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>

namespace lxcspec::runtime {
namespace {

// Far more than any request here has.
constexpr size_t kLongestRequest = 8192;

constexpr int kLargestErrno = 4095;

template <typename Header>
Header HeaderAt(std::string_view bytes) {
  Header header;
  memcpy(&header, bytes.data(), sizeof header);
  return header;
}

std::string_view After(std::string_view bytes, size_t count) {
  return bytes.substr(std::min(bytes.size(), size_t{MNL_ALIGN(count)}));
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) : buffer_(kLongestRequest) {
  nlmsghdr* const message = mnl_nlmsg_put_header(buffer_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

nlmsghdr* NetlinkRequest::header() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

NetlinkRequest& NetlinkRequest::AddBytes(std::string_view bytes) {
  if (header()->nlmsg_len + MNL_ALIGN(bytes.size()) > buffer_.size()) {
    too_long_ = true;
    return *this;
  }
  memcpy(mnl_nlmsg_put_extra_header(header(), bytes.size()), bytes.data(), bytes.size());
  return *this;
}

NetlinkRequest& NetlinkRequest::AddAttribute(uint16_t type, std::string_view value) {
  const bool added = value.size() < buffer_.size() &&
                     mnl_attr_put_check(header(), buffer_.size(), type, value.size(), value.data());
  too_long_ = too_long_ || !added;
  return *this;
}

NetlinkRequest& NetlinkRequest::AddText(uint16_t type, const std::string& text) {
  return AddAttribute(type, {text.c_str(), text.size() + 1});
}

size_t NetlinkRequest::BeginNest(uint16_t type) {
  nlattr* const nest = mnl_attr_nest_start_check(header(), buffer_.size(), type);
  if (nest != nullptr) return static_cast<size_t>(reinterpret_cast<char*>(nest) - buffer_.data());
  too_long_ = true;
  return 0;
}

void NetlinkRequest::EndNest(size_t nest) {
  if (too_long_) return;
  mnl_attr_nest_end(header(), reinterpret_cast<nlattr*>(buffer_.data() + nest));
}

Result<std::string> NetlinkRequest::Finish(uint32_t sequence) const {
  if (too_long_) return Failure(EMSGSIZE, "a netlink request");
  auto own = HeaderAt<nlmsghdr>({buffer_.data(), sizeof(nlmsghdr)});
  own.nlmsg_seq = sequence;
  std::string message(buffer_.data(), own.nlmsg_len);
  memcpy(message.data(), &own, sizeof own);
  return message;
}

NetlinkAttributes ParseAttributes(std::string_view body, size_t skipped) {
  NetlinkAttributes found;
  body = After(body, skipped);
  // By copies of the headers: a view may begin anywhere.
  while (body.size() >= sizeof(nlattr)) {
    const auto header = HeaderAt<nlattr>(body);
    if (!mnl_attr_ok(&header, static_cast<int>(body.size()))) break;
    found[mnl_attr_get_type(&header)] =
        body.substr(MNL_ATTR_HDRLEN, mnl_attr_get_payload_len(&header));
    body = After(body, mnl_attr_get_len(&header));
  }
  return found;
}

std::string TextOf(const NetlinkAttributes& attributes, uint16_t type) {
  const auto found = attributes.find(type);
  if (found == attributes.end()) return "";
  return std::string(found->second.substr(0, found->second.find('\0')));
}

Status ForEachMessage(std::string_view datagram,
                      const std::function<void(const NetlinkMessage&)>& message) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    const auto header = HeaderAt<nlmsghdr>(datagram);
    if (!mnl_nlmsg_ok(&header, static_cast<int>(datagram.size()))) {
      return Failure(EBADMSG, "the routing netlink's answer");
    }
    message({.type = header.nlmsg_type,
             .flags = header.nlmsg_flags,
             .sequence = header.nlmsg_seq,
             .body = datagram.substr(MNL_NLMSG_HDRLEN, mnl_nlmsg_get_payload_len(&header))});
    datagram = After(datagram, header.nlmsg_len);
  }
  return {};
}

NetlinkOutcome ParseOutcome(const NetlinkMessage& message) {
  NetlinkOutcome outcome;
  if (message.body.size() < sizeof(int)) return outcome;
  const int code = HeaderAt<int>(message.body);
  if (code < 0) outcome.code = code >= -kLargestErrno ? -code : EBADMSG;
  if ((message.flags & NLM_F_ACK_TLVS) == 0) return outcome;
  size_t fixed = sizeof(int);
  if (message.type == NLMSG_ERROR) {
    if (message.body.size() < sizeof(nlmsgerr)) return outcome;
    const auto error = HeaderAt<nlmsgerr>(message.body);
    if (error.msg.nlmsg_len < sizeof(nlmsghdr)) return outcome;
    fixed = sizeof(nlmsgerr);
    // The whole request comes back where it is not asked to be left out.
    if ((message.flags & NLM_F_CAPPED) == 0) fixed += error.msg.nlmsg_len - sizeof(nlmsghdr);
  }
  outcome.explanation = TextOf(ParseAttributes(message.body, fixed), NLMSGERR_ATTR_MSG);
  return outcome;
}

}  // namespace lxcspec::runtime
