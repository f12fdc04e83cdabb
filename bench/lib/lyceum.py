"""Lyceum itself: building it, its database with the data set, its settings in a run, signing in."""

import os
import shutil
from pathlib import Path

from . import lyceum_rows, rows
from .paths import ROOT, TARGET, WORK, run, say
from .workloads import Request

BINARY = TARGET / "release" / "lyceum"

# Everything else is as it is without a word. Why each: bench/README.md.
SETTINGS = {
    "RATE_LIMITS": "off",
    "CONNECTIONS_PER_IP": "1024",
    "SQLITE_SYNCHRONOUS": "normal",
    "ACCESS_TOKEN_TTL": "24h",
}


def build():
    run(["cargo", "build", "--release", "--locked"], cwd=ROOT)


def environment(folder, port=None, database=None):
    """What a server in this folder is started with: nothing of the environment around it changes a setting."""
    settings = {"DATA_DIR": str(folder), **SETTINGS}
    if port:
        settings["LISTEN"] = f"127.0.0.1:{port}"
    if database:
        settings["DATABASE_URL"] = database
    return {"PATH": os.environ["PATH"], **settings}


def data(scale):
    """The folder of a SQLite database with the data set, made once for each form of it."""
    folder = WORK / f"lyceum-{scale}"
    marker = folder / "made-from"
    made_from = fingerprint()
    if marker.exists() and marker.read_text() == made_from:
        return folder
    say(f"making Lyceum's database (scale {scale})")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run([BINARY, "migrate"], cwd=folder, env=environment(folder), capture_output=True)
    lyceum_rows.load_sqlite(folder / "lyceum.db", scale)
    marker.write_text(made_from)
    return folder


def load(database, scale):
    """The data set into an empty database of PostgreSQL or MySQL."""
    folder = WORK / "migrate"
    run([BINARY, "migrate"], cwd=WORK, env=environment(folder, database=database.url), capture_output=True)
    database.load(lyceum_rows.tables(scale))


def fingerprint():
    """Changes with the migrations and with the data set."""
    sources = sorted((ROOT / "migration" / "src").glob("*.rs")) + [rows.__file__, lyceum_rows.__file__]
    return "".join(Path(source).read_text() for source in sources)


def fresh_copy(scale, copy):
    """A copy of that folder which a run may write to."""
    source = data(scale)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("made-from"))
    return copy


def sign_in(client, number=rows.READER):
    """An access token of a user."""
    request = Request("W5", "lyceum")
    request.body = request.body.replace(rows.username(rows.LOGGER).encode(), rows.username(number).encode())
    answer = client.ask(request)
    token = (answer.get("data") or {}).get("login", {}).get("token")
    if not token:
        raise SystemExit(f"Lyceum gives no token: {answer}")
    return token
