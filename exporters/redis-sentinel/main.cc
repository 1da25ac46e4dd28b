#include "common/app.h"
#include "exporters/redis-sentinel/groups.h"

int main(int argc, char** argv) {
  return Main({"redis-sentinel-exporter",
               "Watches Redis or Valkey with Sentinel on all sites and measures its failovers.",
               10062, LoadDeployments},
              argc, argv);
}
