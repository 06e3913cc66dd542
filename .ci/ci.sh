#!/usr/bin/env bash
# ci.sh: every judge of `just ci`, under services.sh. Goes on after a failure, so that one run tells everything, and
# ends with a table of what passed, what failed and how long it took.
source "$(dirname "$0")/lib.sh"
: "${TEST_DATABASE_URL:?run me under services.sh: just ci}" "${TEST_REDIS_URL:?run me under services.sh: just ci}"
cd "$ROOT"
HERE=.ci/judges
summary=() failed=0

# judge NAME COMMAND...
judge() {
  local name="$1" begun=$SECONDS verdict=ok
  shift
  step "$name"
  "$@" || { verdict=FAILED failed=$((failed + 1)); }
  summary+=("$(printf '%-6s %4d s  %s' "$verdict" $((SECONDS - begun)) "$name")")
}

"$HERE/install.sh" python node chromium deny
judge "formatting" cargo fmt --all --check
judge "clippy" cargo clippy --workspace --all-targets --locked -- -D warnings
judge "query ban" .ci/query-ban.sh
judge "cargo deny" cargo-deny --locked check -A unused-wrapper bans licenses sources
judge "tests on SQLite and PostgreSQL" cargo test --workspace --features tests/postgres --locked
judge "build" cargo build --workspace --locked
judge "openapi lint" "$HERE/lint.sh"
judge "openapi breaking changes" "$HERE/breaking.sh"
judge "typescript client" "$HERE/client.sh" check
judge "OpenID Connect on SQLite" "$HERE/oidc/oidc.sh" sqlite
judge "OpenID Connect on PostgreSQL" "$HERE/oidc/oidc.sh" postgres
judge "live server on SQLite" .ci/serve.sh sqlite "$HERE/live.sh"
judge "two nodes on one PostgreSQL and Redis" "$HERE/nodes/nodes.sh"
judge "mails and the pages behind their links" "$HERE/mail/mail.sh"
judge "files in a bucket" "$HERE/files/files.sh" sqlite
judge "live server on PostgreSQL" .ci/serve.sh postgres "$HERE/live.sh"

step "summary"
printf '%s\n' "${summary[@]}"
[ "$failed" = 0 ] || die "$failed of ${#summary[@]} judges failed"
