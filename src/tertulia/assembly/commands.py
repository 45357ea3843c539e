"""The operator's commands that need the store: each takes JSON and gives JSON.

A command of the command line names one of these (`cli/store_command.py`).
"""

from typing import Any

from tertulia.assembly.control import Arguments, Commands
from tertulia.core.administration import Administration, Listing
from tertulia.core.admission import Registration
from tertulia.core.applications import Application
from tertulia.core.errors import NotFound
from tertulia.core.invites import Invite, Invites
from tertulia.core.model import Account, NewAccount
from tertulia.core.oauth import OAuth
from tertulia.core.ports import Clock, Passwords
from tertulia.store.accounts import SqlAccounts
from tertulia.store.administration import SqlAdministration
from tertulia.store.engine import Engine
from tertulia.store.invites import SqlInvites
from tertulia.store.oauth import SqlOAuth


def commands(engine: Engine, passwords: Passwords, clock: Clock, *, base_url: str = "") -> Commands:
    """All of them, over an open store. *base_url*: of links, if a server runs that knows it."""
    accounts = SqlAccounts(engine)
    return {
        **_of_users(Administration(SqlAdministration(engine), accounts, passwords, clock)),
        **_of_invites(Invites(SqlInvites(engine), Registration.OPEN, clock), base_url),
        **_of_applications(OAuth(SqlOAuth(engine), clock)),
    }


def _of_users(office: Administration) -> Commands:
    async def create(arguments: Arguments) -> Any:
        return _user(await office.create(NewAccount(**arguments)))

    async def listed(arguments: Arguments) -> Any:
        return [_user(each) for each in await office.listed(Listing(**arguments))]

    async def find(arguments: Arguments) -> Any:
        return _user(await office.find(arguments["name"]))

    async def block(arguments: Arguments) -> Any:
        return _user(await office.block(await office.find(arguments["name"])))

    async def unblock(arguments: Arguments) -> Any:
        return _user(await office.unblock(await office.find(arguments["name"])))

    async def delete(arguments: Arguments) -> Any:
        account = await office.find(arguments["name"])
        await office.delete(account)
        return _user(account)

    return {
        "user create": create,
        "user list": listed,
        "user find": find,
        "user block": block,
        "user unblock": unblock,
        "user delete": delete,
    }


def _of_invites(invites: Invites, base_url: str) -> Commands:
    async def create(arguments: Arguments) -> Any:
        made, token = await invites.create(**arguments)
        return _invite(made) | {"token": token, "base_url": base_url}

    async def listed(arguments: Arguments) -> Any:
        del arguments
        return [_invite(each) for each in await invites.listed()]

    async def delete(arguments: Arguments) -> Any:
        if not await invites.remove(arguments["id"]):
            raise NotFound("invite")

    return {"invite create": create, "invite list": listed, "invite delete": delete}


def _of_applications(applications: OAuth) -> Commands:
    async def create(arguments: Arguments) -> Any:
        made, secret = await applications.register(**arguments)
        return {"client_id": made.id, "client_secret": secret}

    async def listed(arguments: Arguments) -> Any:
        del arguments
        return [_application(each) for each in await applications.listed()]

    async def delete(arguments: Arguments) -> Any:
        await applications.remove(arguments["client_id"])

    return {
        "oauth-client create": create,
        "oauth-client list": listed,
        "oauth-client delete": delete,
    }


def _user(account: Account) -> dict[str, object]:
    """What the operator is told of an account. Times: milliseconds since 1970 UTC."""
    return {
        "id": account.id,
        "login": account.login,
        "name": f"{account.first_name} {account.last_name}".strip(),
        "phone": account.phone,
        "phone_proven": account.phone_proven,
        "email": account.email,
        "email_proven": account.email_proven,
        "created_at": account.created_at,
        "seen_at": account.seen_at,
        "blocked_at": account.blocked_at,
    }


def _invite(invite: Invite) -> dict[str, object]:
    """What the operator is told of an invite; its token nobody knows any more."""
    return {
        "id": invite.id,
        "uses": invite.uses,
        "used": invite.used,
        "created_at": invite.created_at,
        "expires_at": invite.expires_at,
    }


def _application(application: Application) -> dict[str, object]:
    """What the operator is told of an application; its secret nobody knows any more."""
    return {
        "client_id": application.id,
        "name": application.name,
        "redirect_uris": application.redirect_uris,
        "scope": " ".join(application.scopes),
        "created_at": application.created_at,
    }
