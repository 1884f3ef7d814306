"""Queue items fairly between networks: least recently served first.

So a network's first request precedes all further requests of others.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

# networks whose last turn is stored
MAX_NETWORKS = 4096


class FairQueue(Generic[T]):
    def __init__(self) -> None:
        self.length = 0
        self.networks: dict[str, deque[T]] = {}
        self.last_turns: dict[str, int] = {}
        self.numbers = count(1)

    def add(self, network: str, item: T) -> None:
        self.networks.setdefault(network, deque()).append(item)
        self.length += 1

    def pop(self) -> T:
        """Remove the first item of the network whose turn it is."""
        network = min(self.networks, key=lambda one: self.last_turns.get(one, 0))
        self.note_turn(network)
        item = self.networks[network].popleft()
        self._shrink(network)
        return item

    def pop_last_of(self, network: str) -> T:
        item = self.networks[network].pop()
        self._shrink(network)
        return item

    def remove(self, network: str, item: T) -> None:
        queue = self.networks.get(network, ())
        if item in queue:
            self.networks[network].remove(item)
            self._shrink(network)

    def count_waiting(self, network: str) -> int:
        return len(self.networks.get(network, ()))

    def note_turn(self, network: str) -> None:
        """Count a turn of a network, also one without waiting."""
        self.last_turns.pop(network, None)
        self.last_turns[network] = next(self.numbers)
        if len(self.last_turns) > MAX_NETWORKS:
            del self.last_turns[next(iter(self.last_turns))]

    def _shrink(self, network: str) -> None:
        self.length -= 1
        if not self.networks[network]:
            del self.networks[network]
