#include "common/dns_wire.h"

#include <algorithm>

namespace {

constexpr unsigned kPointer = 0xC0;  // the two highest bits of a length byte
constexpr int kMaxPointers = 127;    // as many as a name can have labels

uint8_t Byte(char c) { return static_cast<uint8_t>(c); }

// One label of a name as text.
void AddLabel(std::string& text, std::string_view label) {
  if (!text.empty()) text += '.';
  for (char c : label) {
    if (c > ' ' && c < '\x7f' && c != '.' && c != '\\') {
      text += c;
    } else {
      text += '\\';
      for (int unit : {100, 10, 1}) text += static_cast<char>('0' + Byte(c) / unit % 10);
    }
  }
}

}  // namespace

void AppendU16(std::string& wire, std::size_t number) {
  wire += static_cast<char>(number >> 8 & 0xFF);
  wire += static_cast<char>(number & 0xFF);
}

void AppendDnsName(std::string& wire, std::string_view name) {
  while (!name.empty() && name != ".") {
    std::string_view label = name.substr(0, name.find('.'));
    wire += static_cast<char>(label.size());
    wire += label;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  wire += '\0';
}

void DnsReader::Fail(std::string_view defect) {
  if (defect_.empty()) defect_ = defect;
}

std::string_view DnsReader::Bytes(std::size_t size) {
  if (message_.size() - at_ < size) Fail("it ends too early");
  if (!defect_.empty()) return {};
  at_ += size;
  return message_.substr(at_ - size, size);
}

uint8_t DnsReader::U8() {
  std::string_view bytes = Bytes(1);
  return bytes.empty() ? 0 : Byte(bytes[0]);
}

uint16_t DnsReader::U16() {
  std::string_view bytes = Bytes(2);
  return bytes.empty() ? 0 : static_cast<uint16_t>(Byte(bytes[0]) << 8 | Byte(bytes[1]));
}

uint32_t DnsReader::U32() {
  uint32_t high = U16();
  return high << 16 | U16();
}

std::string DnsReader::Name() {
  std::string text;
  std::size_t size = 1;     // on the wire: labels and the root
  std::size_t start = at_;  // of the labels being read; pointers go to what is before
  std::size_t end = 0;      // of the name in the record: behind the first pointer, if any
  for (int pointers = 0; pointers <= kMaxPointers;) {
    unsigned length = U8();
    if (!defect_.empty()) return "";
    if (length == 0) {
      if (end != 0) at_ = end;
      return text.empty() ? "." : text;
    }
    if (length <= kMaxDnsLabel) {
      size += 1 + length;
      if (size > kMaxDnsName) break;
      AddLabel(text, Bytes(length));
      continue;
    }
    std::size_t to = (length & ~kPointer) << 8 | U8();
    if (length < kPointer || to >= start) {
      Fail(length < kPointer ? "a name has an unknown kind of label" : "a name points forward");
      return "";
    }
    if (end == 0) end = at_;
    start = at_ = to;
    ++pointers;
  }
  Fail("a name is too long");
  return "";
}
