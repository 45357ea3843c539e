"""How people are called here, and by which names they are found."""

from collections.abc import Sequence

from tertulia.core.ids import MAX_NUMBER, AccountId, in_base_36
from tertulia.core.model import Account
from tertulia.core.text import key, nfc

MAX_NAME = 15
"""Characters of a username (Astrak document, Зарегистрироваться)."""

GENERATED = "u"
"""A made-up username is this and the account's number in base 36: at most 12 characters."""

DELETED = "deleted"
"""The username of who is not there any more."""


def is_name(text: str) -> bool:
    """Whether it can be a username: letters and digits of any script, `_`, `.`, `-`; not digits alone."""
    return (
        0 < len(text) <= MAX_NAME
        and all(sign.isalpha() or sign.isdecimal() or sign in "_.-" for sign in text)
        and not text.isdecimal()
    )


def username(account: Account | None) -> str:
    """The login, if it can be a username, else one that is made up; DELETED for nobody."""
    if account is None:
        return DELETED
    return f"{GENERATED}{in_base_36(account.id)}" if is_made_up(account) else nfc(account.login)


def is_made_up(account: Account) -> bool:
    """Whether the account's own name does not fit here.

    That of a bot leads nowhere, so somebody else could take it; DELETED stands for who is gone.
    """
    return bool(account.bot) or not is_name(nfc(account.login)) or is_nobodys(account.login)


def is_nobodys(name: str) -> bool:
    """Whether that is what everybody is called who is gone: no name of anybody else."""
    return key(name) == DELETED


def usernames(accounts: Sequence[Account]) -> dict[int, str]:
    """The usernames of these, by number."""
    return {account.id: username(account) for account in accounts}


def number_in(name: str) -> AccountId | None:
    """The account whose made-up username that would be; None: it is none."""
    folded = key(name)
    digits = folded.removeprefix(GENERATED)
    if digits == folded or not digits or not (digits.isascii() and digits.isalnum()):
        return None
    if digits.startswith("0") or len(digits) > MAX_NAME:
        return None
    number = int(digits, 36)
    return AccountId(number) if number <= MAX_NUMBER else None
