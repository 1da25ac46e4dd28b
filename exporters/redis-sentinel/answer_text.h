#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/net.h"

// Pieces of what Redis nodes and Sentinels answer.

// A decimal number and nothing else, within 64 bits.
std::optional<long long> ToInteger(std::string_view text);

// A host, numeric or by name, of at most 255 printable characters, and a port of 0 to 65535; none
// if they are not.
std::optional<HostPort> ToAddress(std::string_view host, std::string_view port);

// Whether there are only printable characters of ASCII, and no space.
bool IsPlain(std::string_view text);
