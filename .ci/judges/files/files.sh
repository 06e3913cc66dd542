#!/usr/bin/env bash
# files.sh sqlite|postgres: a server whose files lie in a bucket (moto, on loopback): an upload lands there, comes back byte for
# byte, is imported, and no other company's path leads to it; without the bucket an upload is a clear problem.
source "$(dirname "$0")/../../lib.sh"
HERE="$ROOT/.ci/judges/files"
PORT="$(free_port)"
"$JUDGES/py/bin/moto_server" -H 127.0.0.1 -p "$PORT" >"$JUDGES/moto.log" 2>&1 &
MOTO=$!
trap 'kill "$MOTO" 2>/dev/null || true; wait "$MOTO" 2>/dev/null || true' EXIT
wait_for 30 curl -fsS "http://127.0.0.1:$PORT/moto-api/" || die "moto does not answer: $(tail -5 "$JUDGES/moto.log")"
export MOTO_URL="http://127.0.0.1:$PORT" MOTO_PID="$MOTO"
export SERVE_MORE="FILES_URL=s3://key:sec%2Fret@salus-files/judge?endpoint=$MOTO_URL&region=sa-east-1"
"$ROOT/.ci/serve.sh" "$1" "$JUDGES/py/bin/python" "$HERE/judge.py"
