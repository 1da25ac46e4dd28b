# Configuration and roles of the lab's Patroni members; bash, sourced by the script patroni.

patroni_members="pg1 pg2 pgc1"

scope_of() { [[ $1 == pgc* ]] && echo "$LAB_CLOUD_SCOPE" || echo "$LAB_SCOPE"; }
url_of() { local name=LAB_${1^^}_PATRONI_URL; echo "${!name}"; }
port_of() { local name=LAB_${1^^}_PORT; echo "${!name}"; }

# What the scopes do not share. The cloud site streams through HAProxy's port for the primary: that
# port follows the leader and closes sessions to a dead or frozen one, a list of hosts would not.
scope_settings() {
  if [[ $1 == pgc* ]]; then
    echo "    standby_cluster: {host: 127.0.0.1, port: $LAB_HAPROXY_RW_PORT,"
    echo "      primary_slot_name: pgc1, create_replica_methods: [basebackup]}"
  else
    echo "    slots: {pgc1: {type: physical}}"
  fi
}

# configure MEMBER: prints its patroni.yml. fsync off loses nothing when processes are killed: the
# kernel keeps what was written. mmap: no segment in /dev/shm survives a SIGKILL.
configure() {
  local rest=LAB_${1^^}_PATRONI_PORT
  cat <<END
scope: $(scope_of "$1")
name: $1
restapi: {listen: "127.0.0.1:${!rest}", connect_address: "127.0.0.1:${!rest}"}
etcd3: {hosts: "${LAB_ETCD_URLS//http:\/\//}"}
watchdog: {mode: "off"}
bootstrap:
  dcs:
    ttl: $LAB_TTL
    loop_wait: $LAB_LOOP_WAIT
    retry_timeout: $LAB_RETRY_TIMEOUT
    maximum_lag_on_failover: 1048576
$(scope_settings "$1")
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {max_connections: 100, wal_keep_size: 128MB, wal_log_hints: "on"}
  initdb: [data-checksums, no-sync, {encoding: UTF8}, {locale: C.UTF-8}, {auth: scram-sha-256}]
postgresql:
  listen: 127.0.0.1:$(port_of "$1")
  connect_address: 127.0.0.1:$(port_of "$1")
  data_dir: $LAB_DIR/$1/data
  bin_dir: $(lab_postgres_bin)
  pgpass: $LAB_DIR/$1/pgpass
  authentication:
    superuser: {username: $LAB_SUPERUSER, password: $(lab_secret superuser)}
    replication: {username: $LAB_REPLICATION_USER, password: $(lab_secret replication)}
  basebackup: [no-sync, {checkpoint: fast}]
  pg_hba:
    - host all $LAB_APP_USER 127.0.0.1/32 md5
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication $LAB_REPLICATION_USER 127.0.0.1/32 scram-sha-256
  parameters:
    unix_socket_directories: ""
    dynamic_shared_memory_type: mmap
    shared_buffers: 32MB
    fsync: "off"
    archive_mode: "on"
    archive_command: "true"
    wal_retrieve_retry_interval: 1s
    logging_collector: "on"
    log_directory: $LAB_DIR/log
    log_filename: $1-postgres.log
    log_connections: "on"
    log_line_prefix: "%m [%p] %u@%d %a "
END
}

# Roles and the application's table: the exporter's rights are those that the manual asks for, and
# the bare role has none. The application's password is kept as md5: a drill logs in 50 times a second,
# which with SCRAM takes most of a core.
create_roles() {
  cat <<END
CREATE ROLE $LAB_EXPORTER_USER LOGIN INHERIT CONNECTION LIMIT 8 PASSWORD '$(lab_secret exporter)';
GRANT pg_monitor TO $LAB_EXPORTER_USER;
CREATE ROLE $LAB_BARE_USER LOGIN PASSWORD '$(lab_secret bare)';
SET password_encryption = md5;
CREATE ROLE $LAB_APP_USER LOGIN PASSWORD '$(lab_secret app)';
CREATE DATABASE $LAB_APP_DATABASE;
\\c $LAB_APP_DATABASE
CREATE SCHEMA app;
CREATE TABLE app.rows(n bigint, at timestamptz);
GRANT USAGE ON SCHEMA app TO $LAB_APP_USER;
GRANT SELECT, INSERT ON app.rows TO $LAB_APP_USER;
END
}

# Everything in lab.env that tests need to reach the members.
publish() {
  local member upper rest user users=(superuser replication exporter bare app)
  lab_set LAB_SCOPE=sentinel LAB_CLOUD_SCOPE=sentinel-cloud LAB_MEMBERS=pg1,pg2 \
    LAB_CLOUD_MEMBERS=pgc1 "LAB_TTL=${LAB_TTL-30}" "LAB_LOOP_WAIT=${LAB_LOOP_WAIT-10}" \
    "LAB_RETRY_TIMEOUT=${LAB_RETRY_TIMEOUT-10}" \
    LAB_SUPERUSER=postgres LAB_REPLICATION_USER=replicator LAB_EXPORTER_USER=sentinel_exporter \
    LAB_BARE_USER=sentinel_bare LAB_APP_USER=app LAB_APP_DATABASE=app
  for member in $patroni_members; do
    upper=${member^^} rest=LAB_${member^^}_PATRONI_PORT
    lab_set "LAB_${upper}_PATRONI_URL=http://127.0.0.1:${!rest}"
  done
  for user in "${users[@]}"; do
    lab_secret "$user" >/dev/null
    lab_set "LAB_${user^^}_PASSWORD_FILE=$LAB_DIR/secrets/$user"
  done
  lab_set "LAB_PGPASSFILE=$LAB_DIR/secrets/pgpass"
  for user in LAB_SUPERUSER LAB_{REPLICATION,EXPORTER,BARE,APP}_USER; do
    member=${user#LAB_} member=${member%_USER}
    echo "*:*:*:${!user}:$(lab_secret "${member,,}")"
  done | (umask 077 && cat >"$LAB_PGPASSFILE")
}
