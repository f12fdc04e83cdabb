"""The data set as Lyceum's tables hold it: what the entities under src/core/ have, and how they are written."""

import base64
import sqlite3
import unicodedata
import uuid

from . import rows

MICROS = 1_000_000
TITLE_KEY = 100

USERS = (
    "id username username_key email email_key first_name last_name search_text role password_hash password_scheme "
    "email_verified_at created_at updated_at"
).split()
POSTS = "id author_id title title_key body search_text status created_at updated_at published_at".split()
COMMENTS = "id post_id author_id body created_at updated_at".split()

# Kinds of rows, so that no two rows share an id.
KINDS = {"User": 1, "Post": 2, "Comment": 3}


def row_id(kind, number, seconds):
    """A UUID of version 7: it sorts by its moment, and its last 48 bits are the number that the peers have."""
    value = (seconds * 1000) << 80
    value |= 0x7 << 76
    value |= 0b10 << 62 | KINDS[kind] << 48 | number
    return uuid.UUID(int=value)


def number_of(global_id):
    """The peers' number in one of Lyceum's ids."""
    padded = global_id + "=" * (-len(global_id) % 4)
    return str(int(base64.urlsafe_b64decode(padded)[-12:], 16))


def folded(*texts):
    """As `core/search.rs` makes it, for the letters that the data set has."""
    plain = [unicodedata.normalize("NFKC", text).lower() for text in texts]
    return " ".join(" ".join(plain).split())


def title_key(title):
    return unicodedata.normalize("NFKC", title).lower()[:TITLE_KEY].rstrip()


def tables(scale):
    """The name, the columns and the rows of each table, in an order that references allow."""
    users, posts, comments = rows.everything(scale)
    user_ids = {user.id: row_id("User", user.id, user.created_at) for user in users}
    post_ids = {post.id: row_id("Post", post.id, post.created_at) for post in posts}

    def user_rows():
        for user in users:
            at = user.created_at * MICROS
            first, last = "Test", f"Number {user.id}"
            search = folded(user.username, first, last)
            yield (
                user_ids[user.id], user.username, user.username, user.email, user.email, first, last, search,
                user.role, user.password_hash, "bcrypt", at, at, at,
            )  # fmt: skip

    def post_rows():
        for post in posts:
            at = post.created_at * MICROS
            yield (
                post_ids[post.id], user_ids[post.author_id], post.title, title_key(post.title), post.body,
                folded(post.title, post.body), "PUBLISHED", at, at, at,
            )  # fmt: skip

    def comment_rows():
        for comment in comments:
            at = comment.created_at * MICROS
            own = row_id("Comment", comment.id, comment.created_at)
            yield own, post_ids[comment.post_id], user_ids[comment.author_id], comment.body, at, at

    yield "users", USERS, user_rows()
    yield "posts", POSTS, post_rows()
    yield "comments", COMMENTS, comment_rows()


def load_sqlite(path, scale):
    """Into a database that Lyceum has migrated."""
    sqlite3.register_adapter(uuid.UUID, lambda value: value.bytes)
    database = sqlite3.connect(path)
    triggers = []
    if sqlite3.sqlite_version_info < (3, 43):
        # Too old to write the index of trigrams. No workload searches, so it may stay empty.
        found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_trigrams_insert'"
        triggers = database.execute(found).fetchall()
    with database:
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        for table, columns, values in tables(scale):
            places = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)
        for _, sql in triggers:
            database.execute(sql)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
