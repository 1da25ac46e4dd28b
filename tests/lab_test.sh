#!/bin/bash
# Test of the lab itself: its tools, three labs at once, their passwords and faults, and that nothing
# of them is left. Prints what it saw and when. usage: lab_test.sh
set -u -o pipefail
lab=$(dirname "$(readlink -f "$0")")/lab
begin=$EPOCHREALTIME
work=$(mktemp -d /tmp/lab-test.XXXXXX)
chmod 755 "$work"
a=$work/a b=$work/b redis=$work/redis pihole=$work/pihole
export LAB_TTL=20 LAB_LOOP_WAIT=2 LAB_RETRY_TIMEOUT=3
sleep infinity &
parent=$!
cleanup() {
  kill "$parent" $(jobs -p) 2>/dev/null
  "$lab/postgres-ha" down "$a"
  "$lab/postgres-ha" down "$b"
  "$lab/redis" down "$redis"
  "$lab/pihole" down "$pihole"
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

say() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${begin/[.,]/}) / 100000))
  printf '%3d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}
fail() { say "FAILED: $*" && exit 1; }
check() {
  local output
  output=$("${@:2}" 2>&1) || fail "$1: $output"
  say "$1"
}
refuse() { ! "${@:2}" >/dev/null 2>&1 || fail "$1" && say "$1"; }
# eventually SECONDS WHAT COMMAND...
eventually() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$what"
    sleep 0.2
  done
  say "$what"
}
# holds SECONDS WHAT COMMAND...: true every time during that long.
holds() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  while ((SECONDS < deadline)); do
    "$@" >/dev/null 2>&1 || fail "$what"
    sleep 0.2
  done
  say "$what"
}
# fault SCRIPT COMMAND DIR...
fault() { "$lab/$1" "${@:2}" || fail "$*"; }

value() { grep -m 1 "^LAB_$2=" "$1/lab.env" | cut -d= -f2-; }
# query DIR PORT_NAME USER SQL [DATABASE]
query() {
  PGPASSFILE=$(value "$1" PGPASSFILE) PGCONNECT_TIMEOUT=2 timeout 5 psql -XAtqw -h 127.0.0.1 \
    -p "$(value "$1" "$2_PORT")" -U "$3" -d "${5-postgres}" -c "$4"
}
admin() { query "$1" "$2" postgres "${@:3}"; }
# answers EXPECTED COMMAND...
answers() {
  local output
  output=$("${@:2}")
  [[ $output == "$1" ]] || { echo "$output" && false; }
}
# streams DIR LEADER_PORT_NAME MEMBERS
streams() {
  answers "$3" admin "$1" "$2" "SELECT string_agg(application_name, ' ' ORDER BY application_name)
    FROM pg_stat_replication WHERE state = 'streaming'"
}
insert() { query "$1" HAPROXY_RW app "INSERT INTO app.rows VALUES (1, now())" app; }
# has_rows DIR PORT_NAME COUNT
has_rows() { answers "$3" admin "$1" "$2" "SELECT count(*) FROM app.rows" app; }
rest() { curl -sfm 2 --noproxy '*' "$(value "$1" "$2_PATRONI_URL")/liveness"; }
leader_is() { answers "$2" "$lab/patroni" leader "$1"; }

bring_up() {
  "$lab/postgres-ha" up "$a" &
  local first=$!
  LAB_PARENT=$parent "$lab/postgres-ha" up "$b" || fail "the second lab is up"
  wait "$first" || fail "the first lab is up"
  say "two labs are up"
  for dir in "$a" "$b"; do
    check "${dir##*/}: pg2 and pgc1 stream from pg1" streams "$dir" PG1 "pg2 pgc1"
    check "${dir##*/}: the port for replicas leads to one" \
      answers t admin "$dir" HAPROXY_RO "SELECT pg_is_in_recovery()"
  done
  check "no port is shared" answers "" eval "grep -ho '_PORT=.*' '$a/lab.env' '$b/lab.env' |
    sort | uniq -d"
}

passwords() {
  local user
  for user in sentinel_exporter sentinel_bare app; do
    check "$user enters with its password" query "$a" PG1 "$user" "SELECT 1"
    refuse "$user does not with a wrong one" env PGPASSWORD=wrong psql -XAtqwc "SELECT 1" \
      "host=127.0.0.1 port=$(value "$a" PG1_PORT) user=$user dbname=postgres"
  done
  refuse "nobody enters without a password" env PGPASSFILE=/dev/null psql -XAtqwc "SELECT 1" \
    "host=127.0.0.1 port=$(value "$a" PGC1_PORT) user=postgres dbname=postgres"
  check "pg_hba.conf knows SCRAM only, but for the application" answers scram-sha-256 admin "$a" PG2 \
    "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE user_name <> '{app}'"
  check "the exporter has pg_monitor" answers t query "$a" PG1 sentinel_exporter \
    "SELECT pg_has_role('pg_monitor', 'usage')"
  check "the bare role has not" answers f query "$a" PG1 sentinel_bare \
    "SELECT pg_has_role('pg_monitor', 'usage')"
  check "password files are their owner's alone" answers 600 stat -c %a "$a/secrets/exporter"
}

