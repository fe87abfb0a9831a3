"""The parent of a gateway: one listening socket, N workers, one control process.

What enters: where to listen, a plan. What leaves: processes that are restarted when they die,
with growing pauses. What never happens here: an answer, or a reason why a worker should stop
because the control process did.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import EvidenceError, RoadworthyError, UsageError
from roadworthy.flows.batch_store import has_waiting
from roadworthy.journal import forget_states
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.counting import Counting, Restoring, counting_of, recount
from roadworthy.wiring.plan import Plan
from roadworthy_verify.plain_file import open_lock

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between a death and the next start; doubled each time, back to the first after a calm minute."""

CALM_S = 60.0
STOP_S = 25.0
"""A little more than a worker takes to drain; then it is killed."""

WANTED_S = 0.5
"""Between two looks whether a process is wanted that is not always there."""

COUNTS_S = 1.0
"""Between two looks whether a store of counts still knows this machine."""

READY_S = 120.0
"""A worker may load a model before it is ready."""


class Settings(Struct, frozen=True, kw_only=True):
    """Where to listen and with how many."""

    plan: Plan
    host: str
    port: int
    workers: int
    control: bool = True


class Started(Struct, frozen=True, kw_only=True):
    """What is said once all workers are ready."""

    url: str
    workers: tuple[dict[str, Any], ...]
    """Each worker's readiness, as /readyz prints it."""


class Child:
    """One process that is kept alive."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        *,
        fds: tuple[int, ...] = (),
        needed: bool = True,
        wanted: Callable[[], bool] | None = None,
    ) -> None:
        """`needed`: nothing is served where its first start fails; else it is started again.

        `wanted`: it is there only while that says so, and ends by itself.
        """
        self.name = name
        self._argv = argv
        self._fds = fds
        self._needed = needed
        self._wanted = wanted
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def keep(self, say: Callable[[str], None]) -> None:
        """Run it again and again until `stop`."""
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            while self._wanted is not None and not self._wanted() and not self._stopping:
                await asyncio.sleep(WANTED_S)
            if self._stopping and self._wanted is not None:
                return
            began = loop.time()
            code = await self._once()
            if self._stopping:
                return
            if self._wanted is not None and code == 0:
                continue
            if self._needed and not self.ready.done():
                self.ready.set_exception(UsageError(f"{self.name} could not start (exit {code})"))
                return
            pause = FIRST_PAUSE_S if loop.time() - began > CALM_S else pause
            say(f"{self.name} ended ({_ending(code)}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _once(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            pass_fds=self._fds,
        )
        self._process = process
        if self._stopping:
            self._signal(signal.SIGTERM)
        assert process.stdout is not None
        async for line in process.stdout:
            if not self.ready.done():
                with suppress(msgspec.DecodeError):
                    self.ready.set_result(msgspec.json.decode(line))
        return await process.wait()

    async def stop(self, keeper: asyncio.Future[None]) -> None:
        """Tell it to drain; kill it when it does not end."""
        self._stopping = True
        self._signal(signal.SIGTERM)
        done, _ = await asyncio.wait([keeper], timeout=STOP_S)
        if not done:
            self._signal(signal.SIGKILL)
            keeper.cancel()
            await asyncio.wait([keeper])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


async def supervise(
    settings: Settings, *, on_ready: Callable[[Started], None], say: Callable[[str], None]
) -> None:
    """Run the gateway until SIGTERM or SIGINT. Raises UsageError when it cannot start."""
    listener = listen(settings.host, settings.port)
    workspace = Workspace(Path(settings.plan.workspace))
    with listener, only_one(workspace.root, _address(listener)):
        if settings.control and settings.plan.control_port:  # said now, not by a child that dies
            listen("127.0.0.1", settings.plan.control_port, option="--control-port").close()
        with suppress(OSError):
            forget_states(workspace.workers)
        counting = counting_of(settings.plan.roots.values())
        try:
            recount(workspace, SystemClock(), counting)
        except EvidenceError as error:
            say(f"tenants with limits are refused: {error.message}. {error.fix}")
        following = asyncio.ensure_future(_follow_counts(workspace, counting, say))
        try:
            await _supervise(settings, listener, workspace, on_ready, say)
        finally:
            following.cancel()


async def _follow_counts(
    workspace: Workspace, counting: Counting, say: Callable[[str], None]
) -> None:
    """Counts that several machines share may be lost there: then they are counted anew here."""
    if not counting.shared:
        return
    restoring, fault = Restoring(workspace, SystemClock(), counting), ""
    while True:
        await asyncio.sleep(COUNTS_S)
        try:
            if await asyncio.to_thread(restoring.look):
                say("limits had to be counted anew: their store did not know this machine any more")
            fault = ""
        except (RoadworthyError, OSError) as error:
            if str(error) != fault:
                say(f"tenants with limits cannot be counted together: {error}")
            fault = str(error)


async def _supervise(
    settings: Settings,
    listener: socket.socket,
    workspace: Workspace,
    on_ready: Callable[[Started], None],
    say: Callable[[str], None],
) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    children = [_worker(settings, n, listener) for n in range(1, settings.workers + 1)]
    workers = list(children)
    children.append(_batches(settings, workspace))
    answering = len(children)
    if settings.control:
        children.append(_control(settings))
    keepers = [asyncio.ensure_future(child.keep(say)) for child in children]
    try:
        ready = asyncio.gather(*(child.ready for child in workers))
        stopped = asyncio.ensure_future(over.wait())
        first: list[asyncio.Future[Any]] = [ready, stopped]
        await asyncio.wait(first, timeout=READY_S, return_when="FIRST_COMPLETED")
        if not over.is_set():
            if not ready.done():
                raise UsageError(f"no worker was ready within {READY_S:.0f} s")
            on_ready(Started(url=_address(listener), workers=tuple(await ready)))
            await stopped
        ready.cancel()
    finally:
        listener.close()  # whoever comes now is refused at once, and not left waiting
        pairs = list(zip(children, keepers, strict=True))
        await asyncio.gather(*(child.stop(keeper) for child, keeper in pairs[:answering]))
        for child, keeper in pairs[answering:]:  # last: it records what the others ended with
            await child.stop(keeper)


@contextmanager
def only_one(workspace: Path, address: str) -> Iterator[None]:
    """Hold the workspace for this gateway; the kernel lets go when the process ends, however.

    Two would write the same journal and record every answer twice. The folder itself is held, as
    the lock's file can be moved away; the file says who it is. Raises UsageError that says who
    serves, EvidenceError when the lock cannot be kept.
    """
    path = workspace / "serving" / "gateway.lock"
    with ExitStack() as held:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            held.callback(os.close, folder)
            handle = open_lock(path)
            held.callback(os.close, handle)
        except OSError as error:
            raise EvidenceError(f"{path} cannot be opened: {error.strerror}") from error
        if not (_take(folder, forgiven=_NO_LOCKS) and _take(handle)):
            who = os.pread(handle, 200, 0).decode("ascii", "replace").strip() or "another process"
            raise UsageError(
                f"{workspace} is served already: {who}",
                fix="stop that one first (SIGTERM drains it); one gateway serves all systems of a"
                " workspace, with --workers for more processes",
            )
        with suppress(OSError):  # who it is, is a courtesy: a full disk keeps nobody from serving
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{address}, process {os.getpid()}\n".encode(), 0)
        yield


_NO_LOCKS = (errno.EBADF, errno.ENOTSUP, errno.EINVAL)
"""What a file system says that locks no folders (NFS): then the file's lock is the only one."""


