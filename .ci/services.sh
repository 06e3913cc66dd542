#!/usr/bin/env bash
# services.sh COMMAND...: runs the command beside a private PostgreSQL 15+ and a Redis on free loopback ports, and stops
# both by their own pid when it ends. Exports TEST_DATABASE_URL (owner role, may create databases), TEST_APP_ROLE_URL
# (application role), TEST_REDIS_URL, and puts psql and pgbench on the PATH. Nothing is kept. PG_SETTINGS replaces the server
# options, which are for tests: not durable.
source "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || die "usage: services.sh COMMAND..."

pg_bin() {
  local dir
  for dir in /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null || true)"; do
    [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && printf '%s\n' "$dir"
  done | sort -Vu | tail -1
}

PGBIN="$(pg_bin)"
[ -n "$PGBIN" ] || { apt_install postgresql postgresql-contrib && PGBIN="$(pg_bin)"; }
[ -n "$PGBIN" ] || die "no PostgreSQL server binaries (initdb, postgres)"
command -v redis-server >/dev/null || apt_install redis-server

# PostgreSQL refuses to run as root.
as_pg() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

DIR="$(mktemp -d /tmp/salus.XXXXXX)" # short: socket paths are limited to about 100 bytes
REDIS_PID=''
# Stops PostgreSQL wherever it was started, also when it was not ready in time.
stop_postgres() {
  local data="$DIR/pg/data" pid
  [ -s "$data/postmaster.pid" ] || return 0
  pid="$(head -n 1 "$data/postmaster.pid")"
  (cd / && as_pg "$PGBIN/pg_ctl" -D "$data" -m immediate -w -t 30 stop >/dev/null) || kill -KILL "$pid" || true
}

stop() {
  local code=$?
  trap - EXIT INT TERM
  end_child
  if [ -n "$REDIS_PID" ] && kill "$REDIS_PID" 2>/dev/null; then wait "$REDIS_PID" || true; fi
  stop_postgres
  rm -rf "$DIR"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

chmod 755 "$DIR"
mkdir -m 700 "$DIR/pg"
[ "$(id -u)" != 0 ] || chown postgres: "$DIR/pg"
PG_PORT="$(free_port)"
(
  cd / # the postgres user may not read the current folder
  as_pg "$PGBIN/initdb" -D "$DIR/pg/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  as_pg "$PGBIN/pg_ctl" -D "$DIR/pg/data" -w -t 60 -l "$DIR/pg/log" -o "-k $DIR/pg -p $PG_PORT -c listen_addresses=127.0.0.1 \
    -c max_connections=300 ${PG_SETTINGS--c fsync=off -c full_page_writes=off -c synchronous_commit=off}" start >/dev/null ||
    { as_pg cat "$DIR/pg/log" >&2; exit 1; }
)
"$PGBIN/psql" -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres -d postgres <<'SQL'
CREATE ROLE salus_owner LOGIN CREATEDB CREATEROLE NOSUPERUSER;
CREATE ROLE salus_app LOGIN NOINHERIT NOBYPASSRLS;
CREATE DATABASE salus OWNER salus_owner;
SQL

REDIS_PORT="$(free_port)"
redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no --dir "$DIR" --logfile "$DIR/redis.log" &
REDIS_PID=$!
wait_for 20 redis-cli -p "$REDIS_PORT" ping || { cat "$DIR/redis.log" >&2; die "Redis does not answer"; }

export PATH="$PGBIN:$PATH"
export TEST_DATABASE_URL="postgres://salus_owner@127.0.0.1:$PG_PORT/salus"
export TEST_APP_ROLE_URL="postgres://salus_app@127.0.0.1:$PG_PORT/salus"
export TEST_REDIS_URL="redis://127.0.0.1:$REDIS_PORT"
printf 'TEST_DATABASE_URL=%s\nTEST_REDIS_URL=%s\n' "$TEST_DATABASE_URL" "$TEST_REDIS_URL" >&2

run_beside "$@"
