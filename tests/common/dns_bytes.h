#pragma once
// Bytes of DNS messages as servers send them, well-formed or not.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns_message.h"
#include "common/dns_wire.h"

inline std::string U16(std::size_t number) {
  std::string bytes;
  AppendU16(bytes, number);
  return bytes;
}
inline std::string U32(uint32_t number) { return U16(number >> 16) + U16(number & 0xFFFF); }

inline std::string NameBytes(std::string_view name) {
  std::string bytes;
  AppendDnsName(bytes, name);
  return bytes;
}

// A pointer to what was written before: 12 is the name of the question.
inline std::string Pointer(std::size_t offset) { return U16(0xC000 | offset); }

// `name` as bytes: NameBytes() or Pointer().
inline std::string Record(const std::string& name, DnsType type, uint32_t ttl,
                          const std::string& data, std::size_t dns_class = 1) {
  return name + U16(static_cast<std::size_t>(type)) + U16(dns_class) + U32(ttl) +
         U16(data.size()) + data;
}

// One string of a TXT record.
inline std::string Text(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + text;
}

inline std::string ExtendedError(std::size_t code, const std::string& text) {
  return U16(15) + U16(2 + text.size()) + U16(code) + text;
}

inline std::string Opt(const std::string& options, uint32_t extended_rcode = 0) {
  return Record(NameBytes("."), DnsType::kOpt, extended_rcode << 24, options, 1232);
}

// What is in a reply beside id and question.
struct Reply {
  std::size_t flags = 0x8180;  // a response, RD, RA, NOERROR
  std::vector<std::string> answers, authority, additional;
};

inline std::string QuestionBytes(std::string_view query) {
  return std::string(query.substr(12, query.find('\0', 12) + 5 - 12));
}

inline std::string ReplyTo(std::string_view query, const Reply& reply) {
  std::string bytes(query.substr(0, 2));
  bytes += U16(reply.flags) + U16(1);
  for (auto* section : {&reply.answers, &reply.authority, &reply.additional})
    bytes += U16(section->size());
  bytes += QuestionBytes(query);
  for (auto* section : {&reply.answers, &reply.authority, &reply.additional})
    for (auto& record : *section) bytes += record;
  return bytes;
}

// A reply with `count` addresses 10.0.x.y of the name asked.
inline Reply Addresses(std::size_t count) {
  Reply reply;
  for (std::size_t i = 0; i < count; ++i) {
    reply.answers.push_back(Record(Pointer(12), DnsType::kA, 60, U16(10 << 8) + U16(i)));
  }
  return reply;
}
