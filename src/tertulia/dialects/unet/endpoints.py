"""Which address is which request, and what it needs (document, Endpoints and Scopes)."""

import re
from dataclasses import dataclass

from tertulia.core.applications import Scope
from tertulia.dialects.unet.call import Call, Handler
from tertulia.dialects.unet.errors import invalid, no_path
from tertulia.dialects.unet.handlers.chats import chats
from tertulia.dialects.unet.handlers.messages import add, delete, details, edit, messages
from tertulia.dialects.unet.handlers.people import contacts, user
from tertulia.dialects.unet.members import Json, Members

ONE = re.compile(r"messages/(?P<id>[0-9]{1,16})(?:/(?P<what>edit|delete))?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One kind of request.

    Attributes:
        name: as the document writes its address.
        handler: does it.
        scope: what the token must allow; None: the handler says itself.
        is_complex: whether `q` may be an array.
        reads: changes nothing, so that a script element may ask for it.
    """

    name: str
    handler: Handler
    scope: Scope | None
    reads: bool
    is_complex: bool = False


LIST = Endpoint("messages/", messages, Scope.MESSAGES_READ, reads=True, is_complex=True)
DETAILS = Endpoint("messages/ID", details, Scope.MESSAGES_READ, reads=True)
ADD = Endpoint("messages/add/", add, Scope.MESSAGES_WRITE, reads=False)
EDIT = Endpoint("messages/ID/edit/", edit, Scope.MESSAGES_WRITE, reads=False)
DELETE = Endpoint("messages/ID/delete/", delete, Scope.MESSAGES_WRITE, reads=False)
CHATS = Endpoint("messages/chats/", chats, Scope.MESSAGES_READ, reads=True)
USER = Endpoint("user/", user, None, reads=True)
CONTACTS = Endpoint("contacts/", contacts, Scope.USER_CONTACTS, reads=True)

ENDPOINTS = (CHATS, LIST, DETAILS, ADD, EDIT, DELETE, USER, CONTACTS)

PLAIN = {each.name.rstrip("/"): each for each in ENDPOINTS if "ID" not in each.name}
OF_ONE = {None: DETAILS, "edit": EDIT, "delete": DELETE}

ACTIONS = {"add": ADD, "edit": EDIT, "delete": DELETE, "get": DETAILS}
"""Of complex requests."""

MOST_OBJECTS = 100
"""Of one complex request."""


def find(path: str) -> tuple[Endpoint, Json]:
    """The endpoint at that path below RESOURCE_URI, and what the path says of the request.

    Raises:
        Refused: there is none.
    """
    path = path.removesuffix("/")
    endpoint = PLAIN.get(path)
    if endpoint is not None:
        return endpoint, {}
    found = ONE.fullmatch(path)
    if found is None:
        raise no_path()
    return OF_ONE[found["what"]], {"id": found["id"]}


Actions = list[tuple[str, list[Members]]]


def actions(q: list[object]) -> Actions:
    """The actions of a complex request, in order. Raises: Refused: it makes no sense as a whole."""
    if len(q) % 2:
        raise invalid("`q` must be pairs of an action and an array of its objects.")
    found: Actions = []
    for name, objects in zip(q[::2], q[1::2], strict=True):
        if not isinstance(name, str) or name not in ACTIONS:
            raise invalid(f"`q` may have these actions: {', '.join(ACTIONS)}.")
        if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
            raise invalid(f"`q` must have an array of objects behind `{name}`.")
        found.append((name, [Members(each) for each in objects]))
    if sum(len(objects) for _, objects in found) > MOST_OBJECTS:
        raise invalid(f"`q` may have {MOST_OBJECTS} objects at most.")
    return found


def need_scopes(call: Call, wanted: Actions) -> None:
    """Every action is allowed. Raises: Refused: one is not."""
    for name, _ in wanted:
        scope = ACTIONS[name].scope
        assert scope is not None, "every action has one"
        call.need(scope)
