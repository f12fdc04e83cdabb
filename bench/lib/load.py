"""Load: wrk for closed loops, threads of our own for an open one."""

import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlsplit

from .paths import BENCH
from .wire import Client

# Each client of W6 asks when it is due, whether or not the one before it has been answered.
OPEN_LOOP_RATE = 60
OPEN_LOOP_CLIENTS = 16
STORM = 8
# So few a second that each answer can be looked at.
FEW = ("W5",)


def wrk(server, name, seconds, connections, pin=None):
    """What wrk saw."""
    request = server.requests[name]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    command += ["-s", str(BENCH / "lib" / "post.lua"), server.url]
    if pin is not None:
        command = ["taskset", "-c", str(pin), *command]
    with tempfile.NamedTemporaryFile() as body:
        body.write(request.body)
        body.flush()
        token = server.token if request.signed_in else ""
        judged = "yes" if name in FEW else "no"
        environment = {**os.environ, "BODY": body.name, "TOKEN": token, "JUDGED": judged}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 60)
    found = re.search(r"^FIGURES (\{.*\})$", told.stdout, re.M)
    if not found:
        raise SystemExit(f"wrk: {told.stdout}{told.stderr}")
    return json.loads(found[1])


def measure(server, name, seconds, connections, pin=None):
    """One server with one workload: refused when an answer under load is not like the one that was checked."""
    client = Client(server.url)
    size = client.size(server.requests[name], server.token)
    client.close()
    before, database_before = server.cpu(), server.database_cpu()
    seen = wrk(server, name, seconds, connections, pin)
    cpu, database_cpu = server.cpu() - before, server.database_cpu() - database_before
    requests = seen["requests"]
    if not requests or seen["status"] or seen["errors"] or seen["refused"]:
        raise SystemExit(f"{server.name} {name}: failures under load: {seen}")
    # At the end some answers have come in part.
    least, most = size * 0.995 - 24, size * (1.005 + connections / requests) + 24
    if not least <= seen["bytes"] / requests <= most:
        raise SystemExit(f"{server.name} {name}: other answers under load: {seen}; one has {size} bytes")
    return {
        "rate": requests / (seen["microseconds"] / 1e6),
        "p50": seen["p50"] / 1000,
        "p99": seen["p99"] / 1000,
        "cpu": cpu / requests * 1000,
        "database_cpu": database_cpu / requests * 1000,
        "memory": server.memory(),
        "requests": seen["requests"],
    }


def storm(server, seconds):
    """W6: W1 by an open loop, alone and while others log in."""
    idle = open_loop(server, "W1", seconds)
    logins = {}
    others = threading.Thread(target=lambda: logins.update(wrk(server, "W5", seconds + 3, STORM)))
    others.start()
    time.sleep(1.5)
    stormy = open_loop(server, "W1", seconds)
    others.join()
    if not logins:
        raise SystemExit(f"{server.name}: nobody could log in during W6")
    return {
        "idle_p50": idle["p50"],
        "idle_p99": idle["p99"],
        "storm_p50": stormy["p50"],
        "storm_p99": stormy["p99"],
        "failed": idle["failed"] + stormy["failed"] + logins["status"] + logins["errors"],
        "logins": (logins["requests"] - logins["refused"]) / (logins["microseconds"] / 1e6),
        "refused": logins["refused"],
    }


def open_loop(server, name, seconds):
    """Request k is due at k / rate; its time runs from when it was due, so that nobody waits unseen."""
    loop = OpenLoop(server, name, seconds)
    clients = [threading.Thread(target=loop.client) for _ in range(OPEN_LOOP_CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    times = sorted(loop.times)
    if not times:
        raise SystemExit(f"{server.name}: no answer in W6")
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return {"p50": statistics.median(times), "p99": p99, "failed": loop.failed}


class OpenLoop:
    def __init__(self, server, name, seconds):
        request = server.requests[name]
        parts = urlsplit(server.url)
        self.address = (parts.hostname, parts.port)
        head = [
            f"POST {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(request.body)}",
            f"Authorization: Bearer {server.token}",
        ]
        self.message = "\r\n".join([*head, "", ""]).encode() + request.body
        self.begin = time.perf_counter() + 0.05
        self.seconds = seconds
        self.lock = threading.Lock()
        self.next = 0
        self.times = []
        self.failed = 0

    def client(self):
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = connection.makefile("rb")
            while (due := self.take()) is not None:
                time.sleep(max(0, due - time.perf_counter()))
                try:
                    connection.sendall(self.message)
                    good = read_answer(answers)
                except (OSError, ValueError):
                    good = False
                with self.lock:
                    self.times.append((time.perf_counter() - due) * 1000)
                    self.failed += not good
                if not good:
                    return

    def take(self):
        """When the next request is due; none after the last one."""
        with self.lock:
            due = self.begin + self.next / OPEN_LOOP_RATE
            self.next += 1
        return due if due < self.begin + self.seconds else None


def read_answer(answers):
    """Whether it is a good one."""
    status, length, chunked = answers.readline(), 0, False
    while header := answers.readline().strip().lower():
        if header.startswith(b"content-length:"):
            length = int(header.split(b":")[1])
        chunked = chunked or header == b"transfer-encoding: chunked"
    while chunked:
        size = int(answers.readline(), 16)
        answers.read(size + 2)
        chunked = size > 0
    answers.read(length)
    return b" 200 " in status
