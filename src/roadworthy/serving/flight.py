"""Calls in flight, so that a kill reaches those that already run, waiting ones included."""

from __future__ import annotations

from typing import Any, Protocol

from roadworthy.domain import Call, KillFlag, RoutingTable


class Running(Protocol):
    """What runs a call: an asyncio.Task."""

    def cancel(self) -> Any:
        """Interrupt it where it waits."""

    def uncancel(self) -> Any:
        """Take the interruption back; it goes on."""


class Ticket:
    """One call in flight. `kill` is set once the scope was stopped."""

    __slots__ = ("call", "kill", "task", "waiting")

    def __init__(self, call: Call, task: Running | None) -> None:
        self.call = call
        self.kill: KillFlag | None = None
        self.task = task
        self.waiting = False
        """True while the call waits for its model, where it may be interrupted."""

    def stopped(self) -> bool:
        """Whether a kill flag covers this call."""
        return self.kill is not None


class Flight:
    """Every call of one worker that has not ended."""

    def __init__(self) -> None:
        self._tickets: dict[int, Ticket] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def aboard(self) -> frozenset[int]:
        """Marks of the calls in flight now; one that lands takes its mark along."""
        return frozenset(self._tickets)

    def board(self, call: Call, task: Running | None) -> Ticket:
        """A ticket for a call that begins; give it to `land` however the call ends."""
        ticket = Ticket(call, task)
        self._tickets[id(ticket)] = ticket
        return ticket

    def land(self, ticket: Ticket) -> None:
        """The call has ended."""
        del self._tickets[id(ticket)]

    def obey(self, table: RoutingTable) -> int:
        """Stop every call that a kill flag of the table covers; returns how many.

        A call that waits for its model is woken by cancellation; any other sees its ticket
        before its next piece leaves.
        """
        stopped = 0
        for ticket in list(self._tickets.values()):
            call = ticket.call
            kill = table.killed(system=call.system, tenant=call.tenant, facets=call.facets)
            if kill is None or ticket.kill is not None:
                continue
            ticket.kill = kill
            stopped += 1
            if ticket.waiting and ticket.task is not None:
                ticket.task.cancel()
        return stopped
