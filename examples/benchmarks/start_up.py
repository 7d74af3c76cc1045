"""What it costs to import graphrep and to ask the command line for help.

    python start_up.py

Each command runs in a process of its own, in turns, after one run that warms the
file cache; the best of the repeats is printed, and its ratio to a bare numpy import.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

COMMANDS = {
    "python": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import graphrep": ["-c", "import graphrep"],
    "from graphrep import Graph": ["-c", "from graphrep import Graph"],
    "from graphrep import FastRP": ["-c", "from graphrep import FastRP"],
    "import sklearn.base": ["-c", "import sklearn.base"],
    "graphrep --help": ["-m", "graphrep", "--help"],
    "graphrep embed fastrp --help": ["-m", "graphrep", "embed", "fastrp", "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args()
    best = dict.fromkeys(COMMANDS, float("inf"))
    for repeat in range(args.repeats + 1):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], capture_output=True, check=True)
            if repeat:
                best[name] = min(best[name], time.perf_counter() - start)
    for name, seconds in best.items():
        ratio = seconds / best["import numpy"]
        print(f"{name:32}{seconds:8.3f} s{ratio:8.2f} x numpy")


if __name__ == "__main__":
    main()
