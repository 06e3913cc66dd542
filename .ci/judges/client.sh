#!/usr/bin/env bash
# client.sh write|check: makes the TypeScript types from openapi/salus.v1.json. `write` puts them into openapi/client;
# `check` fails when the checked-in types differ, then type-checks the client and runs its tests.
# Works on a copy in target/judges/openapi, which the example is later run from.
source "$(dirname "$0")/../lib.sh"
COPY="$JUDGES/openapi"
CLIENT="$ROOT/openapi/client"
[ -f "$ROOT/openapi/salus.v1.json" ] || die "openapi/salus.v1.json is missing: just openapi"

mkdir -p "$COPY/client"
cp "$ROOT/openapi/salus.v1.json" "$COPY/"
(cd "$COPY/client" && find . -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +)
(cd "$CLIENT" && tar -c --exclude=./node_modules --exclude=./dist .) | tar -x -C "$COPY/client"
cd "$COPY/client" || exit
cmp -s package-lock.json node_modules/.stamp || {
  step "install the client's packages"
  retry npm ci --ignore-scripts --no-progress --loglevel=error
  cp package-lock.json node_modules/.stamp
}
rm -f src/schema.d.ts
npm run --silent generate >&2

case "${1:-}" in
  write)
    cp src/schema.d.ts "$CLIENT/src/schema.d.ts"
    ;;
  check)
    step "client: generated types, tsc --strict, tests"
    npm run --silent build
    npm test --silent
    diff -u "$CLIENT/src/schema.d.ts" src/schema.d.ts || die "openapi/client/src/schema.d.ts is stale: just openapi"
    ;;
  *) die "usage: client.sh write|check" ;;
esac
