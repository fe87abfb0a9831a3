"""Before a gateway stands: its one listening socket, its hold on the workspace, its counts.

What enters: where to listen, a plan. What leaves: what `children` keeps alive. What never happens
here: an answer, or a second gateway over the same workspace.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, RoadworthyError, UsageError
from roadworthy.flows.batches.store import queue_of
from roadworthy.journal import forget_states
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.counting import Restoring, counting_of, recount
from roadworthy.wiring.plan import Plan
from roadworthy_verify.plain_file import open_lock

from .child import NotStartedError
from .children import Standing, Started, stand

COUNTS_S = 1.0
"""Between two looks whether a store of counts still knows this machine."""


class Settings(Struct, frozen=True, kw_only=True):
    """Where to listen and with how many."""

    plan: Plan
    host: str
    port: int
    workers: int
    control: bool = True


def supervise(
    settings: Settings, *, on_ready: Callable[[Started], None], say: Callable[[str], None]
) -> None:
    """Run the gateway in this process's main thread until SIGTERM or SIGINT. Raises UsageError."""
    with prepared(settings, say) as standing:
        follow_counts(settings.plan, say)
        try:
            stand(standing, on_ready=on_ready, say=say)
        except NotStartedError as error:
            raise UsageError(str(error)) from None


@contextmanager
def prepared(settings: Settings, say: Callable[[str], None]) -> Iterator[Standing]:
    """Take the address and the workspace, and see that what is counted is known.

    The workspace is let go at the end. Raises UsageError when the gateway cannot start.
    """
    listener = listen(settings.host, settings.port)
    workspace = Workspace(Path(settings.plan.workspace))
    with listener, only_one(workspace.root, _address(listener)) as held:
        if settings.control and settings.plan.control_port:  # said now, not by a child that dies
            listen("127.0.0.1", settings.plan.control_port, option="--control-port").close()
        with suppress(OSError):
            forget_states(workspace.workers)
        try:
            recount(workspace, SystemClock(), counting_of(settings.plan.roots.values()))
        except EvidenceError as error:
            say(f"tenants with limits are refused: {error.message}. {error.fix}")
        url = _address(listener)
        yield Standing(
            url=url,
            listener=listener.detach(),
            held=held,
            plan=msgspec.to_builtins(settings.plan),
            workers=settings.workers,
            waiting=str(queue_of(workspace.batches)),
            control=settings.control,
        )


def counts_shared(plan: Plan) -> bool:
    """Whether several machines count together, so that `follow_counts` has something to do."""
    return counting_of(plan.roots.values()).shared


def follow_counts(plan: Plan, say: Callable[[str], None]) -> None:
    """Counts that several machines share may be lost there: then they are counted anew here.

    In a thread of its own, which ends with the process.
    """
    counting = counting_of(plan.roots.values())
    if counting.shared:
        restoring = Restoring(Workspace(Path(plan.workspace)), SystemClock(), counting)
        threading.Thread(target=_follow, args=(restoring, say), daemon=True).start()


def _follow(restoring: Restoring, say: Callable[[str], None]) -> None:
    fault = ""
    while True:
        time.sleep(COUNTS_S)
        try:
            if restoring.look():
                say("limits had to be counted anew: their store did not know this machine any more")
            fault = ""
        except (RoadworthyError, OSError) as error:
            if str(error) != fault:
                say(f"tenants with limits cannot be counted together: {error}")
            fault = str(error)


@contextmanager
def only_one(workspace: Path, address: str) -> Iterator[tuple[int, ...]]:
    """Hold the workspace for this gateway; the kernel lets go when the process ends, however.

    Gives the descriptors that hold it.

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
        yield folder, handle


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
