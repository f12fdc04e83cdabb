"""What is asked, in each server's own words, and the common form that answers are compared in."""

import base64
import json

from . import rows
from .lyceum_rows import number_of, row_id
from .paths import BENCH

# Those that one request is enough for; W6 is W1 beside W5.
ALL = ("W1", "W2", "W3", "W4", "W5")
SIGNED_IN = ("W1", "W4")
PAGE = 20
# Under this post the load generator writes. It is on no page that is read.
COMMENTED = 9000
COMMENT = "A comment of some length, written by the load generator to see what a write costs."


class Request:
    """One workload as one server understands it."""

    def __init__(self, name, dialect, after=None):
        self.name = name
        self.dialect = dialect
        self.signed_in = name in SIGNED_IN
        document = (BENCH / "workloads" / dialect / f"{name}.graphql").read_text()
        # On one line, as most clients send it.
        document = " ".join(document.split())
        variables = variables_of(name, dialect, after)
        self.body = json.dumps({"operationName": name, "query": document, "variables": variables}).encode()

    def next_page(self, answer):
        """The same one page later."""
        return Request(self.name, self.dialect, after=answer["data"]["posts"]["pageInfo"]["endCursor"])


def variables_of(name, dialect, after):
    if name in ("W2", "W3"):
        return {"first": PAGE} | ({"after": after} if after else {})
    if name == "W4":
        post = {"common": str(COMMENTED), "postgraphile": COMMENTED}.get(dialect)
        return {"postId": post or global_id("Post", COMMENTED), "body": COMMENT}
    if name == "W5":
        return {"username": rows.username(rows.LOGGER), "password": rows.PASSWORD}
    return {}


def global_id(kind, number):
    """Of a post, as Lyceum's clients know it."""
    seconds = rows.BEGIN + rows.DAY + number * 300
    return base64.urlsafe_b64encode(f"{kind}:{row_id(kind, number, seconds)}".encode()).rstrip(b"=").decode()


def requests(dialect):
    return {name: Request(name, dialect) for name in ALL}


def data_of(answer, request):
    """The answered thing in the common form: ids as the peers have them, cursors as there or not."""
    if answer.get("errors"):
        raise SystemExit(f"{request.name} ({request.dialect}): {json.dumps(answer['errors'])[:400]}")
    field = {"W1": "me", "W4": "createComment", "W5": "login"}.get(request.name, "posts")
    found = answer["data"][field]
    if request.name == "W4" and request.dialect != "common":
        found = found["comment"]
    return common(found, request.dialect)


def common(value, dialect, key=None):
    if isinstance(value, dict):
        fields = {name: common(inner, dialect, name) for name, inner in sorted(value.items())}
        if "status" in fields:
            fields["published"] = fields.pop("status") == "PUBLISHED"
        return fields
    if isinstance(value, list):
        return [common(inner, dialect) for inner in value]
    if key == "id":
        return number_of(value) if dialect == "lyceum" else str(value)
    if key in ("cursor", "endCursor"):
        return bool(value)
    return value
