"""The servers that are compared: how each is started, on which rows, and what it has used."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import time

from . import lyceum, peer_rows, processes, rows, workloads
from .engines import Engine
from .paths import BENCH, ROOT, WORK, run, say
from .wire import Client, wait_until_up

LIMIT = BENCH / "limit" / "target" / "release" / "limit"
PEERS = BENCH / "peers"
SECRET = "a secret of the benchmark, and of nothing else"
NODE_LEAST = 22
# PostGraphile does not stop by itself; under callgrind everything takes long.
STOP_SECONDS = 20

# By engine, in the order of the table.
NAMES = {
    "sqlite": ("limit", "lyceum", "mercurius", "apollo", "apollo-drizzle"),
    "postgres": ("limit", "lyceum", "mercurius", "postgraphile"),
    "mysql": ("lyceum",),
}


def build(names):
    """All that the named servers need."""
    if "lyceum" in names:
        lyceum.build()
    if "limit" in names:
        run(["cargo", "build", "--release", "--locked"], cwd=BENCH / "limit", env=without_target())
    if set(names) - {"lyceum", "limit"} and not (PEERS / "node_modules" / ".package-lock.json").exists():
        run(["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=PEERS)


def without_target():
    """The limit has a folder of its own, so that its dependencies never mix with ours."""
    return {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}


def node():
    """The Node that npm installed with the peers, or else the system's."""
    for architecture in ("x64", "arm64"):
        binary = PEERS / "node_modules" / f"node-linux-{architecture}" / "bin" / "node"
        if binary.exists():
            return str(binary)
    binary = shutil.which("node")
    version = run([binary, "--version"], capture_output=True, text=True).stdout if binary else "none"
    if not binary or int(version.lstrip("v").split(".")[0]) < NODE_LEAST:
        raise SystemExit(f"the peers need Node {NODE_LEAST} or later, and there is {version.strip()}")
    return binary


class Server:
    """One of them, on one engine. With `cores` 1 it has the first core and one worker."""

    def __init__(self, name, engine, scale, cores, databases, purpose="run"):
        self.name = name
        # What it writes begins with the purpose, so that commands can run side by side.
        self.place = WORK / f"{purpose}-{name}"
        self.engine = engine
        self.cores = cores
        self.dialect = name if name in ("lyceum", "postgraphile") else "common"
        self.requests = workloads.requests(self.dialect)
        self.database = None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/graphql"
        self.token = None if name == "lyceum" else token(rows.READER)
        self.process = None
        self.command, self.environment, self.folder = self.prepare(port, scale, databases)

    def prepare(self, port, scale, databases):
        """The command, its environment and its folder, with the data set in place."""
        if self.name == "lyceum":
            return self.prepare_lyceum(port, scale, databases)
        environment = {"PATH": os.environ["PATH"], "JWT_SECRET": SECRET, "PORT": str(port), "NODE_ENV": "production"}
        environment["WORKERS"] = str(self.cores)
        if self.engine == "sqlite":
            file = self.place.with_suffix(".db")
            copy_database(peer_rows.sqlite_file(scale), file)
            source = str(file)
            environment["SQLITE"] = source
        else:
            self.database = databases.peers(scale)
            source = environment["POSTGRES"] = self.database.url
        if self.name == "limit":
            return [str(LIMIT), self.engine, source, str(port)], environment, WORK
        environment["DB"] = "drizzle" if self.name.endswith("-drizzle") else self.engine
        return [node(), str(PEERS / f"{self.name.split('-')[0]}.mjs")], environment, PEERS

    def prepare_lyceum(self, port, scale, databases):
        command = [str(lyceum.BINARY), "serve"]
        if self.engine == "sqlite":
            folder = lyceum.fresh_copy(scale, self.place)
            return command, lyceum.environment(folder, port), folder
        self.database = databases.lyceum(scale)
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        # As the others connect; without a word Lyceum takes TLS where the server has it.
        plain = "?sslmode=disable" if self.engine == "postgres" else ""
        return command, lyceum.environment(self.place, port, self.database.url + plain), self.place

    def start(self, under=()):
        """Starts it, under another program perhaps; the milliseconds until the first answer."""
        command = [*under, *self.command]
        if self.cores == 1:
            command = ["taskset", "-c", "0", *command]
        log = open(self.place.with_suffix(".log"), "w")
        self.process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        seconds = wait_until_up(self.url, self.requests["W2"], self.process)
        if self.name == "lyceum" and not self.token:
            client = Client(self.url)
            self.token = lyceum.sign_in(client)
            client.close()
        return seconds * 1000

    def stop(self):
        if not self.process or self.process.poll() is not None:
            return
        started = processes.descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in reversed(started):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def cpu(self):
        return processes.cpu_seconds(self.process.pid)

    def database_cpu(self):
        return self.database.cpu_seconds() if self.database else 0.0

    def memory(self):
        return processes.memory(self.process.pid)


class Databases:
    """The databases of a run, in a server of databases; each is loaded once."""

    def __init__(self, engine):
        self.engine = Engine(engine)
        self.loaded = {}

    def peers(self, scale):
        def load(database):
            database.execute((BENCH / "sql" / "peers.postgres.sql").read_text())
            database.load(peer_rows.tables(scale))
            for table in ("users", "posts", "comments"):
                database.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table};")
            database.execute((BENCH / "sql" / "postgraphile.sql").read_text())

        return self.once("lyceum_bench_peers", load)

    def lyceum(self, scale):
        return self.once("lyceum_bench", lambda database: lyceum.load(database, scale))

    def once(self, name, load):
        if name not in self.loaded:
            say(f"making {name} on {self.engine.name}")
            self.loaded[name] = self.engine.fresh(name)
            load(self.loaded[name])
        return self.loaded[name]

    def drop(self):
        for name in self.loaded:
            self.engine.drop(name)


def copy_database(source, target):
    for suffix in ("", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(source, target)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def token(user):
    """HS256, as the limit and the peers take it."""

    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"sub": str(user), "role": rows.role(user), "exp": int(time.time()) + 86_400}
    message = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(SECRET.encode(), message, hashlib.sha256).digest()
    return (message + b"." + encoded(signature)).decode()
