"""Mutation testing of the pure rooms: prints the share of killed mutants by room, and the survivors.

Run by `make mutants`: mutmut changes the code in small ways and runs the rooms' tests on each change. A mutant that
no test notices has survived. Exit status 1 if fewer than 85 % were killed, 2 for an argument that is none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "mutants"
LOG = MUTANTS / "mutmut.log"
LEAST_SHARE = 0.85
KILLED, SURVIVED, NO_TESTS = (1, 3), (0,), (5, 33)
"""Exit codes of mutmut; a further one that is no None is a time that ran out, or a crash: killed too."""

Results = dict[str, int | None]
"""The exit code of each mutant by its name, None where it was not tried."""


def main() -> int:
    """Try a sample of the mutants, or all; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("count", type=count_of, help="how many mutants to try, or all")
    parser.add_argument("--seed", type=int, default=1, help="which sample; the same seed gives the same one")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    # The first run makes the mutants and learns which tests reach them; it tries a file with quick tests.
    if not run_mutmut(asked.processes, ["pipeline.buffering.arguments.*"]):
        return 1
    names = sorted(results())
    if asked.count is not None:
        names = sorted(random.Random(asked.seed).sample(names, min(asked.count, len(names))))
    if not run_mutmut(asked.processes, names):
        return 1
    found = results()
    return report({name: found[name] for name in names})


def count_of(text: str) -> int | None:
    """A positive number, or None for "all". Raises ArgumentTypeError."""
    if text == "all":
        return None
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of mutants; give a positive number, or all")
    return int(text)


def run_mutmut(processes: int, names: list[str]) -> bool:
    """Let mutmut try these mutants; what it prints goes to a file. Returns whether it got through."""
    MUTANTS.mkdir(exist_ok=True)
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(processes), *names]
    with LOG.open("a", encoding="utf-8") as log:
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
    if status != 0:
        print(f"mutants: mutmut failed; {LOG.relative_to(ROOT)} says why", file=sys.stderr)
    return status == 0


def results() -> Results:
    """What is known of every mutant."""
    found: Results = {}
    for path in sorted(MUTANTS.rglob("*.py.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def report(tried: Results) -> int:
    """Print the figures and the survivors; returns the exit status."""
    rooms: dict[str, list[bool]] = defaultdict(list)
    for name, code in tried.items():
        rooms[name.split(".")[1]].append(code not in (None, *SURVIVED, *NO_TESTS))
    for name, code in tried.items():
        if code in (None, *SURVIVED, *NO_TESTS):
            print(f"survived{' (no test reaches it)' if code in NO_TESTS else ''}: {name}")
    for room, killed in sorted(rooms.items()):
        print(f"{room}: {sum(killed)} of {len(killed)} killed, {100 * sum(killed) / len(killed):.1f} %")
    every = [one for killed in rooms.values() for one in killed]
    share = sum(every) / len(every)
    print(
        f"all: {sum(every)} of {len(every)} killed, {100 * share:.1f} %; at least {100 * LEAST_SHARE:.0f} %"
    )
    print("one mutant's change: .venv/bin/mutmut show NAME")
    return 0 if share >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
