#pragma once
#include <string>
#include <string_view>

// `text` in gzip format (RFC 1952) at zlib's fastest level; "" if zlib has no memory.
std::string Gzip(std::string_view text);
