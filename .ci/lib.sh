# Shared by the scripts of this folder: `source` it, never run it.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
JUDGES="$ROOT/target/judges"
export PATH="$JUDGES/py/bin:$JUDGES/cargo/bin:$JUDGES/node/node_modules/.bin:$PATH"

step() { printf '\n== %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# retry COMMAND...: three tries, for downloads only.
retry() {
  local n
  for n in 1 2 3; do
    "$@" && return 0
    printf 'try %s failed: %s\n' "$n" "$*" >&2
  done
  return 1
}

# apt_install PACKAGE...: Debian packages, without starting the services they bring.
apt_install() {
  command -v apt-get >/dev/null || die "please install by hand: $*"
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  local env=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
  step "apt-get install $*"
  retry "${sudo[@]}" "${env[@]}" apt-get -qq -o DPkg::Lock::Timeout=600 update >&2
  retry "${sudo[@]}" "${env[@]}" apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" >&2
}

# A loopback port that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails when the time is over.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.1
  done
}

# run_beside COMMAND...: runs the command as CHILD in a process group of its own, so that a signal can end all of it with
# end_child; on a terminal it stays in the foreground, where a shell needs it and Ctrl-C reaches it.
CHILD=''
run_beside() {
  local code=0
  if [ -t 0 ]; then
    "$@"
    return
  fi
  set -m
  "$@" &
  CHILD=$!
  set +m
  wait "$CHILD" || code=$?
  CHILD=''
  return "$code"
}
end_child() {
  [ -n "$CHILD" ] || return 0
  kill -- "-$CHILD" 2>/dev/null || true
  wait "$CHILD" 2>/dev/null || true
}
