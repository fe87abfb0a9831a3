"""Two stores of one ledger in one process lose no entry when other processes come and go.

POSIX locks belong to the process: whoever closes any handle on the file gives up SQLite's locks on
it, and another process that then closes its connection would take the write-ahead log away.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from doubles.ledgers import TickingClock, a_draft
from roadworthy.ledger import SqliteEntryStore

HOLDER = """
import sys
from pathlib import Path
from doubles.ledgers import TickingClock, a_draft
from roadworthy.ledger import SqliteEntryStore
first = SqliteEntryStore(Path(sys.argv[1]), TickingClock())
print(first.size(), flush=True)
second = SqliteEntryStore(Path(sys.argv[1]), TickingClock())
print(second.size(), flush=True)
for number, _ in enumerate(sys.stdin, start=2):
    first.append([a_draft(number)])
    print(second.size(), flush=True)
"""


def test_no_entry_is_lost_when_another_process_closes_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    begun = SqliteEntryStore(path, TickingClock())
    begun.append([a_draft(1)])
    begun.close()
    tests = str(Path(__file__).resolve().parents[2])
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": tests},
    )  # fmt: skip
    with holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert [holder.stdout.readline(), holder.stdout.readline()] == ["1\n", "1\n"]
        for number in range(2, 8, 2):
            visitor = SqliteEntryStore(path, TickingClock())
            visitor.append([a_draft(number)])
            visitor.close()
            holder.stdin.write("\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == f"{number + 1}\n"
            again = SqliteEntryStore(path, TickingClock())
            assert again.size() == number + 1
            again.close()
        holder.stdin.close()
