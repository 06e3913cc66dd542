#!/usr/bin/env bash
# serve.sh sqlite|postgres COMMAND...: starts target/debug/salus on a free loopback port with an empty database and the
# demo company, waits until it is ready, runs the command with SALUS_URL, SALUS_PAGE_ORIGIN (listed in CORS_ORIGINS, for a
# page that calls), SALUS_DATABASE (the kind), SALUS_DATABASE_URL (for checks by SQL) and SALUS_PID set, and stops the server
# by its pid.
# `postgres` needs the variables of services.sh. SALUS_BIN names another binary, SERVE_MORE adds settings, one a line.
source "$(dirname "$0")/lib.sh"
[ $# -gt 1 ] || die "usage: serve.sh sqlite|postgres COMMAND..."
KIND="$1"
shift
BIN="${SALUS_BIN:-$ROOT/target/debug/salus}"
[ -x "$BIN" ] || die "$BIN is missing: cargo build --workspace"

DIR="$(mktemp -d /tmp/salus-live.XXXXXX)"
SERVER='' DATABASE=''
admin_psql() { psql -q -v ON_ERROR_STOP=1 "$TEST_DATABASE_URL" "$@"; }
ended() { ! kill -0 "$SERVER" 2>/dev/null; }
stop() {
  local code=$?
  trap - EXIT INT TERM
  end_child
  if [ -n "$SERVER" ] && kill "$SERVER" 2>/dev/null; then
    wait_for 60 ended || { printf 'the server did not end within 60 s of SIGTERM\n' >&2; kill -KILL "$SERVER" || true; }
    wait "$SERVER" || { printf 'the server ended with %s on SIGTERM instead of draining and exiting 0\n' "$?" >&2; code=1; }
  fi
  [ "$code" = 0 ] || { printf '\n-- last lines of the server log\n' && tail -n 40 "$DIR/log"; } >&2
  [ -z "$DATABASE" ] || admin_psql -c "DROP DATABASE IF EXISTS $DATABASE WITH (FORCE)" || true
  rm -rf "$DIR"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

PORT="$(free_port)"
SALUS_URL="http://127.0.0.1:$PORT"
SALUS_PAGE_ORIGIN="http://127.0.0.1:$(free_port)"
# A clean environment and a folder of its own: neither the caller's variables nor a .env decide what is judged.
settings=(PATH="$PATH" HOME="$DIR" BIND_ADDR="127.0.0.1:$PORT" PUBLIC_URL="$SALUS_URL" SALUS_ENV=development
  CORS_ORIGINS="$SALUS_PAGE_ORIGIN"
  RATE_LIMITS=off DEMO=auto RUST_LOG="${RUST_LOG:-info}")
[ -z "${SERVE_MORE:-}" ] || { mapfile -t more <<<"$SERVE_MORE" && settings+=("${more[@]}"); }
case "$KIND" in
  sqlite)
    SALUS_DATABASE_URL="sqlite://$DIR/salus.db"
    settings+=(DATABASE_URL="$SALUS_DATABASE_URL")
    ;;
  postgres)
    : "${TEST_DATABASE_URL:?run me under services.sh}" "${TEST_APP_ROLE_URL:?run me under services.sh}"
    DATABASE="salus_live_$$"
    admin_psql -c "CREATE DATABASE $DATABASE"
    SALUS_DATABASE_URL="${TEST_DATABASE_URL%/*}/$DATABASE"
    settings+=(MIGRATION_DATABASE_URL="$SALUS_DATABASE_URL" DATABASE_URL="${TEST_APP_ROLE_URL%/*}/$DATABASE")
    ;;
  *) die "unknown database kind $KIND" ;;
esac

(cd "$DIR" && exec env -i "${settings[@]}" "$BIN" serve) >"$DIR/log" 2>&1 </dev/null &
SERVER=$!
alive() { kill -0 "$SERVER" 2>/dev/null; }
ready() {
  alive || return 0 # nothing to wait for
  python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)' "$SALUS_URL/health/ready"
}
wait_for 180 ready || die "no 200 from $SALUS_URL/health/ready"
alive || die "the server ended before it was ready"

export SALUS_URL SALUS_PAGE_ORIGIN SALUS_DATABASE_URL SALUS_DATABASE="$KIND" SALUS_PID="$SERVER"
run_beside "$@"
alive || die "the server died while it was judged"
