#include "common/app.h"
#include "exporters/postgres-ha/groups.h"

int main(int argc, char** argv) {
  return Main({"postgres-ha-exporter",
               "Watches PostgreSQL with Patroni on all sites and measures its failovers.", 10061,
               LoadGroups},
              argc, argv);
}
