#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/config.h"

namespace {

using namespace std::chrono_literals;

// Reads a map with every accessor, and the maps below it.
void Read(Fields fields, int depth) {
  fields.Required("name");
  fields.String("text");
  fields.Bool("flag", false);
  fields.Number("ratio", 0.5, 0, 1);
  fields.Integer("port", 1, 1, 65535);
  fields.Time("time", 1s, 1ms, 1h);
  fields.Strings("hosts");
  if (fields.Has("note")) fields.Error("note", "noted");
  if (depth > 4) return;
  if (fields.Has("map")) Read(fields.Map("map"), depth + 1);
  for (Fields& member : fields.Maps("maps")) Read(member, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Fields fields = Fields::FromText("f.yml", text);
  Read(fields, 0);
  absl::Status status = fields.Finish();
  // Each line of an error names the file and has nothing in it that a terminal would obey.
  std::string message(status.message());
  if (!status.ok() && !message.starts_with("f.yml:")) abort();
  for (std::size_t i = 0; i < message.size(); ++i) {
    bool new_line = message[i] == '\n';
    if (new_line && message.compare(i + 1, 6, "f.yml:") != 0) abort();
    if (!new_line && (static_cast<unsigned char>(message[i]) < 0x20 || message[i] == 0x7f)) abort();
  }
  (void)ParseDuration(text);
  return 0;
}
