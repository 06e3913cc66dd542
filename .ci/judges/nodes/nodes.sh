#!/usr/bin/env bash
# nodes.sh: two servers, as processes of their own, on one PostgreSQL and one Redis. Needs the variables of services.sh.
source "$(dirname "$0")/../../lib.sh"
: "${TEST_DATABASE_URL:?run me under services.sh}" "${TEST_APP_ROLE_URL:?run me under services.sh}"
DATABASE="salus_nodes_$$"
DIR="$(mktemp -d /tmp/salus-nodes.XXXXXX)"
stop() {
  local code=$?
  trap - EXIT
  psql -q "$TEST_DATABASE_URL" -c "DROP DATABASE IF EXISTS $DATABASE WITH (FORCE)" || true
  rm -rf "$DIR"
  exit "$code"
}
trap stop EXIT
# What runs in the foreground is waited for first: it stops what it started.
trap 'exit 130' INT
trap 'exit 143' TERM
psql -q -v ON_ERROR_STOP=1 "$TEST_DATABASE_URL" -c "CREATE DATABASE $DATABASE"
SALUS_BIN="${SALUS_BIN:-$ROOT/target/debug/salus}" DIR="$DIR" OWNER_URL="${TEST_DATABASE_URL%/*}/$DATABASE" \
  ROLE_URL="${TEST_APP_ROLE_URL%/*}/$DATABASE" python3 "$ROOT/.ci/judges/nodes/nodes.py"
