#!/usr/bin/env bash
# lint.sh [FILE]: redocly and spectral find nothing in the OpenAPI document, not even a warning.
source "$(dirname "$0")/../lib.sh"
HERE="$ROOT/.ci/judges"
FILE="${1:-$ROOT/openapi/salus.v1.json}"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
step "redocly lint"
redocly lint --config "$HERE/redocly.yaml" --max-problems 50 "$FILE"
step "spectral lint"
spectral lint --ruleset "$HERE/spectral.yaml" --fail-severity warn --quiet "$FILE"
echo "redocly and spectral are content"
