"""Signing in and out over the socket; the HTTP ways are in `routes`."""

from typing import TYPE_CHECKING, Any

from tertulia.core.errors import NotSignedIn
from tertulia.core.model import Session
from tertulia.core.signin import ACCESS
from tertulia.core.signin_model import Proven
from tertulia.dialects.sama.desk import EXTENSIONS, SEED, SamaDesk
from tertulia.dialects.sama.errors import refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.handlers.log import replayed
from tertulia.dialects.sama.params import Params, need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

NO_LOGIN = "The 'login' or 'password' field is missing."


async def ping(talk: "Talk", given: Any) -> Answer:
    """Are you there? Served before sign-in too."""
    del talk
    need_object(given)
    return {"pong": {}}


async def user_login(talk: "Talk", given: Any) -> Answer:
    """Sign in by password or by an earlier access token (document, Old websocket requests)."""
    params = need_object(given)
    desk = talk.desk
    login = params.text("login", 0, 255)
    if login is None:
        if not params.given("token"):
            raise refused(NO_LOGIN)
        found, proven = await by_access_token(desk, params)
        device = found.device
        flavour = desk.flavour(params) or found.flavour
    else:
        password = params.text("password", 0, 255)
        if password is None:
            raise refused('"login" missing required peer "password"')
        device = params.need_device()
        proven = await by_password(desk, params, login, password)
        flavour = desk.flavour(params) or SEED
    session, access, _, _ = await desk.open(proven, device, flavour, with_refresh=False)
    await _signed_in(talk, session)
    return {"user": desk.user(proven.account), "token": access}


async def by_password(desk: SamaDesk, params: Params, login: str, password: str) -> Proven:
    """The account, as if it were unknown when the organization is.

    Raises:
        NotSignedIn: "password".
        TooMuch: "sign-ins".
    """
    if not desk.knows_organization(params):
        raise NotSignedIn("password")
    return await desk.core.signin.by_password(login, password)


async def by_access_token(desk: SamaDesk, params: Params) -> tuple[Session, Proven]:
    """The session and account behind `token`, on `device_id` if one is given.

    Raises:
        NotSignedIn: "token".
    """
    token = params.values.get("token")
    if not isinstance(token, str) or not desk.knows_organization(params):
        raise NotSignedIn("token")
    session = await desk.session_of(token, ACCESS)
    if params.given("device_id") and params.device() != session.device:
        raise NotSignedIn("token")
    accounts = await desk.core.accounts.several([session.account_id])
    if not accounts:
        raise NotSignedIn("token")
    return session, Proven(accounts[0], session_id=session.id)


async def connect(talk: "Talk", given: Any) -> Answer:
    """Sign this socket in with an access token (document, Login).

    Again on a signed-in socket, the socket changes over. Several sockets may share a device.
    `extensions` is ours.
    """
    params = need_object(given)
    params.need_device()
    extensions = _extensions(params)
    session, _ = await by_access_token(talk.desk, params)
    talk.extensions = extensions
    await _signed_in(talk, session)
    return SUCCESS


def _extensions(params: Params) -> frozenset[str]:
    """Ours: which packets beyond the document the socket wants; names we do not know are no wish."""
    value = params.values.get("extensions")
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise refused('"extensions" must be an array')
    return frozenset(each for each in value if isinstance(each, str)) & EXTENSIONS


async def _signed_in(talk: "Talk", session: Session) -> None:
    """Sign the socket in; the first of a user who was offline is told what changed meanwhile.

    QUIRK sama: the document promises it; stock clients make a hollow message of an edit they do not
    know, so they are told nothing.
    """
    if talk.sign_in(session) and session.flavour == SEED:
        missed = await talk.desk.core.log.missed_changes(talk.actor)
        if talk.session is session:
            talk.catch_up(replayed(talk.desk.encoder, session.account_id, missed))


async def user_logout(talk: "Talk", given: Any) -> Answer:
    """End the session of this socket's device; the socket stays open (document, Logout)."""
    need_object(given)
    session = talk.session
    if session is None:
        raise NotSignedIn
    await talk.desk.core.signin.close(session)
    return SUCCESS
