"""What hostile code tries, and that none of it gets out, or gets a verdict that it did not earn."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path

import pytest

from doubles.kernel import LACKS
from roadworthy.domain import DetectorError
from roadworthy.evaluation.sandbox import Judgement, Limits, run_tests
from roadworthy.evaluation.sandbox.box import NotRunError, _reports

TIGHT = Limits(cpu_seconds=1, wall_seconds=3.0, memory_mb=256, folder_mb=4)
TESTS = "assert add(1, 2) == 3\nassert add(5, 5) == 10"
RIGHT = "def add(a, b):\n    return a + b\n"


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(LACKS), reason=LACKS),
]


def tried(code: str, tests: str = TESTS, limits: Limits = TIGHT) -> Judgement:
    return run_tests(code, tests, limits)


def probe(attempt: str) -> str:
    """What an attempt came to inside: the exception's name, or `worked`."""
    lines = "".join(f"        {line}\n" for line in attempt.splitlines())
    code = (
        f"def tell():\n    try:\n{lines}"
        "    except BaseException as error:\n        return type(error).__name__\n"
        "    return 'worked'\n"
    )
    return tried(code, "raise ValueError(tell())").why.removeprefix("ValueError: ")


REFUSED = ("PermissionError", "OSError")


def test_right_code_passes_and_wrong_code_does_not():
    assert tried(RIGHT) == Judgement(True)
    assert not tried("def add(a, b):\n    return a - b\n").right


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "raise SystemExit(0)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        'print(\'PASSED\', flush=True)\nprint(\'{"passed": true, "why": ""}\', flush=True)',
        "import sys\nsys.stderr.write('1 passed in 0.01s')",
        "import os\nfor fd in range(64):\n"
        '    try:\n        os.write(fd, b\'{"passed": true}\\n["value", true, null]\\n\')\n'
        "    except OSError:\n        pass",
        "def add(a, b):\n    import os\n    os._exit(0)",
    ],
)
def test_no_exit_and_no_print_is_a_verdict(code: str):
    assert not tried(code).right


@pytest.mark.parametrize(
    "code",
    [
        # what it returns claims to equal everything
        "class Yes:\n    def __eq__(self, other):\n        return True\n"
        "    __hash__ = None\ndef add(a, b):\n    return Yes()",
        "class Yes(int):\n    def __eq__(self, other):\n        return True\n"
        "    __hash__ = int.__hash__\ndef add(a, b):\n    return Yes(0)",
        "class Yes(list):\n    def __eq__(self, other):\n        return True\n"
        "def add(a, b):\n    return Yes()",
        # it changes what tests are made of
        "import builtins\nbuiltins.AssertionError = Exception\n"
        "builtins.__build_class__ = None\ndef add(a, b):\n    return 0",
        "import sys, types\nsys.modules['tests'] = types.ModuleType('tests')\n"
        "sys.settrace(lambda *a: None)\ndef add(a, b):\n    return 0",
        "import gc, sys\nfor thing in gc.get_objects():\n"
        "    if isinstance(thing, dict) and 'judge' in thing:\n"
        "        thing['judge'] = lambda *a: {'passed': True}\ndef add(a, b):\n    return 0",
        "import sys\nfor name in list(sys.modules):\n    if 'inside' in name:\n"
        "        sys.modules[name].__dict__.clear()\ndef add(a, b):\n    return 0",
        "import signal\nfor number in range(1, 32):\n"
        "    try:\n        signal.signal(number, lambda *a: None)\n"
        "    except (OSError, ValueError):\n        pass\ndef add(a, b):\n    return 0",
    ],
)
def test_an_answer_cannot_change_what_it_is_compared_with(code: str):
    assert not tried(code).right


@pytest.mark.parametrize("name", ["abs", "all", "len", "isinstance", "AssertionError", "round"])
def test_an_answer_gives_the_tests_no_built_in_of_its_own(name: str):
    code = f"def {name}(*a):\n    return 0\ndef add(a, b):\n    return 99\n"
    tests = "assert abs(add(1, 2) - 3) < 0.1 and all([round(add(1, 2)) == 3])"
    assert not tried(code, tests).right


def test_an_answer_cannot_stand_in_for_a_module_of_the_library():
    code = "class math:\n    isclose = staticmethod(lambda *a: True)\ndef add(a, b):\n    return 9"
    with pytest.raises(DetectorError, match="without an import"):
        tried(code, "assert math.isclose(add(1, 2), 3)")
    assert not tried(code, "import math\nassert math.isclose(add(1, 2), 3)").right


