#include "common/app.h"
#include "exporters/pihole/groups.h"

int main(int argc, char** argv) {
  return Main({"pihole-exporter",
               "Asks Pi-holes real questions over DNS, and tells whether they resolve and block.",
               10063, LoadPiholes},
              argc, argv);
}
