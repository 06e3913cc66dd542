#!/usr/bin/env bash
# breaking.sh: the OpenAPI document breaks no client of the last release (git tag v*) or, before the first, of the
# version before it in the history. What may break all the same is listed, with its reason, in openapi/breaking.txt.
source "$(dirname "$0")/../lib.sh"
cd "$ROOT"
FILE=openapi/salus.v1.json
node --test --test-reporter=spec .ci/judges/breaking.test.mjs

base="$(git tag --list 'v*' --sort=-v:refname | head -1)"
if [ -z "$base" ]; then
  if git diff --quiet HEAD -- "$FILE" 2>/dev/null; then
    base="$(git log -n 1 --skip 1 --format=%H -- "$FILE")" # unchanged since HEAD: the version before
  else
    base="$(git log -n 1 --format=%H -- "$FILE" 2>/dev/null || true)"
  fi
fi
if [ -z "$base" ] || ! git show "$base:$FILE" >/dev/null 2>&1; then
  echo "the document has no earlier version to compare with"
  exit 0
fi
git show "$base:$FILE" >target/salus.v1.before.json
node .ci/judges/breaking.mjs target/salus.v1.before.json "$FILE" openapi/breaking.txt
echo "nothing breaks since $base"
