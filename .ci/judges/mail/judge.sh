#!/usr/bin/env bash
# judge.sh: what mail.sh has judged beside the live server and the sink.
source "$(dirname "$0")/../../lib.sh"
HERE="$ROOT/.ci/judges/mail"
: "${SALUS_URL:?run me by mail.sh}" "${MAILS:?run me by mail.sh}"
python3 "$HERE/judge.py"
JUDGES_NODE="$JUDGES/node" node "$HERE/pages.mjs" "$MAILS/links.json" "$ROOT/target"
