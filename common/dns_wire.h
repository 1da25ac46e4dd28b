#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The bytes of a DNS message (RFC 1035, 4.1): numbers, byte strings, domain names.

inline constexpr std::size_t kMaxDnsLabel = 63;
inline constexpr std::size_t kMaxDnsName = 255;  // on the wire, with its length bytes

// Adds a 16-bit number, high byte first.
void AppendU16(std::string& wire, std::size_t number);

// Adds a name that CheckDnsName (dns_message.h) accepts, uncompressed, in the case it is written.
void AppendDnsName(std::string& wire, std::string_view name);

// Reads a message from its start. The first defect stays, and from then on everything reads as 0 or
// empty: check defect() at the end, and at() in loops whose length the message tells.
class DnsReader {
 public:
  explicit DnsReader(std::string_view message) : message_(message) {}

  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  std::string_view Bytes(std::size_t size);
  // A name as text: labels with dots between them and none at the end, "." for the root. Dots and
  // backslashes within a label, and what is not printable ASCII, read as \DDD (RFC 1035, 5.1): a
  // name is ASCII, and at most 1,003 characters. Compressed names (4.1.4) may only point to what
  // comes before them, so that there is no loop.
  std::string Name();

  std::size_t at() const { return at_; }
  std::string_view defect() const { return defect_; }  // "" as long as all is well
  void Fail(std::string_view defect);

 private:
  const std::string_view message_;
  std::size_t at_ = 0;
  std::string_view defect_;  // a literal
};
