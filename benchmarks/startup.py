"""How long the door takes: `import crimestats` and `crimestats --help` beside a bare Python.

    python benchmarks/startup.py

Each is run 15 times in turn in a process of its own; the medians are printed.
"""

import statistics
import subprocess
import sys
import time

STEPS = {
    "python": "pass",
    "import crimestats": "import crimestats",
    "crimestats --help": "import sys; sys.argv = ['crimestats', '--help']; from crimestats.cli import main; main()",
}
REPEAT = 15


def main() -> None:
    found: dict[str, list[float]] = {name: [] for name in STEPS}
    for _ in range(REPEAT):
        for name, code in STEPS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
            found[name].append(time.perf_counter() - start)
    bare = statistics.median(found["python"])
    for name, seconds in found.items():
        median = statistics.median(seconds)
        print(f"{name:20} {median:.3f} s   {median - bare:+.3f} s beside python")


if __name__ == "__main__":
    main()
