"""Passwords, hashed with argon2id in threads of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tertulia.core.errors import Unavailable
from tertulia.core.text import nfc

T = TypeVar("T")

THREADS = 2
MOST_WAITING = 4_096
"""Passwords: a minute's work. A crowd that signs in after a restart waits; beyond it, one is refused."""


class Argon2Passwords:
    """`core.ports.Passwords`. Two hashes at a time: 19 MiB and 30 ms each.

    A password is the same however its accents were typed: keyboards differ.
    """

    def __init__(self, *, memory_kib: int = 19_456, rounds: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(THREADS, "passwords")
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """See the port."""
        return await self._in_thread(self._hash, password)

    async def matches(self, hashed: str | None, password: str) -> bool:
        """See the port."""
        return await self._in_thread(self._matches, hashed, password)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(nfc(password))

    def _matches(self, hashed: str | None, password: str) -> bool:
        composed = nfc(password)
        fits = self._verify(hashed, composed)
        # Hashes of earlier versions are of what was typed.
        return fits or (composed != password and self._verify(hashed, password))

    def _verify(self, hashed: str | None, password: str) -> bool:
        try:
            self._hasher.verify(hashed or self._hash_of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None

    def _hash_of_nobody(self) -> str:
        """What a password is checked against when there is no account: it takes as long."""
        if self._nobodys is None:
            self._nobodys = self._hasher.hash("nobody's password")
        return self._nobodys

    async def _in_thread(self, work: Callable[..., T], *args: object) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("password check")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
