#!/usr/bin/env bash
# Proves that the query ban bites: clippy with the project's .clippy.toml accepts the fixture crate, and refuses each
# banned way into sea-orm as soon as the fixture takes it.
source "$(dirname "$0")/lib.sh"
step "query ban"
WORK="$ROOT/target/query-ban"
mkdir -p "$WORK"
cp -r "$ROOT/.ci/query-ban/." "$WORK/"
cp "$ROOT/Cargo.lock" "$WORK/Cargo.lock" # the versions of the workspace
export CLIPPY_CONF_DIR="$ROOT" CARGO_TARGET_DIR="$WORK/target"
clippy() { cargo clippy --quiet --manifest-path "$WORK/Cargo.toml" "$@"; }

clippy || die "clippy refuses the fixture that breaks no rule"
if clippy --features breach 2>"$WORK/refusal"; then
  die "clippy let banned queries pass"
fi

banned=$(sed -n 's/.*path = "\(sea_orm::[A-Za-z_:]*\)".*/\1/p' "$ROOT/.clippy.toml")
[ -n "$banned" ] || die ".clippy.toml bans nothing of sea_orm"
for path in $banned; do
  grep -qF "use of a disallowed method \`$path\`" "$WORK/refusal" || {
    cat "$WORK/refusal" >&2
    die "$path is banned but clippy did not refuse it"
  }
done
printf 'clippy refuses all %s banned paths\n' "$(wc -w <<<"$banned")"
