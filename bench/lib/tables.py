"""What a run prints: Markdown, so that it can be pasted as it is."""

import statistics

from .compare import median, ratio, total

TO = ("limit", "mercurius")


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title, cells):
    print(f"\n### {title}\n")
    row(cells)
    row(["---"] + ["---:"] * (len(cells) - 1))


def workload(name, found, servers, connections):
    """One workload: a line for each server."""
    references = [reference for reference in TO if reference in found]
    database = any(server.database for server in servers)
    title = f"{name}, {connections} connection{'s' * (connections > 1)}"
    columns = ["server", "requests/s", "p50 ms", "p99 ms", "CPU s / 1,000"] + ["of it database"] * database
    head(title, columns + [f"x {reference}" for reference in references] + ["memory MiB"])
    for server in servers:
        figures = found[server.name][name]
        if not figures:
            continue
        cpu = statistics.median(total(one) for one in figures)
        rate = median(figures, "rate")
        cells = [server.name, f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"]
        cells += [f"{median(figures, 'p50'):.2f}", f"{median(figures, 'p99'):.2f}", f"{cpu:.3f}"]
        cells += [f"{median(figures, 'database_cpu'):.3f}"] * database
        cells += [f"{ratio(figures, found[reference][name]):.2f}" for reference in references]
        row([*cells, f"{median(figures, 'memory'):.0f}"])


def storm(found, servers):
    head("W6: W1 at 60/s, alone and while 8 connections log in", [
        "server", "alone p50 ms", "p99 ms", "storm p50 ms", "p99 ms", "p99 / alone", "logins/s", "refused", "failed",
    ])  # fmt: skip
    for server in servers:
        figures = found[server.name]["W6"]
        times = [median(figures, key) for key in ("idle_p50", "idle_p99", "storm_p50", "storm_p99")]
        worse = statistics.median(one["storm_p99"] / one["idle_p99"] for one in figures)
        refused, failed = (sum(one[key] for one in figures) for key in ("refused", "failed"))
        logins = f"{median(figures, 'logins'):.1f}"
        row([server.name, *(f"{time:.2f}" for time in times), f"{worse:.1f}", logins, refused, failed])


def starts(servers, started, sizes):
    head("Start to the first answer, memory, size of the answers", [
        "server", "start ms", "memory MiB at start", "now", "W1 bytes", "W2", "W3", "W4",
    ])  # fmt: skip
    for server in servers:
        milliseconds, before = started[server.name]
        answers = [f"{sizes[server.name][name]:,}" for name in ("W1", "W2", "W3", "W4")]
        row([server.name, f"{milliseconds:.0f}", f"{before:.0f}", f"{server.memory():.0f}", *answers])


def soak(figures):
    head("Memory after many requests", ["server", "requests", "memory MiB before", "after"])
    for name, requests, before, after in figures:
        row([name, f"{requests:,}", f"{before:.0f}", f"{after:.0f}"])
