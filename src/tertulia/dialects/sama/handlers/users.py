"""Users API."""

from typing import TYPE_CHECKING, Any

from tertulia.core.ids import AccountId, FileId
from tertulia.core.model import NewAccount, Picture, ProfileChange
from tertulia.dialects.sama import ids
from tertulia.dialects.sama.errors import NO_ORGANIZATION, Refused, refused
from tertulia.dialects.sama.handlers.answer import SUCCESS, Answer
from tertulia.dialects.sama.params import MAX_DEVICE, Params, need_object

if TYPE_CHECKING:
    from tertulia.dialects.sama.socket import Talk

BAD_LOGIN = "The login provided is incorrect."
BAD_PASSWORD = "The password entered is incorrect."  # noqa: S105 - a sentence
MAX_EMAIL = 255
MAX_INVITE = 255


async def user_create(talk: "Talk", given: Any) -> Answer:
    """Register (document, Create). It does not sign in.

    `invite` is ours: the token of one, where the operator asks for it.
    """
    params = need_object(given)
    if not talk.desk.knows_organization(params):
        raise Refused(NO_ORGANIZATION)
    login = _login(params.need_text("login", 3, 40, words=BAD_LOGIN))
    password = params.need_text("password", 3, 40, words=BAD_PASSWORD)
    email = params.text("email", 0, MAX_EMAIL) or ""
    phone = params.text("phone", 3, 15, clearable=True) or ""
    _check_device(params)
    new = NewAccount(
        login=login,
        password=password,
        email=email,
        phone=phone,
        first_name=params.text("first_name", 1, 20, clearable=True) or "",
        last_name=params.text("last_name", 1, 20, clearable=True) or "",
    )
    invite = params.text("invite", 0, MAX_INVITE) or ""
    account = await talk.desk.core.accounts.register(new, invite=invite)
    return {"user": talk.desk.user(account)}


def _login(login: str, words: str = BAD_LOGIN) -> str:
    if login != login.strip() or any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in login):
        raise refused(words)
    return login


def _check_device(params: Params) -> None:
    """Nothing depends on it; a wrong type is still a mistake of the client."""
    value = params.values.get("device_id")
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise refused('"device_id" must be a string')
    if isinstance(value, str) and len(value) > MAX_DEVICE:
        raise refused(
            f'"device_id" length must be less than or equal to {MAX_DEVICE} characters long'
        )


async def user_edit(talk: "Talk", given: Any) -> Answer:
    """Change one's profile; only what is given changes, "" clears (document, Update)."""
    params = need_object(given)
    login = params.text("login", 3, 40)
    change = ProfileChange(
        login=None if login is None else _login(login),
        email=_email(params.text("email", 1, MAX_EMAIL, clearable=True)),
        phone=params.text("phone", 3, 15, clearable=True),
        first_name=params.text("first_name", 1, 20, clearable=True),
        last_name=params.text("last_name", 1, 20, clearable=True),
        picture=picture(params.object("avatar_object")),
        new_password=params.text("new_password", 3, 40),
        current_password=params.text("current_password", 0, 255),
    )
    account = await talk.desk.core.accounts.change(talk.actor, change)
    return {"user": talk.desk.user(account)}


def _email(email: str | None) -> str | None:
    if email:
        name, _, domain = email.partition("@")
        if not name or not domain or "@" in domain or " " in email or domain[-1] == ".":
            raise refused('"email" must be a valid email')
    return email


def picture(params: Params | None) -> Picture | None:
    """`avatar_object` or `image_object`: `{file_id, file_name, file_blur_hash}`."""
    if params is None:
        return None
    ref = params.need_text("file_id", 1, 255)
    number = ids.from_wire(ref)
    return Picture(
        ref,
        params.text("file_name", 0, 255) or "",
        params.text("file_blur_hash", 0, 255) or "",
        None if number == ids.UNKNOWN else FileId(number),
    )


async def user_delete(talk: "Talk", given: Any) -> Answer:
    """Be gone for good (document, Delete)."""
    need_object(given)
    await talk.desk.core.accounts.remove(talk.actor)
    return SUCCESS


async def user_search(talk: "Talk", given: Any) -> Answer:
    """Find people by part of login or name (document, Search)."""
    params = need_object(given)
    keyword = params.need_text("keyword", 1, 65_536)
    limit = params.strict_limit(30, 100, 30)
    ignored = params.accounts("ignore_ids", 1_000)
    changed_after, _ = params.bounds()
    actor = talk.actor
    found = await talk.desk.core.accounts.search(
        actor, keyword, limit, changed_after=changed_after, leave_out=ignored
    )
    return {"users": await talk.desk.seen_by(actor, found)}


async def get_users_by_ids(talk: "Talk", given: Any) -> Answer:
    """People by id, newest first; unknown ones are skipped (document, List by ids)."""
    params = need_object(given)
    ids = params.need_ids("ids", 100, low=1)
    return {"users": await talk.desk.users(talk.actor, [AccountId(each) for each in ids])}
