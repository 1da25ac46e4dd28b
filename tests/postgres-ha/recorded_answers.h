#pragma once
#include <sstream>
#include <string>
#include <vector>

#include "exporters/postgres-ha/connection.h"

// Answers to the statements of a collection, as servers gave them.

// "a|b|NULL" a line, as psql prints it.
inline Rows Recorded(const std::string& text) {
  Rows rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    Row row;
    for (std::size_t at = 0; at <= line.size();) {
      std::size_t end = std::min(line.find('|', at), line.size());
      std::string field = line.substr(at, end - at);
      row.push_back(field == "NULL" ? std::nullopt : std::optional(field));
      at = end + 1;
    }
    rows.rows.push_back(std::move(row));
  }
  return rows;
}

inline std::vector<absl::StatusOr<Rows>> PrimaryAnswers() {
  return {Recorded("100|3|on|ANY 1 (pg2)|on|replica|134217728|1073741824|t|NULL|t|1795379000.25"),
          Recorded("active|shop|2|1795379420.5\nidle|shop|7|NULL\n"
                   "idle in transaction|billing|1|1795379301.125\n"
                   "active||1|1795379426.5\nfastpath function call|NULL|1|NULL"),
          Recorded("8|2|1795378877.562936|1795378800.5"),
          Recorded("pg2|streaming|quorum|0|0|0|128|1795379426.562173\n"
                   "pgc1|catchup|async|4096|8192|8192|16384|1795379426.803657"),
          Recorded("gone|f|999999999|0|t\npg2|t|0|1073741824|f")};
}

inline std::vector<absl::StatusOr<Rows>> StandbyAnswers() {
  return {Recorded("100|3|on||on|replica|134217728|NULL|t|f|t|NULL"),
          Recorded("active|sentinel_exporter|1|NULL\nidle|shop|1|NULL"),
          Recorded("0|0|NULL|NULL"), Recorded(""), Recorded("t|1795379426.803964")};
}
