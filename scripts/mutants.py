"""Plants bugs in the list diff, the string diff, the rollback and the watermark; each must make the tests fail.

    python scripts/mutants.py [NAME ...]        all, or those named

Each mutant is one replacement in a copy of the checkout, and runs the tests that ought to find it. Exit code 0: all
found. A mutant whose text is no longer there, or whose tests fail without it, is an error, not a success.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in `file`; `tests` must find it."""

    name: str
    file: str
    old: str
    new: str
    tests: str


LISTS = "tests/unit/render/test_moves.py tests/unit/render/test_lists.py"
ROLLBACK = "tests/unit/live/test_tracking.py"
STRINGS = "tests/unit/render/strings"
SHARING = "tests/unit/render/test_sharing.py tests/unit/render/test_shared_lists.py"
PACE = "tests/unit/live/test_pace.py"
WATERMARK = "tests/unit/live"
GUARD = "tests/unit/api/test_guard.py tests/unit/api/test_inventory.py"
REACH_OUT = "tests/integration/engine/sandbox/test_reach_out.py"
USE_UP = "tests/integration/engine/sandbox/test_use_up.py"
"""The tests that ought to find it; whole folders where several should."""

MUTANTS = (
    Mutant(
        "guard-lets-sockets-through",
        "livets/api/guard.py",
        'if (_method(scope), scope["path"]) not in self._public:',
        'if scope["type"] == "http" and (_method(scope), scope["path"]) not in self._public:',
        GUARD,
    ),
    Mutant(
        "guard-takes-tickets-everywhere",
        "livets/api/guard.py",
        'if not kind and self._streams.fullmatch(scope["path"]) and _method(scope) == "GET":',
        "if not kind:",
        GUARD,
    ),
    Mutant(
        "guard-compares-origins-by-prefix",
        "livets/api/guard.py",
        'and origin != f"{scheme}://{host}":',
        'and not (origin or "").startswith(f"{scheme}://{host}"):',
        GUARD,
    ),
    Mutant(
        "ticket-opens-twice",
        "livets/api/tickets.py",
        "end = self._ends.pop(ticket, None)",
        "end = self._ends.get(ticket)",
        "tests/integration/api/test_events.py",
    ),
    Mutant(
        "server-does-not-note-its-runs",
        "livets/api/flow/service.py",
        "        await self._own(run)\n        handle = await self.runtime.start(",
        "        handle = await self.runtime.start(",
        "tests/unit/api/test_runs.py",
    ),
    Mutant(
        "list-diff-never-moves",
        "livets/render/moves.py",
        "still = longest_rising(kept)",
        "still = set(kept)",
        LISTS,
    ),
    Mutant(
        "list-diff-inserts-at-the-wrong-place",
        "livets/render/moves.py",
        "ops += (_INSERT, new[start - 1] if start else None, pairs(new, fill, start, new_end))",
        "ops += (_INSERT, new[0] if start else None, pairs(new, fill, start, new_end))",
        LISTS,
    ),
    Mutant(
        "list-log-keeps-a-deleted-insert",
        "livets/render/logs.py",
        "log.updated = [key for key in updated if existed[key] and key in source]",
        "log.updated = [key for key in updated if key in source]",
        LISTS,
    ),
    Mutant(
        "rollback-forgets-what-was-mutated",
        "livets/live/tracking.py",
        "values[name] = codec.decode(image)",
        "pass",
        ROLLBACK,
    ),
    Mutant(
        "rollback-forgets-keyed-lists",
        "livets/live/tracking.py",
        "value.undo(0)",
        "value.settle()",
        ROLLBACK,
    ),
    Mutant(
        "sharing-forgets-what-was-shown",
        "livets/render/sharing.py",
        "and _alike(mine.shown, glance.shown)",
        "and True",
        SHARING,
    ),
    Mutant(
        "sharing-keeps-what-changes-in-place",
        "livets/render/sharing.py",
        "return list(value) if all_frozen(value) else image(value)",
        "return list(value)",
        SHARING,
    ),
    Mutant(
        "sharing-takes-a-list-for-told",
        "livets/render/sharing.py",
        "    if told & read:\n        return None\n",
        "",
        SHARING,
    ),
    Mutant(
        "pace-loses-what-is-held",
        "livets/live/pace.py",
        "            self._mailbox.put(Flush())",
        "            pass",
        PACE,
    ),
    Mutant(
        "pace-holds-what-an-event-shows",
        "livets/live/transaction.py",
        "held=from_server and self._holds()",
        "held=self._holds()",
        PACE,
    ),
    Mutant(
        "watermark-before-the-write",
        "livets/live/commit.py",
        "        if self.store.durable:\n            self._submit(change, urgent)\n        else:\n",
        "        if self.store.durable:\n            self._submit(change, urgent)\n        if True:\n",
        WATERMARK,
    ),
    Mutant(
        "watermark-runs-duplicates-again",
        "livets/live/runner.py",
        "if event.ref <= self._accepted:",
        "if event.ref < self._accepted:",
        WATERMARK,
    ),
    Mutant(
        "watermark-not-restored",
        "livets/live/beginning.py",
        "commits.progress.start(record.ref, notes.ended | notes.interrupted)",
        "commits.progress.start(max(0, record.ref - 1), notes.ended | notes.interrupted)",
        WATERMARK,
    ),
    Mutant(
        "watermark-passes-what-has-not-ended",
        "livets/live/watermark.py",
        "            self._beyond = {*(self._beyond or ()), ref}\n            self._catch_up()",
        "            self.at = ref",
        WATERMARK,
    ),
    Mutant(
        "skipped-events-are-done-too-early",
        "livets/live/commit.py",
        "if not (skipped and self.store.durable):",
        "if True:",
        WATERMARK,
    ),
    Mutant(
        "string-diff-believes-new-markup",
        "livets/render/strings/census.py",
        "if read != source and found != outline(read):",
        "if not nodes:",
        STRINGS,
    ),
    Mutant(
        "string-diff-counts-one-sibling-too-few",
        "livets/render/strings/places.py",
        "steps.append(-passed)",
        "steps.append(1 - passed)",
        STRINGS,
    ),
    Mutant(
        "string-diff-trusts-keys-that-stand-twice",
        "livets/render/strings/edits.py",
        "return key not in self.doubles",
        "return True",
        STRINGS,
    ),
    Mutant(
        "string-diff-forgets-the-line-end-of-pre",
        "livets/render/strings/siblings.py",
        "if place.first and place.parent in DROPS_LINE_END and not self._proof.names:",
        "if False:",
        STRINGS,
    ),
    Mutant(
        "string-diff-moves-the-wrong-nodes",
        "livets/render/strings/align.py",
        "            step[0] -= lead",
        "            step[0] -= min(lead, 1)",
        STRINGS,
    ),
    Mutant(
        "string-diff-takes-the-start-of-a-row-for-the-row",
        "livets/render/strings/cut.py",
        "if starts(row, a + extra) and starts(mark, a + step):",
        "if starts(row, a + extra):",
        STRINGS,
    ),
    Mutant(
        "string-diff-forgets-what-stands-before-the-rows",
        "livets/render/strings/cut.py",
        "    if a > window.old_start or c > window.new_start:",
        "    if a > window.old_start:",
        STRINGS,
    ),
    Mutant(
        "string-diff-nests-what-is-void",
        "livets/render/strings/cells.py",
        '    if name in VOID:\n        return ""',
        '    if not name:\n        return ""',
        STRINGS,
    ),
    Mutant(
        "sandbox-without-a-filter",
        "livets/engine/sandbox/inside/worker.py",
        'if spec["seccomp"]:',
        "if not spec:",
        f"{REACH_OUT}::test_connecting_out",
    ),
    Mutant(
        "sandbox-without-landlock",
        "livets/engine/sandbox/inside/worker.py",
        'if spec["landlock"]:',
        "if not spec:",
        f"{REACH_OUT}::test_reading_a_file_by_its_path",
    ),
    Mutant(
        "sandbox-keeps-the-network",
        "livets/engine/sandbox/inside/cell.py",
        "system.NEW_PID | system.NEW_NET |",
        "system.NEW_PID |",
        f"{REACH_OUT}::test_connecting_out",
    ),
    Mutant(
        "sandbox-hands-over-open-files",
        "livets/engine/sandbox/inside/worker.py",
        "os.close(request)",
        "os.fstat(request)",
        f"{REACH_OUT}::test_files_that_we_have_open",
    ),
    Mutant(
        "sandbox-stays-root",
        "livets/engine/sandbox/inside/worker.py",
        "os.setresuid(NOBODY, NOBODY, NOBODY)",
        "os.setresuid(0, 0, 0)",
        f"{REACH_OUT}::test_who_it_is",
    ),
    Mutant(
        "sandbox-sums-up-no-memory",
        "livets/engine/sandbox/inside/guard.py",
        "elif held > self._limits",
        "elif held < 0 > self._limits",
        f"{USE_UP}::test_memory_of_many_processes_each_below_the_limit",
    ),
    Mutant(
        "sandbox-lets-code-fork",
        "livets/engine/sandbox/inside/seccomp.py",
        "        if programs:\n            return [*load",
        "        if not programs:\n            return [*load",
        f"{USE_UP}::test_no_processes_at_all_for_code",
    ),
)


