#include <cstdint>
#include <string_view>

#include "exporters/pihole/auth_answer.h"

// What /api/auth answers. A SID stands in a header afterwards.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  auto check = [](const std::string& sid) {
    for (char c : sid)
      if (c <= ' ' || c > '~' || sid.size() > 128) __builtin_trap();
  };
  if (auto auth = ReadAuth(body); auth.ok()) check(auth->sid);
  for (int code : {200, 400, 401, 429}) check(ReadLogin(code, body).sid);
  return 0;
}
