#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/deadline.h"

struct ConfigDocument;
struct ConfigNode;

// Strict YAML. Every error is one line that names file, line, column and key:
//   postgres-ha.yml:3:5: unknown key 'tmieout' (did you mean 'timeout'?)
//   postgres-ha.yml:3:14: timeout: not a duration: '5 parsecs' (like 250ms, 5s, 2m, 1h)
// In any value ${NAME} becomes the environment variable (unset: an error that names it), $$ is $.
// A key without a value ("targets:" and nothing below it) counts as not given.
//
// Reading collects errors instead of returning them one by one: read all fields of all maps, then
// ask Finish() once. After an error the accessors return the default, so a Load function reads
// straight through. Aliases, merge keys, tags, several documents and keys given twice are errors;
// nesting deeper than 32 and files above 1 MiB are errors.
class Fields {
 public:
  // The top map of `file` (or of `text`, named `file` in errors). Errors of reading or of YAML
  // itself are in Finish() too, and then alone; an empty file is an empty map.
  static Fields FromFile(const std::string& file);
  static Fields FromText(const std::string& file, std::string_view text);

  bool Has(std::string_view key) const;
  std::string String(std::string_view key, std::string_view or_else = "");
  std::string Required(std::string_view key);             // not empty; absent is an error
  bool Bool(std::string_view key, bool or_else);          // true, false
  double Number(std::string_view key, double or_else, double min, double max);
  int Integer(std::string_view key, int or_else, int min, int max);
  Duration Time(std::string_view key, Duration or_else, Duration min, Duration max);
  // Bytes, as ParseSize() reads them.
  double Size(std::string_view key, double or_else, double min, double max);
  std::vector<std::string> Strings(std::string_view key);  // a list of scalars, or one scalar
  Fields Map(std::string_view key);                        // absent: an empty map
  std::vector<Fields> Maps(std::string_view key);          // a list of maps; absent: empty
  // The secret of `key` or of `key`_file (one line, the file is read now); both given is an error.
  // Errors never contain the value.
  std::string Secret(std::string_view key);

  // Adds an error of the caller's own at the value of `key` ("" = at this map).
  void Error(std::string_view key, const std::string& what);
  // Every key of every map handed out must have been asked for: others are unknown. Returns all
  // errors, one a line, in file order (InvalidArgument), or OK. Call once, on the top map.
  absl::Status Finish();

 private:
  Fields(std::shared_ptr<ConfigDocument> document, std::shared_ptr<ConfigNode> node);
  // The value of `key`, null if it is not given or not of the kind `what` names (an error).
  ConfigNode* Find(std::string_view key, int kind, const char* what);
  // parse(text of `key`) if it is given; its error is put down at the value.
  template <class T, class Parse>
  T Read(std::string_view key, T or_else, Parse&& parse);
  std::shared_ptr<ConfigDocument> document_;
  std::shared_ptr<ConfigNode> node_;
};

// "250ms", "5s", "1.5m", "2h", "1d" as a duration.
absl::StatusOr<Duration> ParseDuration(std::string_view text);

// "1073741824", "512kB", "1.5GB", "2GiB" as bytes: kB, MB, GB and TB are powers of 1000, KiB, MiB, GiB
// and TiB of 1024. (In PostgreSQL's own settings 1MB is what is 1MiB here.)
absl::StatusOr<double> ParseSize(std::string_view text);