def failing(checkout: Path, tests: str) -> str:
    """Run tests of a checkout; what is said of the first that fails. Anything but passed or failed is an error."""
    # Method "thread" ends the process: a mutant that makes a test wait for ever would be shrunk for ever otherwise.
    limits = ["--timeout", "20", "--timeout-method", "thread"]
    command = [sys.executable, "-m", "pytest", *tests.split(), "-q", "-x", "--no-header", *limits]
    run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    if run.returncode and not any(word in run.stdout + run.stderr for word in (" failed", "Timeout")):
        raise SystemExit(
            f"pytest {tests} could not run (exit code {run.returncode}):\n{run.stdout[-3000:]}{run.stderr}"
        )
    return run.stdout[-3000:] if run.returncode else ""


def main(names: list[str]) -> int:
    """Try every mutant; returns the exit code."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    if len(chosen) < len(names):
        print(f"mutants: there are only {', '.join(mutant.name for mutant in MUTANTS)}", file=sys.stderr)
        return 2
    missed = []
    with tempfile.TemporaryDirectory(prefix="livets-mutants-") as directory:
        checkout = Path(directory) / "livets"
        skip = shutil.ignore_patterns(".git", ".venv", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, checkout, ignore=skip)
        for tests in sorted({mutant.tests for mutant in chosen}):
            if said := failing(checkout, tests):
                raise SystemExit(f"{said}\nmutants: {tests} fails without any mutant; mend that first")
        for mutant in chosen:
            path = checkout / mutant.file
            sound = path.read_text()
            if sound.count(mutant.old) != 1:
                raise SystemExit(
                    f"mutants: {mutant.name}: its text is not (or not once) in {mutant.file}; bring it up to date"
                )
            path.write_text(sound.replace(mutant.old, mutant.new))
            found = failing(checkout, mutant.tests)
            path.write_text(sound)
            print(f"{'found ' if found else 'MISSED'} {mutant.name}  ({mutant.file}, {mutant.tests})", flush=True)
            if not found:
                missed.append(mutant.name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} mutants found")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
