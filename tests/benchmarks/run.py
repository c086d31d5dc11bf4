"""Measures, prints tables, and writes them into docs/performance.md. Started by `make bench`.

    python tests/benchmarks/run.py [limits] [engine] [ledger]

QUICK=1 measures small sizes only and leaves the document alone. REAL=1 sits every wait out.
"""

import importlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "performance.md"
SUBJECTS = {"limits": "against_limits", "engine": "engine_cost", "ledger": "big_ledger"}


def main() -> None:
    from tables import write_into

    quick = bool(os.environ.get("QUICK"))
    for subject in sys.argv[1:] or SUBJECTS:
        for table in importlib.import_module(SUBJECTS[subject]).tables(quick=quick):
            sys.stdout.write(f"\n{table.name}\n\n{table.text()}\n")
            sys.stdout.flush()
            if not quick:
                write_into(DOCUMENT, table)


if __name__ == "__main__":
    main()
