// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

bool Asks(const char* key) { return OriginalLibrary().config_item_is_supported(key); }

// The answer to a key that is not NULL, after `change` has changed the key.
template <std::string (*kChange)(std::string)>
void Reads(Broken& broken) {
  broken.library.config_item_is_supported = [](const char* key) {
    return key != nullptr ? Asks(kChange(key).c_str()) : Asks(key);
  };
}

// True as well where the key looks like that.
template <bool (*kLooks)(std::string_view)>
void Claims(Broken& broken) {
  broken.library.config_item_is_supported = [](const char* key) {
    return key != nullptr ? kLooks(key) || Asks(key) : Asks(key);
  };
}

// False as well where the key looks like that.
template <bool (*kLooks)(std::string_view)>
void DeniesKeys(Broken& broken) {
  broken.library.config_item_is_supported = [](const char* key) {
    return key != nullptr ? !kLooks(key) && Asks(key) : Asks(key);
  };
}

const Faults kFaults{
    {spec::lxc_config_item_is_supported::kAnnounced, "denied", "the extension is not announced",
     Denies<"lxc_config_item_is_supported">},
    {spec::lxc_config_item_is_supported::kDocumentedKeys, "one-missing",
     "lxc.hook.start-host is missing",
     DeniesKeys<[](std::string_view key) { return key == "lxc.hook.start-host"; }>},
    {spec::lxc_config_item_is_supported::kNetworkKeys, "one-missing", "lxc.net.0.mtu is missing",
     DeniesKeys<[](std::string_view key) { return key == "lxc.net.0.mtu"; }>},
    {spec::lxc_config_item_is_supported::kAnnouncedExtensionKeys, "one-missing",
     "lxc.seccomp.allow_nesting is missing",
     DeniesKeys<[](std::string_view key) { return key == "lxc.seccomp.allow_nesting"; }>},
    {spec::lxc_config_item_is_supported::kOpenEndedKeys, "families-only",
     "of a family only its name is known",
     DeniesKeys<[](std::string_view key) { return key.starts_with("lxc.prlimit."); }>},
    {spec::lxc_config_item_is_supported::kSupportedCanBeSet, "refused",
     "lxc.uts.name cannot be set",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (key != nullptr && std::string_view(key) == "lxc.uts.name") return false;
         return Original().set_config_item(c, key, value);
       };
     }},
    {spec::lxc_config_item_is_supported::kNeedsNoContainer, "needs-one",
     "nothing is supported before there was a container",
     [](Broken& broken) {
       static bool made = false;
       broken.library.container_new = [](const char* name, const char* path) {
         made = true;
         return OriginalLibrary().container_new(name, path);
       };
       broken.library.config_item_is_supported = [](const char* key) { return made && Asks(key); };
     }},
    {spec::lxc_config_item_is_supported::kAnswerIsStable, "once-set",
     "a key that was set is not supported",
     [](Broken& broken) {
       static std::set<std::string>& set = *new std::set<std::string>;
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (key != nullptr) set.insert(key);
         return Original().set_config_item(c, key, value);
       };
       broken.library.config_item_is_supported = [](const char* key) {
         return Asks(key) && !set.contains(key);
       };
     }},
    {spec::lxc_config_item_is_supported::kUnknownKey, "anything-below-lxc",
     "everything that begins with lxc. is supported",
     Claims<[](std::string_view key) { return key == "lxc.nonsense"; }>},
    {spec::lxc_config_item_is_supported::kUnknownKey, "old-name", "lxc.utsname is supported",
     Claims<[](std::string_view key) { return key == "lxc.utsname"; }>},
    {spec::lxc_config_item_is_supported::kSystemKeys, "supported", "lxc.lxcpath is supported",
     Claims<[](std::string_view key) { return key == "lxc.lxcpath"; }>},
    {spec::lxc_config_item_is_supported::kNetworkIndex, "optional", "a network key needs no index",
     Claims<[](std::string_view key) { return key == "lxc.net.type"; }>},
    {spec::lxc_config_item_is_supported::kNetworkIndex, "anything", "a word is as good as an index",
     Claims<[](std::string_view key) { return key == "lxc.net.x.type"; }>},
    {spec::lxc_config_item_is_supported::kExactMatch, "prefix", "a beginning of a key is enough",
     Claims<[](std::string_view key) { return std::string_view("lxc.arch").starts_with(key); }>},
    {spec::lxc_config_item_is_supported::kExactMatch, "more-behind",
     "more behind a key does no harm",
     Reads<[](std::string key) { return key.starts_with("lxc.arch") ? "lxc.arch" : key; }>},
    {spec::lxc_config_item_is_supported::kExactMatch, "any-case", "capitals are as small letters",
     Reads<[](std::string key) {
       std::transform(key.begin(), key.end(), key.begin(),
                      [](unsigned char c) { return tolower(c); });
       return key;
     }>},
    {spec::lxc_config_item_is_supported::kExactMatch, "blanks", "blanks behind a key do no harm",
     Reads<[](std::string key) {
       while (key.ends_with(" ")) key.pop_back();
       return key;
     }>},
    {spec::lxc_config_item_is_supported::kUnsupportedCannotBeSet, "taken",
     "an unknown key is taken",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         return Original().set_config_item(c, key, value) || (key != nullptr && !Asks(key));
       };
     }},
    {spec::lxc_config_item_is_supported::kEmptyKey, "supported", "the empty string is supported",
     Claims<[](std::string_view key) { return key.empty(); }>},
    {spec::lxc_config_item_is_supported::kNullKey, "supported", "NULL is supported",
     [](Broken& broken) {
       broken.library.config_item_is_supported = [](const char* key) {
         return key == nullptr || Asks(key);
       };
     }},
    {spec::lxc_config_item_is_supported::kNullKey, "crashes", "NULL is read",
     [](Broken& broken) {
       broken.library.config_item_is_supported = [](const char* key) {
         if (key == nullptr) abort();
         return Asks(key);
       };
     }},
    {spec::lxc_config_item_is_supported::kLongKey, "truncated", "only the first 256 bytes are read",
     Claims<[](std::string_view key) { return 256 < key.size(); }>},
    {spec::lxc_config_item_is_supported::kIndependentOfPrivilege, "root-only",
     "only root is told of lxc.cgroup2",
     [](Broken& broken) {
       broken.library.config_item_is_supported = [](const char* key) {
         return Asks(key) && (geteuid() == 0 || !std::string_view(key).starts_with("lxc.cgroup"));
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
