"""What a process and its descendants have used, from /proc."""

import os
import re

TICK = os.sysconf("SC_CLK_TCK")


def descendants(pid):
    """The process and all that it started."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(int(entry))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        found.append(parent)
        waiting += children.get(parent, [])
    return found


def stat(pid, thread=None):
    """The fields after the name, or none when it is gone."""
    path = f"/proc/{pid}/task/{thread}/stat" if thread else f"/proc/{pid}/stat"
    try:
        with open(path) as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def cpu_seconds(pid):
    """User and system time of a process and its descendants."""
    return sum(ticks(stat(one)) for one in descendants(pid)) / TICK


def ticks(fields):
    return int(fields[11]) + int(fields[12]) if fields else 0


def memory(pid):
    """MiB: pages that several of the processes share count once."""
    return sum(proportional(one) for one in descendants(pid)) / 1024


def proportional(pid):
    for path, name in ((f"/proc/{pid}/smaps_rollup", "Pss"), (f"/proc/{pid}/status", "VmRSS")):
        try:
            with open(path) as file:
                return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.M)[1])
        except (OSError, TypeError):
            continue
    return 0