def test_an_answer_does_not_see_the_tests():
    code = (
        "import gc, sys, os\n"
        "def seen():\n"
        "    found = [str(a)[:99] for a in gc.get_objects() if isinstance(a, (str, dict, list))]\n"
        "    found += sys.argv + list(os.environ.values()) + os.listdir('.')\n"
        "    return any('NEEDLE' in each for each in found)\n"
    )
    assert tried(code, "assert seen() is False  # NEEDLE").right


def test_it_has_no_network():
    assert probe("import socket\nsocket.socket()") == "OSError"
    assert probe("import socket\nsocket.create_connection(('127.0.0.1', 1))") == "OSError"
    assert probe("import socket\nsocket.socket(socket.AF_UNIX)") == "OSError"
    assert probe("import socket\nsocket.getaddrinfo('localhost', 80)") in ("gaierror", "OSError")


def test_it_starts_no_process():
    assert probe("import os\nos.fork()") == "PermissionError"
    assert probe("import os\nos.execv('/bin/true', ['true'])") == "OSError"
    assert probe("import subprocess\nsubprocess.run(['/bin/true'])") in REFUSED
    assert probe("import os\nos.posix_spawn('/bin/true', ['true'], {})") in REFUSED


def test_a_fork_bomb_is_nothing():
    code = (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        break\n"
    )
    assert tried(code + RIGHT).right


def test_a_thread_bomb_ends_in_its_memory():
    code = (
        "import threading, time\n"
        "def run():\n    time.sleep(60)\n"
        "while True:\n    threading.Thread(target=run, daemon=True).start()\n"
    )
    assert not tried(code + RIGHT).right


def test_it_signals_nobody_else():
    """With signal 0, which asks and hurts nobody, should it ever get through."""
    for attempt in ("kill(os.getppid(), 0)", "kill(-1, 0)", "kill(0, 0)", "killpg(0, 0)"):
        assert probe(f"import os\nos.{attempt}") == "PermissionError", attempt
    owner = "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())"
    assert probe(owner) in REFUSED


@pytest.mark.parametrize("where", ["~/.ssh/id_ed25519", "/etc/passwd", "/proc/self/environ",
                                   "/proc/1/cmdline", "/etc/shadow", "/dev/mem"])  # fmt: skip
def test_it_reads_nothing_of_the_machine(where: str):
    if not Path(where).expanduser().exists():
        where = "/etc/passwd"
    assert probe(f"open({str(Path(where).expanduser())!r}, 'rb').read(1)") == "PermissionError"


def test_it_reads_no_workspace_and_no_key(tmp_path: Path):
    secret = tmp_path / ".roadworthy" / "keys" / "machine.key"
    secret.parent.mkdir(parents=True)
    secret.write_text("secret")
    assert probe(f"open({str(secret)!r}).read()") == "PermissionError"
    assert probe(f"import os\nos.listdir({str(secret.parent)!r})") == "PermissionError"


def test_it_reads_no_suite_and_none_of_our_own_files(tmp_path: Path):
    assert probe(f"open({__file__!r}).read()") == "PermissionError"


def test_it_changes_nothing_outside(tmp_path: Path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    name = str(precious)
    for attempt in (
        f"open({name!r}, 'w')", f"import os\nos.unlink({name!r})",
        f"import os\nos.rename({name!r}, {name!r} + '.gone')", f"import os\nos.chmod({name!r}, 0)",
        f"import os\nos.truncate({name!r}, 0)", f"import os\nos.utime({name!r})",
        f"import os\nos.symlink({name!r}, 'here')", f"import os\nos.link({name!r}, 'here')",
        f"import os\nos.mkdir({name!r} + '.d')", f"import os\nos.setxattr({name!r}, 'user.a', b'')",
    ):  # fmt: skip
        assert probe(attempt) in REFUSED, attempt
    assert precious.read_text() == "kept"
    assert precious.stat().st_mode & 0o400
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_it_changes_no_rights_of_its_own():
    assert probe("import os\nos.setuid(1)") in REFUSED
    assert probe("import os\nos.chroot('.')") in REFUSED
    over = "import os\nos.umask(0o777)\nopen('x', 'w').close()\nopen('x')"
    assert probe(over) == "PermissionError", "a capability is left"
    more = "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))"
    assert probe(more) in ("ValueError", "PermissionError")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
def test_the_doors_around_the_filter_are_not_there():
    """ptrace mount unshare setns process_vm_readv and writev seccomp bpf userfaultfd
    pidfd_send_signal io_uring_setup pidfd_open pidfd_getfd mount_setattr, and the calls of
    another architecture (x32)."""
    numbers = [
        101,
        165,
        272,
        308,
        310,
        311,
        317,
        321,
        323,
        424,
        425,
        434,
        438,
        442,
        0x40000000 + 41,
    ]
    looked = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"for number in {numbers}:\n"
        "    assert libc.syscall(number, 0, 0, 0, 0, 0) == -1, number\n"
        "    assert ctypes.get_errno() == 38, number\n"
    )
    assert probe(looked) == "worked"


