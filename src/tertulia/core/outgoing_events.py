"""What changes for who makes the calls outside: hooks, and pushes. Told to nobody outside.

One process makes these calls, and remembers whom it calls; any may change that. Events are explained, and
imported, where all of them stand: `core.events`.
"""

from dataclasses import dataclass

from tertulia.core.ids import AccountId, HookId


@dataclass(frozen=True, slots=True)
class HookChanged:
    """A hook is there, is another one than before, or is gone.

    `kind`: of which errands it is. `anew`: its course has begun, or ended; otherwise that goes on.
    """

    hook_id: HookId
    kind: str
    anew: bool = True
    origin: int = 0


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The account has a subscription for pushes."""

    account_id: AccountId
    origin: int = 0


@dataclass(frozen=True, slots=True)
class PushesPut:
    """Pushes wait, those with numbers after `after` and up to `upto`; who put them does not send them."""

    after: int
    upto: int
    origin: int = 0
