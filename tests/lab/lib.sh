# Shared by the scripts of the lab; bash, to be sourced.
#
# A lab is a directory DIR with servers that listen on 127.0.0.1. Everything of it lives in DIR:
#   DIR/lab.env   KEY=value lines: ports, URLs, users, password files. Read by tests in any language
#   DIR/SERVER/   files of one server, which is also its working directory
#   DIR/log/      one log per server        DIR/run/   SERVER.pid, for readers; nothing trusts it
#   DIR/secrets/  passwords, readable by the user who started the lab
# A process belongs to the lab if its environment says LAB_SERVER=DIR/SERVER, or if it is a postgres
# that works in a data directory of DIR (postgres overwrites its environment). So no process id is
# trusted that may have been used again, and orphans are found.
# As root the servers run as user postgres; as anybody else as that user. Nothing needs more rights.
set -u -o pipefail
lab_scripts=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# What the caller exported may be of another lab; only the options count.
lab_options="PARENT|TTL|LOOP_WAIT|RETRY_TIMEOUT|DOWN_AFTER_MS|FAILOVER_TIMEOUT_MS|MACHINES|TLS"
for name in "${!LAB_@}"; do
  [[ $name =~ ^LAB_($lab_options)$ ]] || unset "$name"
done

lab_fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# lab_wait SECONDS WHAT COMMAND...: runs COMMAND until it succeeds; fails with WHAT at the deadline.
lab_wait() {
  local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((${EPOCHREALTIME/[.,]/} > deadline)); then
      echo "${0##*/}: $what: not within the deadline" >&2
      return 1
    fi
    sleep 0.1
  done
}

# The user that servers run as, by name, or nothing if that is the caller.
lab_server_user() { ((EUID)) || echo postgres; }

# Runs a command in an environment that holds nothing of the caller's.
lab_as_caller() { env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 "$@"; }

# The same as the servers' user; NAME=value words may stand before the command. lab_enter is what to
# run it by: on which machine (machines.sh).
lab_enter=()
lab_as_server() {
  local user
  user=$(lab_server_user)
  if [[ ! $user ]]; then
    lab_as_caller "$@"
  else
    lab_as_caller "${lab_enter[@]}" setpriv --reuid "$user" --regid "$(id -g "$user")" \
      --init-groups env "$@"
  fi
}

# lab_open DIR: makes DIR a lab (or accepts that it is one) and reads its lab.env.
lab_open() {
  LAB_DIR=$(readlink -m "$1")
  # Plain characters keep lab.env trivial; HAProxy's socket path must fit into 107 bytes.
  [[ $LAB_DIR =~ ^/[A-Za-z0-9_./+-]{1,70}$ ]] || lab_fail "$LAB_DIR: odd characters, or too long"
  if [[ ! -e $LAB_DIR/lab.env ]]; then
    [[ ! -e $LAB_DIR || -z $(ls -A "$LAB_DIR") ]] || lab_fail "$LAB_DIR: neither empty nor a lab"
    mkdir -p "$LAB_DIR" && chmod 755 "$LAB_DIR" || exit 1
    mkdir -m 755 "$LAB_DIR/log" "$LAB_DIR/run" && mkdir -m 700 "$LAB_DIR/secrets" || exit 1
    lab_as_server test -x "$LAB_DIR/log" ||
      { rm -rf "$LAB_DIR"; lab_fail "$LAB_DIR: user $(lab_server_user) cannot reach it"; }
    ((EUID)) || chown "$(lab_server_user)" "$LAB_DIR/log"
    lab_set LAB_DIR="$LAB_DIR" LAB_PIDS="$LAB_DIR/run" LAB_LOGS="$LAB_DIR/log"
    [[ ! ${LAB_PARENT-} ]] || lab_watch "$LAB_PARENT"
  fi
  . "$LAB_DIR/lab.env"
}

# lab_load DIR: reads the lab.env of an existing lab.
lab_load() {
  [[ -e $1/lab.env ]] || lab_fail "$1: no lab there"
  lab_open "$1"
}

# lab_set KEY=value...: adds to lab.env and to this shell.
lab_set() {
  local line
  for line; do declare -g "$line"; done
  printf '%s\n' "$@" >>"$LAB_DIR/lab.env"
}

