"""Where things are, and how another program is run."""

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
# Databases, logs and results of runs; git does not see it.
WORK = BENCH / ".work"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()


def say(text=""):
    """What goes on, apart from the figures on standard output."""
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    """Runs a program to its end; its failure is ours."""
    try:
        return subprocess.run([str(part) for part in command], check=True, **options)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} is not installed: bench/README.md lists what is needed") from None
    except subprocess.CalledProcessError as error:
        told = (error.stderr or b"") if isinstance(error.stderr, bytes) else (error.stderr or "").encode()
        name = " ".join(str(part) for part in command[:4])
        raise SystemExit(f"{name} … ended with {error.returncode}\n{told.decode(errors='replace')}") from None
