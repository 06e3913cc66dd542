#!/usr/bin/env bash
# live.sh: all judges of a live server at SALUS_URL: the client's example, Swagger UI and cookies (on SQLite),
# schemathesis.
source "$(dirname "$0")/../lib.sh"
HERE="$ROOT/.ci/judges"
: "${SALUS_URL:?run me under serve.sh}" "${SALUS_DATABASE:?run me under serve.sh}"

code=0

step "example of the TypeScript client on $SALUS_DATABASE"
node "$JUDGES/openapi/client/dist/examples/receptionist.js" || code=1

if [ "$SALUS_DATABASE" = sqlite ]; then
  step "Swagger UI in Chromium"
  JUDGES_NODE="$JUDGES/node" node "$HERE/swagger.mjs" "$ROOT/target" || code=1
  step "a session in cookies in Chromium"
  JUDGES_NODE="$JUDGES/node" node "$HERE/cookies.mjs" || code=1
fi

"$HERE/schemathesis.sh" || code=1
exit "$code"
