"""Equal answers first, then rounds: each measures every server once with each workload, in an order that turns, so that
a slow minute of the machine meets all of them. Ratios are those inside one round."""

import json
import re
import statistics

from . import load
from .paths import say
from .wire import Client
from .workloads import ALL, data_of

# Logging in takes a quarter of a second of a core, so there are few in a second, and more at once would only wait.
CONNECTIONS = {"W5": 1}
SECONDS = {"W5": 10, "W6": 6}
WARM_SECONDS = 2


def check(servers):
    """That all answer the same; the sizes of the answers."""
    first, sizes = None, {}
    for server in servers:
        found, sizes[server.name] = answers(server)
        first = first or found
        for name, answer in found.items():
            if answer != first[name]:
                told = [json.dumps(one, sort_keys=True)[:600] for one in (answer, first[name])]
                raise SystemExit(f"{name}: {server.name} and {servers[0].name} differ\n{told[0]}\n{told[1]}")
    return sizes


def answers(server):
    """What a server answers, in the common form, and the bytes of each answer."""
    client = Client(server.url)
    found, sizes = {}, {}
    for name in ALL:
        request = server.requests[name]
        raw = client.send(request, server.token)
        sizes[name] = len(raw)
        answer = json.loads(raw)
        found[name] = data_of(answer, request)
        if name in ("W2", "W3"):
            following = request.next_page(answer)
            found[f"{name}, the next page"] = data_of(client.ask(following, server.token), following)
        if name == "W4":
            # Its number depends on how many were written before.
            del found[name]["id"]
        if name == "W5":
            found[name] = accepted(client, server, found[name]["token"])
    nobody = client.ask(server.requests["W1"])
    found["W1 without a token"] = (nobody.get("data") or {}).get("me") is None
    client.close()
    return found, sizes


def accepted(client, server, token):
    """The name of who logged in, asked with the new token."""
    if not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token or ""):
        raise SystemExit(f"{server.name}: W5 gives no token")
    return data_of(client.ask(server.requests["W1"], token), server.requests["W1"])["username"]


def rounds(servers, names, count, seconds, connections, pin):
    """The figures of each server and workload, one a round."""
    found = {server.name: {name: [] for name in names} for server in servers}
    for number in range(-1, count):
        # The first round warms everything up, and is forgotten.
        warm = number < 0
        say("warming up" if warm else f"round {number + 1} of {count}")
        turn = number % len(servers)
        for name in names:
            for server in servers[turn:] + servers[:turn]:
                if warm and name in ("W5", "W6"):
                    continue
                long = WARM_SECONDS if warm else max(seconds, SECONDS.get(name, 0))
                if name == "W6":
                    figures = load.storm(server, long)
                else:
                    figures = load.measure(server, name, long, CONNECTIONS.get(name, connections), pin)
                if not warm:
                    found[server.name][name].append(figures)
    return found


def median(figures, key):
    return statistics.median(one[key] for one in figures)


def ratio(figures, others):
    """Of the processor time to another server's, in the same rounds."""
    pairs = [(total(one), total(other)) for one, other in zip(figures, others)]
    return statistics.median(one / other for one, other in pairs if other) if pairs else None


def total(figures):
    return figures["cpu"] + figures["database_cpu"]
