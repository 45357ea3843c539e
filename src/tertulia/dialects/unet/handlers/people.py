"""user/ and contacts/ (document, User and Contacts)."""

from collections.abc import Sequence

from tertulia.core.applications import Scope
from tertulia.core.archive import Part
from tertulia.core.ids import AccountId
from tertulia.core.model import Account
from tertulia.dialects.unet.call import Call
from tertulia.dialects.unet.cursors import OF_CONTACTS, address_of_page
from tertulia.dialects.unet.errors import bad_member, missing_scope
from tertulia.dialects.unet.members import Json, Members

PARTS = {
    "details": Scope.USER_DETAILS,
    "email": Scope.USER_EMAIL,
    "birthday": Scope.USER_BIRTHDAY,
}

DEFAULT_LIMIT, MOST = 100, 500

FIELDS = ("uid", "target_resource_uri", "permissions", "nickname")
"""All that a contact may have."""


async def user(call: Call, members: Members) -> Json:
    """Whose token it is: the parts asked for, or all that the token allows."""
    allowed = [name for name, scope in PARTS.items() if scope in call.access.scopes]
    if not allowed:
        raise missing_scope(*PARTS.values())
    asked = members.values.get("info")
    if asked is None and "info" not in members.values:
        asked = allowed
    if not isinstance(asked, list) or not all(
        isinstance(each, str) and each in PARTS for each in asked
    ):
        raise bad_member("info", f"must be an array of {', '.join(PARTS)}")
    for name in asked:
        call.need(PARTS[name])
    account = await call.core.accounts.need(call.actor.account_id)
    found: Json = {}
    if "details" in asked:
        found["details"] = _details(call, account)
    if "email" in asked:
        # Applications take it for proof of who somebody is.
        found["email"] = account.email if account.email_proven else ""
    return found


def _details(call: Call, account: Account) -> Json:
    return {
        "uid": account.id,
        "profile_url": f"{call.desk.house.public_url}/#/users/{account.id}",
        "nickname": account.login,
        "gender": "",
        "first_name": account.first_name,
        "last_name": account.last_name,
        "middle_name": account.patronymic,
        "other_name": "",
        "face_photos": [],
        "verified": account.phone_proven or account.email_proven,
    }


async def contacts(call: Call, members: Members) -> Json:
    """People whom one knows, by number."""
    desk = call.desk
    address = desk.resource_uri + "contacts/"
    members, cursor = desk.cursors.unpacked(members, address, OF_CONTACTS)
    limit = members.limit(DEFAULT_LIMIT, MOST)
    fields = members.fields()
    me = call.actor.account_id
    part = desk.cursors.read(me, 0, cursor, limit) if cursor else Part(limit)
    found = await call.core.archive.acquaintances(call.actor, part)
    request: Json = {"limit": limit}
    if "fields" in members.values:
        request["fields"] = fields.among(FIELDS)

    def turned(place: int, *, back: bool) -> str:
        opaque = desk.cursors.write(me, 0, place, back=back)
        return address_of_page(address, request, opaque)

    def item(account_id: AccountId, nickname: str) -> Json:
        shown: Json = {"uid": account_id, "target_resource_uri": f"{address}{account_id}/"}
        if fields.wants("permissions"):
            shown["permissions"] = {}
        shown["nickname"] = nickname
        return fields.shaped(shown)

    first, last = _ends(found.items, part)
    return {
        "items": [item(each.id, each.login) for each in found.items],
        "limit": limit,
        "next_cursor": turned(last, back=False) if found.has_after else "",
        "prev_cursor": turned(first, back=True) if found.has_before else "",
        "total_count": found.total,
    }


def _ends(items: Sequence[Account], part: Part) -> tuple[int, int]:
    """The numbers of the first and last item; of a page where nobody is left, around its own."""
    if items:
        return items[0].id, items[-1].id
    place = part.place or 0
    return (place, max(place - 1, 0)) if part.back else (place + 1, place)
