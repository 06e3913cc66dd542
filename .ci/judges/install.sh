#!/usr/bin/env bash
# install.sh python|node|chromium...: puts the pinned tools into target/judges; does nothing where they are already.
source "$(dirname "$0")/../lib.sh"
HERE="$ROOT/.ci/judges"
mkdir -p "$JUDGES"
DENY=0.20.2

# fresh STAMP FILE...: whether the stamp was made from these very files.
sum() { sha256sum "$@" | sha256sum; }
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$(sum "${@:2}")" ]; }

python() {
  fresh "$JUDGES/py.stamp" "$HERE/requirements.txt" && return
  step "install just, schemathesis, aiosmtpd, moto"
  rm -rf "$JUDGES/py"
  python3 -m venv "$JUDGES/py" || { rm -rf "$JUDGES/py" && apt_install python3-venv && python3 -m venv "$JUDGES/py"; }
  retry "$JUDGES/py/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$HERE/requirements.txt"
  sum "$HERE/requirements.txt" >"$JUDGES/py.stamp"
}

node() {
  fresh "$JUDGES/node.stamp" "$HERE/package-lock.json" && return
  step "install oidc-provider, playwright-core, redocly, spectral"
  mkdir -p "$JUDGES/node"
  cp "$HERE"/{package.json,package-lock.json,.npmrc} "$JUDGES/node/"
  (cd "$JUDGES/node" && retry npm ci --ignore-scripts --no-progress --loglevel=error)
  sum "$HERE/package-lock.json" >"$JUDGES/node.stamp"
}

chromium() {
  command -v chromium >/dev/null || apt_install chromium
}

deny() {
  [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $DENY" ] && return
  step "build cargo-deny $DENY"
  retry cargo install cargo-deny --version "$DENY" --locked --quiet --root "$JUDGES/cargo"
}

for tool in "$@"; do "$tool"; done
