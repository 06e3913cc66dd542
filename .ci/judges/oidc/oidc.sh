#!/usr/bin/env bash
# oidc.sh sqlite|postgres: a live server that was set up with real OpenID providers on loopback. Judges first sign-in, linking,
# what is forged, replayed or too late, and a callback by form post in Chromium.
# `postgres` needs the variables of services.sh.
source "$(dirname "$0")/../../lib.sh"
HERE="$ROOT/.ci/judges/oidc"
step "OpenID Connect on ${1:?usage: oidc.sh sqlite|postgres}"

# Another host name than the server's, so that the provider is another site.
OIDC_GOOGLE="http://localhost:$(free_port)" OIDC_APPLE="http://localhost:$(free_port)" OIDC_MICROSOFT="http://localhost:$(free_port)"
export OIDC_GOOGLE OIDC_APPLE OIDC_MICROSOFT OIDC_SECRET="a-secret-of-forty-characters-for-the-judge"
SERVE_MORE="$(for name in GOOGLE APPLE MICROSOFT; do
  issuer="OIDC_$name"
  printf '%s\n' "OIDC_${name}_ISSUER=${!issuer}" "OIDC_${name}_CLIENT_ID=salus" "OIDC_${name}_CLIENT_SECRET=$OIDC_SECRET"
done)"
export SERVE_MORE JUDGES_NODE="$JUDGES/node"
"$ROOT/.ci/serve.sh" "$1" node "$HERE/judge.mjs"