# lab_reserve NAME...: a free port for every NAME, as LAB_NAME_PORT; no-op for those that have one.
lab_reserve() {
  local name missing=()
  for name; do
    name=LAB_${name}_PORT
    [[ ${!name-} ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  local server=ports-$BASHPID
  lab_make_directory "$server"
  lab_spawn "$server" "$lab_scripts/hold-ports" "$LAB_DIR/$server/ports" "${missing[@]}"
  lab_wait 10 "reserving ports" test -e "$LAB_DIR/$server/ports" || return 1
  mapfile -t missing <"$LAB_DIR/$server/ports"
  lab_set "${missing[@]}"
}

# lab_secret NAME: a random password in DIR/secrets/NAME, printed.
lab_secret() {
  local file=$LAB_DIR/secrets/$1
  [[ -e $file ]] || (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$file")
  cat "$file"
}

# lab_make_directory SERVER: DIR/SERVER, owned by the servers' user.
lab_make_directory() {
  mkdir -p -m 700 "$LAB_DIR/$1" && { ((EUID)) || chown "$(lab_server_user)" "$LAB_DIR/$1"; }
}

# lab_spawn SERVER COMMAND...: starts a server that outlives the caller's terminal and holds none
# of its descriptors (a pipe kept open would make the reader of our output wait for ever).
# It runs as the servers' user, or as lab_runner says.
lab_spawn() {
  local server=$1
  shift
  (
    cd "$LAB_DIR/$server" || exit 1
    exec </dev/null >>"$LAB_DIR/log/$server.log" 2>&1
    for descriptor in {3..31}; do eval "exec $descriptor>&-"; done
    "${lab_runner-lab_as_server}" LAB_SERVER="$LAB_DIR/$server" TMPDIR="$LAB_DIR/$server" \
      setsid "$@" &
    echo $! >"$LAB_DIR/run/$server.pid"
  )
}

# lab_watch PID: tears the lab down when that process is gone.
lab_watch() {
  mkdir "$LAB_DIR/watchdog"
  lab_runner=lab_as_caller lab_spawn watchdog "$lab_scripts/watchdog" "$1" "$LAB_DIR"
}

# lab_pids SERVER...: processes of these servers, without postgres. No SERVER: of the whole lab.
lab_pids() {
  local server patterns=() option=-x file
  for server; do patterns+=(-e "LAB_SERVER=$LAB_DIR/$server"); done
  (($#)) || { patterns=(-e "LAB_SERVER=$LAB_DIR/") option=-z; }
  for file in $(grep -slzF $option "${patterns[@]}" /proc/[0-9]*/environ); do
    file=${file#/proc/}
    # A postmaster sets no title for itself, and so keeps its environment.
    [[ $(readlink "/proc/${file%/environ}/exe") == */postgres* ]] || echo "${file%/environ}"
  done
}

# lab_postgres_pids [MEMBER]: postgres processes of one member, or of all; the postmaster first.
lab_postgres_pids() {
  local link pid first='' rest=() postmaster=''
  for link in $(find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' \
      -lname "$LAB_DIR/${1-*}/data*" 2>/dev/null); do
    pid=${link#/proc/} pid=${pid%/cwd}
    [[ $(readlink "/proc/$pid/exe") == */postgres* ]] || continue
    read -r postmaster 2>/dev/null <"$LAB_DIR/${1-*}/data/postmaster.pid"
    if [[ $pid == "$postmaster" ]]; then first=$pid; else rest+=("$pid"); fi
  done
  printf '%s\n' $first "${rest[@]}"
}

# The newest PostgreSQL of this machine.
lab_postgres_bin() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
  [[ -x $found ]] || lab_fail "no PostgreSQL server in /usr/lib/postgresql"
  echo "${found%/postgres}"
}

# lab_signal SIGNAL PID...: those that are gone already are no error.
lab_signal() {
  (($# < 2)) || kill -s "$1" "${@:2}" 2>/dev/null || true
}

# lab_kill LIST_COMMAND...: SIGKILL to all that LIST_COMMAND prints, until it prints nothing.
lab_kill() {
  local deadline=$((SECONDS + 15)) pids
  while pids=$("$@") && [[ $pids ]]; do
    lab_signal KILL $pids
    ((SECONDS < deadline)) || lab_fail "cannot end: $pids"
    sleep 0.05
  done
}

# lab_frozen PID...: whether all of them are stopped, or have ended meanwhile.
lab_frozen() {
  local pid state
  for pid; do
    state=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
    [[ $state == [TZX]* ]] || return 1
  done
}

# lab_freeze PIDS: SIGSTOP, and waits until they have stopped.
lab_freeze() {
  [[ $1 ]] || lab_fail "nothing to freeze"
  lab_signal STOP $1
  lab_wait 5 "freezing $1" lab_frozen $1
}

# lab_record_shared_memory: PostgreSQL's System V segments outlive a SIGKILL; notes key and id.
lab_record_shared_memory() {
  local file
  for file in "$LAB_DIR"/*/data/postmaster.pid; do
    sed -n 7p "$file" 2>/dev/null >>"$LAB_DIR/run/shared_memory"
  done
}

lab_remove_shared_memory() {
  local key id
  sort -u "$LAB_DIR/run/shared_memory" 2>/dev/null | while read -r key id; do
    awk -v key="$key" -v id="$id" '$1 == key && $2 == id && $7 == 0 { found = 1 }
      END { exit !found }' /proc/sysvipc/shm && ipcrm -m "$id"
  done
}

# lab_complain: the ends of all logs, for an `up` that failed.
lab_complain() { tail -n 15 "$LAB_DIR"/log/*.log >&2; }

# lab_down DIR: ends every process of the lab, frozen ones too, and removes DIR.
lab_down() {
  [[ -e $1/lab.env ]] || return 0
  LAB_DIR=$(readlink -f "$1")
  lab_record_shared_memory
  lab_kill lab_pids
  lab_kill lab_postgres_pids
  lab_remove_shared_memory
  rm -rf "$LAB_DIR"
}
