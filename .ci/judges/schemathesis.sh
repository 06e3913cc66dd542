#!/usr/bin/env bash
# schemathesis.sh [long]: judges the live server at SALUS_URL by its own OpenAPI document. Without `long` the run is
# bounded and the same each time; `long` takes a random seed (or FUZZ_SEED) and FUZZ_EXAMPLES (1000) per operation. A bounded
# run that takes longer than FUZZ_SECONDS (1200) is ended and has failed.
source "$(dirname "$0")/../lib.sh"
: "${SALUS_URL:?run me under serve.sh}"
export FUZZ_PASSWORD='Salus-demo-2026'
# What can end the caller's session, or keep the caller from signing in again: each comes by itself, with a company and an
# account of its own, so that all else is judged by somebody who is signed in.
ENDS_SESSION=(
  /api/v1/auth/sign-out /api/v1/auth/switch-company '/api/v1/auth/sessions/{session_id}'
  /api/v1/auth/password/change /api/v1/auth/password/reset /api/v1/auth/totp /api/v1/auth/totp/confirm
  '/api/v1/users/{user_id}' '/api/v1/users/{user_id}/deactivate' /api/v1/settings
  /api/v1/companies # a further company has to be named at the next sign-in
)

if [ "${1:-}" = long ]; then
  seed="${FUZZ_SEED:-$RANDOM$RANDOM}"
  options=(--max-examples "${FUZZ_EXAMPLES:-1000}")
  is_long=1
else
  seed=20260101
  options=(--max-examples "${FUZZ_EXAMPLES:-15}" --generation-deterministic)
  is_long=''
fi

WORK="$JUDGES/schemathesis" # it leaves its notes where it runs
[ "${1:-}" = long ] || rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK" || exit

# run SECONDS OPTION...
run() {
  local seconds="$1" result=0 bound=()
  shift
  [ -n "$is_long" ] || bound=(timeout --kill-after=10 "$seconds")
  "${bound[@]}" schemathesis --config-file "$ROOT/.ci/schemathesis.toml" --no-color run "$SALUS_URL/openapi.json" \
    --origin "$SALUS_URL" --seed "$seed" "${options[@]}" "$@" || result=$?
  [ "$result" != 124 ] || printf 'schemathesis took longer than %s s\n' "$seconds" >&2
  return "$result"
}

# ask STATUS METHOD PATH [BODY [TOKEN]]: prints the answer; fails on another status. The wrong passwords that were tried make
# this network wait (I2): so does it.
ask() {
  python3 - "$SALUS_URL" "$@" <<'PYTHON'
import sys, time, urllib.error, urllib.request
base, status, method, path, body, token = (sys.argv[1:] + ["", ""])[:6]
headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
request = urllib.request.Request(base + path, body.encode() or None, headers, method=method)
for left in reversed(range(10)):
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as refused:
        answer = refused
    if answer.status != 429 or not left:
        break
    time.sleep(min(60, int(answer.headers["Retry-After"])))
text = answer.read().decode()
if answer.status != int(status):
    sys.exit(f"{method} {path}: {answer.status} instead of {status}: {text}")
print(text)
PYTHON
}
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
sign_in() { ask 200 POST /api/v1/auth/sign-in "{\"email\": \"$1\", \"password\": \"$FUZZ_PASSWORD\"}"; }

# A session that was there before must still be there after, and the password must still be the same: else nothing was
# judged but 401.
signed_in_still() {
  local refresh access
  refresh="$(printf '%s' "$1" | member refresh_token)"
  access="$(ask 200 POST /api/v1/auth/refresh "{\"refresh_token\": \"$refresh\"}" | member access_token)" &&
    ask 200 GET /api/v1/auth/me '' "$access" >/dev/null && sign_in "$FUZZ_EMAIL" >/dev/null
}

apart=()
for path in "${ENDS_SESSION[@]}"; do
  apart+=(--exclude-path "$path")
done

step "schemathesis, seed $seed, on ${SALUS_DATABASE:-?}"
code=0
export FUZZ_EMAIL=admin@aurora.example
before="$(sign_in "$FUZZ_EMAIL")"
run "${FUZZ_SECONDS:-1200}" "${apart[@]}" || code=$?
signed_in_still "$before" || { printf '%s was signed out, or cannot sign in again, while the rest was judged: ENDS_SESSION lacks a path\n' "$FUZZ_EMAIL" >&2; code=1; }

number=0
for path in "${ENDS_SESSION[@]}"; do
  step "schemathesis, what can end a session: $path"
  number=$((number + 1))
  export FUZZ_EMAIL="ends$number@judges.example"
  ask 201 POST /api/v1/auth/sign-up "{\"company_name\": \"Ends $number\", \"name\": \"Ends\", \"email\": \"$FUZZ_EMAIL\", \"password\": \"$FUZZ_PASSWORD\"}" >/dev/null
  sign_in "$FUZZ_EMAIL" >/dev/null # waits until it may
  run "${FUZZ_SECONDS:-180}" --phases examples,coverage,fuzzing --include-path "$path" || code=$?
done
exit "$code"
