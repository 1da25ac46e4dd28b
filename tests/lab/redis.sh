# Configuration and users of the lab's Redis nodes and Sentinels; bash, sourced by the script redis.

redis_nodes="r1 r2 r3"
redis_sentinels="s1 s2 s3"

# With LAB_MACHINES each node shares a machine of its own with the Sentinel of its number.
host_of() { if [[ ${LAB_MACHINES-} ]]; then machine_address "${1:1}"; else echo 127.0.0.1; fi; }
port_of() { local name=LAB_${1^^}_PORT; echo "${!name}"; }

# What redis-cli needs to be let in; nothing where there is no TLS.
tls_of_client() {
  [[ ! ${LAB_TLS-} ]] || echo --tls --cacert "$LAB_TLS_CA_FILE" --cert "$LAB_TLS_CERT_FILE" \
    --key "$LAB_TLS_KEY_FILE"
}

# certificate NAME OPENSSL_OPTION...: DIR/tls/NAME.pem and its key, for two days.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$LAB_DIR/tls/$1.key" -out "$LAB_DIR/tls/$1.pem" "${@:2}" 2>>"$LAB_DIR/log/tls.log" ||
    lab_fail "openssl makes no certificate: $(tail -n 1 "$LAB_DIR/log/tls.log")"
}

# A CA, the servers' certificate, which they show each other, too, and one of a client.
make_certificates() {
  local files=$LAB_DIR/tls
  local signed=(-CA "$files/ca.pem" -CAkey "$files/ca.key")
  mkdir -m 755 "$files"
  certificate ca
  certificate server "${signed[@]}" -addext \
    "subjectAltName=IP:$(host_of r1),IP:$(host_of r2),IP:$(host_of r3)"
  certificate client "${signed[@]}" -addext subjectAltName=DNS:client
  ((EUID)) || chown "$(lab_server_user)" "$files/server.key"
  lab_set LAB_TLS_CA_FILE="$files/ca.pem" LAB_TLS_CERT_FILE="$files/client.pem" \
    LAB_TLS_KEY_FILE="$files/client.key"
}

# Everything that lab.env says; the passwords of nodes and Sentinels differ.
publish() {
  local secret
  for secret in redis_{admin,exporter,app,sentinel,replica} sentinel_{admin,exporter,app,peer}; do
    lab_secret "$secret" >/dev/null
  done
  local node=$LAB_DIR/secrets/redis sentinel=$LAB_DIR/secrets/sentinel
  lab_set LAB_HOST1="$(host_of r1)" LAB_HOST2="$(host_of r2)" LAB_HOST3="$(host_of r3)" \
    LAB_MACHINES="${LAB_MACHINES-}" LAB_TLS="${LAB_TLS-}" \
    LAB_DOWN_AFTER_MS="${LAB_DOWN_AFTER_MS-1500}" \
    LAB_FAILOVER_TIMEOUT_MS="${LAB_FAILOVER_TIMEOUT_MS-6000}" LAB_MASTER_NAME=mymaster \
    LAB_EXPORTER_USER=exporter LAB_APP_USER=app LAB_ADMIN_USER=admin \
    LAB_REDIS_EXPORTER_PASSWORD_FILE="${node}_exporter" \
    LAB_REDIS_APP_PASSWORD_FILE="${node}_app" LAB_REDIS_ADMIN_PASSWORD_FILE="${node}_admin" \
    LAB_SENTINEL_EXPORTER_PASSWORD_FILE="${sentinel}_exporter" \
    LAB_SENTINEL_APP_PASSWORD_FILE="${sentinel}_app" \
    LAB_SENTINEL_ADMIN_PASSWORD_FILE="${sentinel}_admin"
}

# What the exporter needs, and no more: these two lines are what the tests run with. PSUBSCRIBE
# takes the patterns of the ACL literally, so +* and -* and not one * for both.
exporter_of_nodes="-@all +info"
exporter_of_sentinels="-@all +ping +info +sentinel|masters +sentinel|replicas +sentinel|sentinels \
+sentinel|ckquorum +sentinel|get-master-addr-by-name +psubscribe resetchannels &+* &-*"

# user NAME SECRET RULE...: nobody else enters, and nobody without a password.
user() { echo "user $1 reset on >$(lab_secret "$2") ${*:3}"; }

node_users() {
  echo "user default reset"
  user admin redis_admin "~* &* +@all"
  user exporter redis_exporter "$exporter_of_nodes"
  user app redis_app "~* resetchannels -@all +@read +@write +@connection -@dangerous +role +wait"
  user sentinel redis_sentinel "allchannels -@all +multi +slaveof +ping +exec +subscribe" \
    "+config|rewrite +role +publish +info +client|setname +client|kill +script|kill"
  user replica redis_replica "-@all +psync +replconf +ping"
}

sentinel_users() {
  echo "user default reset"
  user admin sentinel_admin "~* &* +@all"
  user exporter sentinel_exporter "$exporter_of_sentinels"
  user app sentinel_app "resetchannels &+switch-master -@all +ping +subscribe" \
    "+sentinel|get-master-addr-by-name +sentinel|replicas +sentinel|sentinels"
  user peer sentinel_peer "allchannels -@all +ping +publish +client|setname" \
    "+sentinel|is-master-down-by-addr"
}

# Where there is TLS nobody is let in without it, or without a certificate.
listening() {
  if [[ ! ${LAB_TLS-} ]]; then
    echo "port $1"
  else
    cat <<END
port 0
tls-port $1
tls-ca-cert-file $LAB_TLS_CA_FILE
tls-cert-file $LAB_DIR/tls/server.pem
tls-key-file $LAB_DIR/tls/server.key
tls-auth-clients yes
tls-replication yes
END
  fi
}

# A title of its own would overwrite the environment, by which the lab finds its processes.
server_settings() {
  echo "bind $(host_of "$1")"
  listening "$(port_of "$1")"
  echo "dir $LAB_DIR/$1"
  echo "daemonize no"
  echo "logfile \"\""
  echo "set-proc-title no"
}

configure_node() {
  server_settings "$1"
  node_users
  echo "masteruser replica"
  echo "masterauth $(lab_secret redis_replica)"
  [[ $1 == r1 ]] || echo "replicaof $(host_of r1) $(port_of r1)"
  cat <<END
appendonly yes
appendfsync everysec
save ""
repl-diskless-sync-delay 0
enable-debug-command local
END
}

configure_sentinel() {
  server_settings "$1"
  sentinel_users
  cat <<END
sentinel sentinel-user peer
sentinel sentinel-pass $(lab_secret sentinel_peer)
sentinel monitor mymaster $(host_of r1) $(port_of r1) 2
sentinel auth-user mymaster sentinel
sentinel auth-pass mymaster $(lab_secret redis_sentinel)
sentinel down-after-milliseconds mymaster $LAB_DOWN_AFTER_MS
sentinel failover-timeout mymaster $LAB_FAILOVER_TIMEOUT_MS
sentinel parallel-syncs mymaster 1
END
}
