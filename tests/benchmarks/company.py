"""The practice company in a process of its own, with Intuit's limits on."""

import multiprocessing
from collections.abc import MutableSequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

import backlog
from skipping import CELLS, SkippingClock

from qbdesk.practice.intuit.writes import perform_write
from qbdesk.practice.serve import PracticeServer
from qbdesk.practice.switches import Switches
from qbdesk.practice.world import PracticeWorld

_SPAWN = multiprocessing.get_context("spawn")  # a process that shares nothing but the clock


@dataclass(frozen=True)
class Arrived:
    """What has arrived at the company so far, and what came of it."""

    reads: int
    writes: int
    batches: int
    throttled: int
    invoices: int
    payments: int

    def since(self, before: "Arrived") -> "Arrived":
        return Arrived(*(now - then for now, then in zip(self._all, before._all, strict=True)))

    @property
    def _all(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    @property
    def requests(self) -> int:
        return self.reads + self.writes + self.batches

    @property
    def metered(self) -> int:
        return self.reads + self.batches


class Company:
    """A practice company behind a port, for one measurement.

    Attributes:
        clock: The time, which the company goes by as well.
        place: Where it is, as `PracticeServer.describe` tells.
    """

    def __init__(self, *, real: bool = False, limits: bool = True) -> None:
        shared = _SPAWN.RawArray("d", CELLS)
        self.clock = SkippingClock(shared, real=real)
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve, args=(shared, theirs, real, limits), daemon=True
        )

    def __enter__(self) -> "Company":
        self._process.start()
        self.place: dict[str, Any] = self._pipe.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.send(None)
        self._process.join()

    def add_customers(self, first: int, count: int) -> None:
        """Those of these numbers that are not new stand in QuickBooks already."""
        self._ask("customers", first, count)

    def show(self, first: int, count: int, clients: int | None = None) -> None:
        """Invoices of these numbers turn paid at the source: each of a customer of its own, or of
        so many known ones in turn."""
        self._ask("invoices", first, count, clients)

    def show_for(self, number: int, client: int) -> None:
        """One invoice of that number turns paid, for the customer of another number."""
        self._ask("invoice", number, client)

    def arrived(self) -> Arrived:
        found = self._ask("arrived")
        assert isinstance(found, Arrived)
        return found

    def _ask(self, *words: Any) -> Any:
        self._pipe.send(words)
        return self._pipe.recv()


def _serve(shared: MutableSequence[float], pipe: Connection, real: bool, limits: bool) -> None:
    clock = SkippingClock(shared, 1, real=real)
    world = PracticeWorld(invoices=0, seed=7, clock=clock, switches=Switches(limits=limits))
    with PracticeServer(world) as server:
        pipe.send(server.describe())
        while (words := pipe.recv()) is not None:
            pipe.send(_done(world, *words))


def _done(
    world: PracticeWorld, what: str, first: int = 0, count: int = 0, clients: int | None = None
) -> Any:
    numbers = range(first, first + count)
    if what == "customers":
        for number in numbers:
            if not backlog.is_new(number):
                add_customer(world, number)
    elif what == "invoices":
        for number in numbers:
            world.feed.put(backlog.invoice(number, world.clock(), clients=clients))
    elif what == "invoice":
        world.feed.put(backlog.invoice(first, world.clock(), client=count))
    else:
        return arrived(world)
    return None


def add_customer(world: PracticeWorld, number: int) -> None:
    """A customer that somebody entered long ago."""
    client = backlog.customer(number)
    body = {"DisplayName": client["name"], "PrimaryEmailAddr": {"Address": client["email"]}}
    perform_write(world.company, "Customer", body, "create", frozenset())


def arrived(world: PracticeWorld) -> Arrived:
    counts, entities = world.company.requests, world.company.books.entities
    return Arrived(
        counts.reads,
        counts.writes,
        counts.batches,
        counts.throttled,
        len(entities["Invoice"]),
        len(entities["Payment"]),
    )
