"""PostgreSQL and MariaDB (or MySQL) on this machine: databases of our own in a server that runs already.

Their clients, psql and mariadb, do the talking. The processor time is that of the connections to these databases, so
that what others do in the server meanwhile does not count.
"""

import os
import uuid
from urllib.parse import urlsplit, urlunsplit

from . import processes
from .paths import run

DEFAULTS = {
    "postgres": ("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mysql": ("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql"),
}
ROWS_OF_A_STATEMENT = 500


class Engine:
    """A server of databases."""

    def __init__(self, name):
        variable, default = DEFAULTS[name]
        self.name = name
        self.server = os.environ.get(variable, default)

    def database(self, name):
        return Database(self, name, urlunsplit(urlsplit(self.server)._replace(path=f"/{name}")))

    def fresh(self, name):
        """A new, empty database in the place of the one before."""
        force = " WITH (FORCE)" if self.name == "postgres" else ""
        kept = self.database(urlsplit(self.server).path.lstrip("/"))
        kept.execute(f"DROP DATABASE IF EXISTS {name}{force};")
        # As MySQL has it by default, whatever the server's own default is.
        kept.execute(f"CREATE DATABASE {name}{'' if self.name == 'postgres' else ' CHARACTER SET utf8mb4'};")
        return self.database(name)

    def drop(self, name):
        force = " WITH (FORCE)" if self.name == "postgres" else ""
        self.database(urlsplit(self.server).path.lstrip("/")).execute(f"DROP DATABASE IF EXISTS {name}{force};")


class Database:
    def __init__(self, engine, name, url):
        self.engine = engine
        self.name = name
        self.url = url
        self.seen = {}

    def execute(self, sql):
        """What its client prints, without headers."""
        return run(self.client(), input=sql, capture_output=True, text=True).stdout

    def client(self):
        if self.engine.name == "postgres":
            return ["psql", self.url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        parts = urlsplit(self.url)
        command = ["mariadb", "--batch", "--skip-column-names", "--default-character-set=utf8mb4"]
        command += [f"--host={parts.hostname}", f"--port={parts.port or 3306}", f"--user={parts.username or 'root'}"]
        if parts.password:
            command.append(f"--password={parts.password}")
        return [*command, self.name]

    def load(self, tables):
        statements = ["BEGIN;"]
        for table, columns, rows in tables:
            head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
            for batch in batches(rows):
                values = ("(" + ", ".join(self.literal(value) for value in row) + ")" for row in batch)
                statements.append(head + ",\n".join(values) + ";")
        self.execute("\n".join([*statements, "COMMIT;"]))
        statistics = "VACUUM ANALYZE;" if self.engine.name == "postgres" else "ANALYZE TABLE users, posts, comments;"
        self.execute(statistics)

    def literal(self, value):
        postgres = self.engine.name == "postgres"
        match value:
            case bool():
                return "TRUE" if value else "FALSE"
            case int():
                return str(value)
            case uuid.UUID():
                return f"'{value}'" if postgres else f"x'{value.hex}'"
        text = value.replace("'", "''")
        return f"'{text}'" if postgres else "'" + text.replace("\\", "\\\\") + "'"

    def cpu_seconds(self):
        """Of all connections to this database so far."""
        for thread, fields in self.workers():
            self.seen[thread] = max(self.seen.get(thread, 0), processes.ticks(fields))
        return sum(self.seen.values()) / processes.TICK

    def workers(self):
        if self.engine.name == "postgres":
            asked = f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}' AND pid <> pg_backend_pid();"
            for pid in self.execute(asked).split():
                yield pid, processes.stat(pid)
            return
        server = self.execute("SELECT @@pid_file;").strip()
        with open(server) as file:
            process = file.read().strip()
        asked = f"SELECT tid FROM information_schema.processlist WHERE db = '{self.name}' AND id <> connection_id();"
        for thread in self.execute(asked).split():
            yield thread, processes.stat(process, thread)


def batches(rows):
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_OF_A_STATEMENT:
            yield batch
            batch = []
    if batch:
        yield batch