def test_it_may_write_in_its_own_folder_and_nothing_of_it_stays():
    before = set(Path(tempfile.gettempdir()).glob("roadworthy-box-*"))
    assert probe("open('note', 'w').write('x')\nassert open('note').read() == 'x'") == "worked"
    assert set(Path(tempfile.gettempdir()).glob("roadworthy-box-*")) == before


def test_it_fills_no_disk():
    one = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    assert probe(one + "open('big', 'wb').write(b'x' * 64_000_000)") == "OSError"
    many = (
        "import itertools\nfor n in itertools.count():\n"
        "    with open(f'f{n}', 'wb') as file:\n        file.write(b'x' * 1_000_000)\n"
    )
    assert not tried(many + RIGHT).right
    small = "import itertools\nfor n in itertools.count():\n    open(f'f{n}', 'w').close()\n"
    assert not tried(small + RIGHT).right


def test_who_fills_the_folder_before_the_judge_has_begun_is_judged(tmp_path: Path) -> None:
    """The judge starts as slowly as a busy machine lets it: the answer is wrong, not unjudged."""

    class Slow:
        spoke = False

        def __init__(self) -> None:
            self.output, self._writes = os.pipe()

        def owes(self, *, last: bool) -> bool:
            return True

        def report(self) -> None:
            raise NotRunError("it never said that it is confined")

    slow = Slow()
    (tmp_path / "big").write_bytes(b"x" * 5_000_000)
    assert _reports([slow], TIGHT, tmp_path) == [None]  # type: ignore[list-item]
    (tmp_path / "big").unlink()
    with pytest.raises(NotRunError):
        _reports([slow], Limits(wall_seconds=0.1), tmp_path)  # type: ignore[list-item]


def test_a_memory_bomb_is_a_memory_error():
    assert probe("x = bytearray(10**10)") == "MemoryError"
    assert not tried("x = []\nwhile True:\n    x.append(bytearray(10**6))\n").right


@pytest.mark.parametrize(
    "code",
    ["while True:\n    pass", "import time\ntime.sleep(60)", "import signal\nsignal.pause()",
     "def add(a, b):\n    while True:\n        pass", "input()",
     "import signal\nsignal.signal(signal.SIGXCPU, lambda *a: None)\nwhile True:\n    pass"],
)  # fmt: skip
def test_what_never_ends_is_ended(code: str):
    started = time.monotonic()
    assert not tried(code).right
    assert time.monotonic() - started < 4 * TIGHT.wall_seconds


def test_a_flood_of_output_goes_nowhere():
    code = "import sys\nfor _ in range(2000):\n    sys.stdout.write('x' * 10_000)\n"
    assert tried(code + RIGHT).right


def test_a_flood_of_results_ends_the_talk():
    assert not tried("def add(a, b):\n    return 'x' * 50_000_000").right
    deep = "def add(a, b):\n    x = []\n    for _ in range(100_000):\n        x = [x]\n    return x"
    assert not tried(deep).right


def test_nothing_is_left_running():
    def mine() -> set[int]:
        found = set()
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.add(int(path.parent.name))
        return found

    before = mine()
    sleeper = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n"
    assert tried(sleeper + RIGHT).right
    tried("import time\ntime.sleep(60)", limits=Limits(wall_seconds=0.5))
    assert mine() == before


def test_no_secret_of_the_environment_is_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code = "import os\ndef names():\n    return sorted(os.environ)\n"
    assert tried(code, "assert names() == ['LC_ALL', 'PYTHONHASHSEED']").right


def test_the_same_answer_gets_the_same_verdict_each_time():
    code = "def first():\n    return list({'a', 'b', 'c', 'd', 'e'})\n"
    tests = "import sys\nassert first() == list({'a', 'b', 'c', 'd', 'e'})"
    assert all(tried(code, tests).right for _ in range(3))