# The leader's machine is lost and comes back as a replica, beside the faults of the other lab.
crash() {
  check "b: the application writes" insert "$b"
  eventually 10 "b: pg2 has the row" has_rows "$b" PG2 1
  fault patroni kill-leader "$b"
  say "b: killed pg1"
  eventually 50 "b: the application writes again" insert "$b"
  check "b: the leader is pg2" leader_is "$b" pg2
  fault patroni start "$b" pg1
  eventually 60 "b: pg1 and pgc1 stream from pg2" streams "$b" PG2 "pg1 pgc1"
  eventually 5 "b: no row was lost on the cloud site" has_rows "$b" PGC1 2
}

freezes() {
  fault patroni stop "$a" pg2 postgres
  refuse "a: frozen PostgreSQL does not answer" query "$a" PG2 app "SELECT 1"
  fault patroni cont "$a" pg2 postgres
  eventually 10 "a: thawed it does" query "$a" PG2 app "SELECT 1"
  fault patroni stop "$a" pg2 patroni
  refuse "a: a frozen Patroni does not answer" rest "$a" PG2
  check "a: PostgreSQL beside it does" query "$a" PG2 app "SELECT 1"
  fault patroni cont "$a" pg2 patroni
  eventually 10 "a: a thawed Patroni answers" rest "$a" PG2
  fault patroni stop "$a" pgc1 postmaster
  refuse "a: a frozen postmaster accepts nobody" query "$a" PGC1 app "SELECT 1"
  fault patroni cont "$a" pgc1 postmaster
  fault patroni stop "$a" pgc1 walreceiver
  fault patroni pause-replay "$a" pg2
  check "a: the application writes" insert "$a"
  check "a: no row passes the frozen link" has_rows "$a" PGC1 0
  # Two loops of Patroni, which must not resume it.
  holds 5 "a: no row passes the paused replay" has_rows "$a" PG2 0
  fault patroni cont "$a" pgc1 walreceiver
  fault patroni resume-replay "$a" pg2
  eventually 5 "a: the row passes the thawed link" has_rows "$a" PGC1 1
  eventually 5 "a: the row passes the resumed replay" has_rows "$a" PG2 1
  fault patroni stop "$a" pg2 startup
  check "a: the application writes" insert "$a"
  check "a: no row passes the frozen startup process" has_rows "$a" PG2 1
  fault patroni cont "$a" pg2 startup
  eventually 5 "a: the row passes when it is thawed" has_rows "$a" PG2 2
}

kills() {
  fault patroni kill-postgres "$a" pg1
  refuse "a: nobody writes after kill-postgres" insert "$a"
  eventually 30 "a: PostgreSQL recovers in place" insert "$a"
  check "a: the leader is still pg1" leader_is "$a" pg1
  eventually 60 "a: the cloud site follows" streams "$a" PG1 "pg2 pgc1"
  fault patroni switchover "$a"
  say "a: switchover is over"
  check "a: the leader is pg2" leader_is "$a" pg2
  eventually 60 "a: pg1 and pgc1 stream from pg2" streams "$a" PG2 "pg1 pgc1"
  fault haproxy kill "$a"
  refuse "a: no route without HAProxy" insert "$a"
  fault haproxy start "$a"
  eventually 30 "a: routes are back" insert "$a"
  fault etcd kill "$a" 1
  eventually 20 "a: two of three etcd members are enough" leader_is "$a" pg2
  fault etcd start "$a" 1
}

segments() { sed -sn 7p "$1"/*/data/postmaster.pid | awk '{ print $2 }'; }
left() {
  local pids
  pids=$(grep -slzF "$1/" /proc/[0-9]*/{environ,cmdline}
    find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "$1/*" 2>/dev/null)
  [[ ! $pids ]] || echo "process $pids"
  [[ ! -e $1 ]] || echo "directory $1"
  awk -v ids=" $(echo $2) " 'index(ids, " " $2 " ") { print "segment", $2 }' /proc/sysvipc/shm
}

take_down() {
  local of_a of_b
  fault patroni stop "$a" pg2
  fault etcd stop "$a" 2
  fault haproxy stop "$a"
  of_a=$(segments "$a") of_b=$(segments "$b")
  fault postgres-ha down "$a"
  check "a: down, frozen members too; nothing is left" answers "" left "$a" "$of_a"
  check "b: still runs" leader_is "$b" pg2
  kill "$parent"
  eventually 60 "b: gone with its parent; nothing is left" answers "" left "$b" "$of_b"
  check "no semaphore is left" answers "$semaphores" cat /proc/sysvipc/sem
}