def _take(handle: int, *, forgiven: tuple[int, ...] = ()) -> bool:
    """Whether nobody else holds it. Raises EvidenceError."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in forgiven:
            raise EvidenceError(f"the workspace cannot be locked: {error.strerror}") from error
    return True


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """The one socket that every worker accepts on: a dead worker's share goes to the others.

    Raises UsageError that names the option for another port.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror}", fix=f"choose another {option}"
        ) from None
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def _worker(settings: Settings, number: int, listener: socket.socket) -> Child:
    plan = structs.replace(settings.plan, worker=f"w{number}")
    argv = [sys.executable, "-m", "roadworthy.gateway.worker", str(listener.fileno())]
    argv.append(msgspec.json.encode(plan).decode())
    return Child(f"worker {number}", argv, fds=(listener.fileno(),))


def _control(settings: Settings) -> Child:
    plan = structs.replace(settings.plan, worker="control")
    argv = [sys.executable, "-m", "roadworthy.gateway.control"]
    argv.append(msgspec.json.encode(plan).decode())
    return Child("the control process", argv, needed=False)


def _batches(settings: Settings, workspace: Workspace) -> Child:
    plan = structs.replace(settings.plan, worker="batch")
    argv = [sys.executable, "-m", "roadworthy.gateway.batcher"]
    argv.append(msgspec.json.encode(plan).decode())
    place = workspace.batches
    return Child("the batch process", argv, needed=False, wanted=lambda: has_waiting(place))


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
