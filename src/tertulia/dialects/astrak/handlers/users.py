"""Users: registering, confirming, signing in and out (Astrak document, Зарегистрироваться and so on)."""

from math import ceil

from starlette.responses import Response

from tertulia.core.errors import Conflict, NotSignedIn, TooMuch
from tertulia.core.ids import AccountId
from tertulia.core.phones import is_number
from tertulia.core.registrations import MAX_PASSWORD, MIN_PASSWORD, Applicant
from tertulia.core.signin import new_secret
from tertulia.dialects.astrak.desk import MOST_TOKENS, NAME, Asked, done, new_grant
from tertulia.dialects.astrak.names import is_name, is_nobodys, number_in, username


async def register(asked: Asked) -> Response:
    """Send a code to the phone; the account is there once it is shown (document, Зарегистрироваться).

    `invite` is ours: the token of one, where the operator asks for it.
    """
    params = asked.params
    invite = params.text("invite") or ""
    password = params.need_text("password")
    name = params.need_text("username")
    phone = params.need_name("phone")
    _count(asked)
    if is_name(name) and MIN_PASSWORD <= len(password) <= MAX_PASSWORD and is_number(phone):
        await _need_free(asked, name)
    grant = new_grant()
    registered = await asked.core.registrations.register(
        Applicant(name, password, phone, invite), dialect=NAME, device=new_secret(), grants=(grant,)
    )
    return done(token=grant.text, id=registered.account_id)


def _count(asked: Asked) -> None:
    registrations = asked.desk.registrations
    wait_s = registrations.wait_s(asked.peer)
    if wait_s:
        raise TooMuch("registrations", ceil(wait_s))
    registrations.count(asked.peer)


async def confirm(asked: Asked) -> Response:
    """The account is there from now on; the token of its registration works (document, Подтвердить)."""
    code = asked.params.need_name("code")
    phone = asked.params.need_name("phone")
    account = await asked.core.registrations.confirm(phone, code)
    return done(id=account.id, username=username(account))


async def login(asked: Asked) -> Response:
    """A token for a name and a password (document, Зайти в систему)."""
    password = asked.params.need_text("password")
    name = asked.params.need_text("username")
    proven = await asked.core.signin.by_name(name, password)
    grant = new_grant()
    await asked.core.signin.open(proven, NAME, new_secret(), "", (grant,), keep_newest=MOST_TOKENS)
    account = proven.account
    return done(token=grant.text, id=account.id, username=username(account))


async def check(asked: Asked) -> Response:
    """Whose token it is (document, Проверить токен на валидность)."""
    session = await asked.session()
    accounts = await asked.core.accounts.several([session.account_id])
    if not accounts:
        raise NotSignedIn("token")
    return done(id=session.account_id, username=username(accounts[0]))


async def logout(asked: Asked) -> Response:
    """The token is void."""
    await asked.core.signin.close(await asked.session())
    return done()


async def _need_free(asked: Asked, name: str) -> None:
    """Raises: Conflict("login") when that is what somebody without a name of his own is called, or gone."""
    if is_nobodys(name):
        raise Conflict("login")
    number = number_in(name)
    if number is not None and await asked.core.accounts.several([AccountId(number)]):
        raise Conflict("login")
