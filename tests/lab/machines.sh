# Machines of a lab, to cut one off from the others; bash, to be sourced after lib.sh.
#
# Each is a network namespace with one port of a switch: machine N has 10.88.0.1N. 0 is where the lab
# is looked at from. A namespace lasts as long as the process of the lab that holds it, so nothing is
# left behind; two labs never meet. Needs root.

machines="0 1 2 3"

machine_address() { echo "10.88.0.1$1"; }
machine_network() { echo "/proc/$(lab_pids "machine$1")/ns/net"; }
on_machine() { nsenter --net="$(machine_network "$1")" "${@:2}"; }

machine_is_there() {
  local network
  network=$(readlink "$(machine_network "$1")") && [[ $network != $(readlink /proc/self/ns/net) ]]
}

machine_up() {
  lab_make_directory "machine$1"
  lab_runner=lab_as_caller lab_spawn "machine$1" unshare --net sleep infinity
  lab_wait 5 "machine $1" machine_is_there "$1" || return 1
  lab_set "LAB_MACHINE${1^^}=$(machine_network "$1")"
}

machines_up() {
  local n
  ((EUID == 0)) || lab_fail "network namespaces need root"
  machine_up switch || return 1
  on_machine switch ip link add switch type bridge
  on_machine switch ip link set switch up
  for n in $machines; do
    machine_up "$n" || return 1
    on_machine switch ip link add "port$n" type veth peer name cable netns "$(lab_pids "machine$n")"
    machine_heal "$n"
    on_machine switch ip link set "port$n" up
    on_machine "$n" ip link set lo up
    on_machine "$n" ip address add "$(machine_address "$n")/24" dev cable
    on_machine "$n" ip link set cable up
  done
}

# machine_cut N, machine_heal N: what comes and goes is lost, and nobody sees a link go down.
machine_cut() { on_machine switch ip link set "port$1" nomaster; }
machine_heal() { on_machine switch ip link set "port$1" master switch; }
