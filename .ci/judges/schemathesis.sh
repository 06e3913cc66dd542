#!/usr/bin/env bash
# schemathesis.sh [long]: judges the live server at SALUS_URL by its own OpenAPI document. Without `long` the run is
# bounded and the same each time; `long` takes a random seed (or FUZZ_SEED) and FUZZ_EXAMPLES (1000) per operation.
source "$(dirname "$0")/../lib.sh"
: "${SALUS_URL:?run me under serve.sh}"
export FUZZ_PASSWORD='Salus-demo-2026'
# What ends the caller's session comes last, on an account of its own.
ENDS_SESSION=(/api/v1/auth/sign-out)

if [ "${1:-}" = long ]; then
  seed="${FUZZ_SEED:-$RANDOM$RANDOM}"
  options=(--max-examples "${FUZZ_EXAMPLES:-1000}")
else
  seed=20260101
  options=(--max-examples "${FUZZ_EXAMPLES:-15}" --generation-deterministic)
fi

WORK="$JUDGES/schemathesis" # it leaves its notes where it runs
[ "${1:-}" = long ] || rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK" || exit

judge() {
  schemathesis --config-file "$ROOT/.ci/schemathesis.toml" --no-color run "$SALUS_URL/openapi.json" \
    --origin "$SALUS_URL" --seed "$seed" "${options[@]}" "$@"
}
apart=() alone=()
for path in "${ENDS_SESSION[@]}"; do
  apart+=(--exclude-path "$path")
  alone+=(--include-path "$path")
done

step "schemathesis, seed $seed, on ${SALUS_DATABASE:-?}"
code=0
FUZZ_EMAIL=admin@aurora.example judge "${apart[@]}" || code=$?
step "schemathesis, what ends a session"
FUZZ_EMAIL=receptionist@aurora.example judge --phases examples,coverage,fuzzing "${alone[@]}" || code=$?
exit "$code"
