"""The data set in the tables of the limit and of the peers."""

import sqlite3
from datetime import datetime, timezone

from . import rows
from .paths import BENCH, WORK, say

USERS = "id username email role password_hash created_at".split()
POSTS = "id author_id title body published created_at".split()
COMMENTS = "id post_id author_id body created_at".split()


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def tables(scale):
    """The name, the columns and the rows of each table, in an order that references allow."""
    users, posts, comments = rows.everything(scale)
    yield "users", USERS, (user._replace(created_at=moment(user.created_at)) for user in users)
    shown = ((post.id, post.author_id, post.title, post.body, True, moment(post.created_at)) for post in posts)
    yield "posts", POSTS, shown
    yield "comments", COMMENTS, (one._replace(created_at=moment(one.created_at)) for one in comments)


def sqlite_file(scale):
    """The path of a database with the data set, made once."""
    path = WORK / f"peers-{scale}.db"
    if path.exists():
        return path
    say(f"making the peers' database (scale {scale})")
    WORK.mkdir(exist_ok=True)
    making = path.with_suffix(".making")
    making.unlink(missing_ok=True)
    database = sqlite3.connect(making)
    database.executescript((BENCH / "sql" / "peers.sqlite.sql").read_text())
    with database:
        for table, columns, values in tables(scale):
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)
    database.execute("ANALYZE")
    database.close()
    making.rename(path)
    return path