# redis_as NODE USER WORD...: the server's error is a failure.
redis_as() {
  local kind=REDIS
  [[ $1 != s* ]] || kind=SENTINEL
  REDISCLI_AUTH=$(cat "$(value "$redis" "${kind}_${2^^}_PASSWORD_FILE")") timeout 3 redis-cli -e \
    -p "$(value "$redis" "${1^^}_PORT")" --user "$2" --no-auth-warning "${@:3}"
}
redis_master_is() { answers "$1" "$lab/redis" master "$redis"; }
redis_has_moved() { [[ $("$lab/redis" master "$redis") == r[23] ]]; }
redis_state() { [[ $'\n'$("$lab/redis" status "$redis")$'\n' == *$'\n'"$1 $2"$'\n'* ]]; }
# redis_hears NAME VALUE: of a replica.
redis_hears() {
  redis_as s1 exporter SENTINEL REPLICAS mymaster | grep -A 1 -x -- "$1" | grep -x -- "$2"
}

# What the README tells to give the exporter is what it has here.
redis_rights_as_documented() {
  local text
  text=$(sed 's/ *#.*//' "$lab/../../README.md" | tr -s ' \n' ' ')
  . "$lab/redis.sh" && [[ $text == *"$exporter_of_nodes "* && $text == *"$exporter_of_sentinels "* ]]
}

redis_users() {
  local node
  check "redis: the README gives the exporter these rights" redis_rights_as_documented
  for node in r1 s1; do
    refuse "redis: nobody enters $node without a password" \
      timeout 3 redis-cli -e -p "$(value "$redis" "${node^^}_PORT")" PING
    check "redis: the exporter asks $node" redis_as "$node" exporter INFO
    refuse "redis: the exporter does not stop $node" redis_as "$node" exporter SHUTDOWN
  done
  refuse "redis: the exporter reads no keys" redis_as r1 exporter GET key
  refuse "redis: the exporter does not fail over" redis_as s1 exporter SENTINEL FAILOVER mymaster
  check "redis: the exporter asks for replicas" redis_as s1 exporter SENTINEL REPLICAS mymaster
}

# A master is killed, comes back as a replica, and another one steps down.
redis_failovers() {
  local second
  check "redis: the application writes" redis_as r1 app SET key kept
  check "redis: to both replicas" answers 2 redis_as r1 app WAIT 2 3000
  fault redis write "$redis"
  eventually 10 "redis: the writer counts" grep -c first "$redis/log/writer.log"
  fault redis kill "$redis" r1
  eventually 40 "redis: another master after a kill" redis_has_moved
  second=$("$lab/redis" master "$redis")
  eventually 5 "redis: the application writes there" redis_as "$second" app SET another key
  eventually 20 "redis: the writer finds it" grep -c last "$redis/log/writer.log"
  check "redis: nothing was lost" answers kept redis_as "$second" app GET key
  fault redis start "$redis" r1
  fault redis wait "$redis"
  check "redis: r1 came back as a replica" redis_state r1 replica
  fault redis priority "$redis" r1 1
  eventually 15 "redis: s1 hears of the priority of r1" redis_hears slave-priority 1
  check "redis: a failover on demand begins" "$lab/redis" failover "$redis"
  eventually 10 "redis: r1 is the master again" redis_master_is r1
}

redis_lab() {
  LAB_DOWN_AFTER_MS=1000 "$lab/redis" up "$redis" || fail "redis: is up"
  check "redis: r1 is the master" redis_master_is r1
  redis_users
  redis_failovers
  fault redis stop "$redis" s2
  fault redis stop "$redis" r3
  check "redis: frozen nodes are known" redis_state r3 frozen
  check "redis: two of three Sentinels are enough" redis_as s1 exporter SENTINEL CKQUORUM mymaster
  fault redis cont "$redis" s2
  eventually 5 "redis: a thawed Sentinel answers" redis_state s2 sentinel
  fault redis down "$redis"
  check "redis: down, frozen nodes too; nothing is left" answers "" left "$redis" ""
}

pihole_is() { [[ $'\n'$("$lab/pihole" status "$pihole")$'\n' == *$'\n'"$1 $2"$'\n'* ]]; }
pihole_asked() { [[ $("$lab/pihole" counts "$pihole" "$1") == *'"connections_open": 0'* ]]; }

pihole_lab() {
  local state
  check "pihole: is up, with TLS" "$lab/pihole" up "$pihole" --tls
  for state in hung stopped killed gravity-broken; do
    fault pihole fault "$pihole" pihole2 "$state"
    check "pihole: pihole2 is $state" pihole_is pihole2 "${state/killed/stopped}"
    check "pihole: pihole1 is not" pihole_is pihole1 normal
    fault pihole fault "$pihole" pihole2 normal
    check "pihole: pihole2 is normal again" pihole_is pihole2 normal
  done
  refuse "pihole: there is no such state" "$lab/pihole" fault "$pihole" pihole2 nosuch
  check "pihole: clients are counted" pihole_asked pihole1
  fault pihole fault "$pihole" pihole3 hung
  fault pihole down "$pihole"
  check "pihole: down, frozen ones too; nothing is left" answers "" left "$pihole" ""
}

check "proxy, HTTP faults, silent DNS and port holder do what they say" "$lab/tools_test"
semaphores=$(cat /proc/sysvipc/sem)
pihole_lab
redis_lab &
redis_lab=$!
bring_up
wait "$redis_lab" || exit 1
passwords
crash &
crash=$!
freezes
kills
wait "$crash" || exit 1
take_down
say "passed"
