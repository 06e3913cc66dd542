"""nodes.py: what two nodes share. A sign-out, a change of role and a deactivation at one must count at the other: at once
with Redis, and within a minute while Redis is away. Rate limits count for both together, and for each alone meanwhile."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

DIR = Path(os.environ["DIR"])
KEY = "v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
ME = "/api/v1/auth/me"
PASSWORD = "Salus-demo-2026"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def call(node, method, path, body=None, token=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(node + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, (json.loads(text) if text[:1] == b"{" else text.decode())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def expect(status, answer):
    assert answer[0] == status, f"{answer[0]} instead of {status}: {answer[1]}"
    return answer[1]


def takes(what, seconds, found):
    """How long it takes until it is found; more than so many seconds is a failure."""
    begun = time.monotonic()
    while not found():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - begun


def start_redis(port):
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(DIR)]
    return subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)


def start_node(name, redis, started):
    """Starts a node, which is among the started ones before it is waited for."""
    port, metrics = free_port(), free_port()
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(DIR),
        "BIND_ADDR": f"127.0.0.1:{port}",
        "PUBLIC_URL": "http://127.0.0.1",
        "SALUS_ENV": "development",
        "DATABASE_URL": os.environ["ROLE_URL"],
        "MIGRATION_DATABASE_URL": os.environ["OWNER_URL"],
        "MASTER_KEY": KEY,
        "REDIS_URL": f"redis://127.0.0.1:{redis}",
        "RATE_LIMITS": "anonymous=off,sign-in=off,sign-in-account=off,password-reset=20/h",
        "METRICS_ADDR": f"127.0.0.1:{metrics}",
        "RUST_LOG": "info",
    }
    log = open(DIR / f"{name}.log", "w")
    node = subprocess.Popen([os.environ["SALUS_BIN"], "serve"], cwd=DIR, env=settings, stdout=log, stderr=log)
    started.append(node)
    base = f"http://127.0.0.1:{port}"

    def ready():
        assert node.poll() is None, (DIR / f"{name}.log").read_text()
        try:
            return call(base, "GET", "/health/ready")[0] == 200
        except OSError:
            return False

    takes(f"{name} is ready", 180, ready)
    return base, f"http://127.0.0.1:{metrics}"


def ended(node):
    """How a node ends on SIGTERM; one that does not is killed."""
    try:
        return node.wait(60)
    except subprocess.TimeoutExpired:
        node.kill()
        node.wait()
        return "killed after 60 s"


def sign_in(node, role):
    ask = {"email": f"{role}@aurora.example", "password": PASSWORD}
    return expect(200, call(node, "POST", "/api/v1/auth/sign-in", ask))["access_token"]


def changes(here, there, seconds):
    """What is done here is seen there; the longest that took."""
    token = sign_in(here, "nurse")
    expect(200, call(there, "GET", ME, token=token))
    expect(204, call(here, "POST", "/api/v1/auth/sign-out", {}, token))
    slowest = takes("a sign-out", seconds, lambda: call(there, "GET", ME, token=token)[0] == 401)

    admin, token = sign_in(here, "admin"), sign_in(here, "analyst")
    user = "/api/v1/users/" + expect(200, call(there, "GET", ME, token=token))["id"]

    def sees_patients(status):
        return lambda: call(there, "GET", "/api/v1/patients?limit=1", token=token)[0] == status

    assert sees_patients(403)()
    for role, status in (("receptionist", 200), ("analyst", 403)):
        expect(200, call(here, "PATCH", user, {"role": role}, admin, If_Match="*"))
        slowest = max(slowest, takes("a change of role", seconds, sees_patients(status)))
    expect(200, call(here, "POST", user + "/deactivate", {}, admin))
    slowest = max(slowest, takes("a deactivation", seconds, lambda: call(there, "GET", ME, token=token)[0] == 401))
    expect(200, call(here, "POST", user + "/activate", {}, admin))
    return slowest


def anonymous(node, number):
    """The status of a request of nobody, which says that it comes from somewhere else each time."""
    ask = {"email": "nobody@judges.example"}
    return call(node, "POST", "/api/v1/auth/password/forgot", ask, X_Forwarded_For=f"198.51.100.{number}")[0]


def metric(metrics, name):
    text = call(metrics, "GET", "/metrics")[1]
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


def checks(one, other, metrics, redis):
    with_redis = changes(one, other, 5)
    assert with_redis < 2, f"{with_redis:.2f} s"

    statuses = [anonymous(one if number % 2 else other, number) for number in range(24)]
    assert 429 in statuses and statuses[-1] == 429 and anonymous(one, 99) == 429, statuses

    redis.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    assert anonymous(one, 1) == 202 and anonymous(other, 1) == 202, "each counts alone"
    assert time.monotonic() - begun < 1, "a Redis that hangs keeps nobody waiting"
    takes("the metric says so", 15, lambda: metric(metrics, "salus_redis_up") == 0)
    assert metric(metrics, "salus_redis_fallbacks_total") >= 1
    alone = changes(one, other, 60)

    redis.send_signal(signal.SIGCONT)
    takes("Redis is found again", 15, lambda: anonymous(one, 2) == 429 and anonymous(other, 2) == 429)
    takes("the metric says so again", 15, lambda: metric(metrics, "salus_redis_up") == 1)
    again = changes(one, other, 5)
    for name in ("one", "other"):
        log = (DIR / f"{name}.log").read_text()
        assert log.count("Redis is away") == 1 and log.count("Redis is back") == 1, f"not said once by {name}"
    print(f"nodes: changes counted after {with_redis:.2f} s with Redis, {alone:.1f} s without, {again:.2f} s after it was back")


def main():
    # As an exception it passes the end of `try`, where everything is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = free_port()
    redis, nodes = start_redis(port), []
    try:
        takes("Redis listens", 10, lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        (one, metrics), (other, _) = [start_node(name, port, nodes) for name in ("one", "other")]
        checks(one, other, metrics, redis)
    except BaseException:
        for log in DIR.glob("*.log"):
            print(f"-- {log.name}\n" + "\n".join(log.read_text().splitlines()[-30:]))
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        redis.send_signal(signal.SIGCONT)
        for node in nodes:
            node.terminate()
        codes = [ended(node) for node in nodes]
        redis.kill()
        redis.wait()
    assert codes == [0, 0], f"nodes end with 0 on SIGTERM, not {codes}"


main()
