"""A person with a Unet application: signs in and consents as a browser does, then asks with a token."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from typing_extensions import override

from tests.world.voice import Entry, Heard, Refused, Room, Seen, direct, group
from tests.world.wires import Answer, Http, Json

REDIRECT_URI = "http://127.0.0.1:9/back"
SCOPES = "messages_read messages_write user_details user_contacts"


@dataclass(frozen=True)
class Application:
    """A client that the operator has registered."""

    client_id: str
    client_secret: str


class Form(HTMLParser):
    """The form of a page that has the fields we look for: its values, and where it goes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str | None], list[dict[str, str | None]]]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep forms and what is in them."""
        if tag == "form":
            self.forms.append((dict(attrs), []))
        elif tag in {"input", "button"} and self.forms:
            self.forms[-1][1].append({"type": "submit", **dict(attrs)})

    def with_fields(self, *names: str) -> tuple[str, dict[str, str]]:
        """Where the form that has these fields goes, and its hidden ones."""
        for form, fields in self.forms:
            if set(names) <= {field.get("name") for field in fields}:
                return form.get("action") or "", _hidden(fields)
        raise AssertionError(f"the page has no form with {names}")


def _hidden(fields: list[dict[str, str | None]]) -> dict[str, str]:
    return {
        field["name"] or "": field.get("value") or ""
        for field in fields
        if field.get("type") == "hidden" and field.get("name")
    }


class Browser:
    """Keeps cookies and follows nothing by itself."""

    def __init__(self, base_url: str) -> None:
        self.http = Http(base_url)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> Answer:
        """The answer; what it sets is kept."""
        headers = {"accept": "text/html", "origin": self.http.base_url}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = (
            self.http.ask(method, path, **headers)
            if fields is None
            else self.http.form(method, path, fields, **headers)
        )
        if "set-cookie" in answer.headers:
            name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def authorized(
    base_url: str,
    application: Application,
    login: str,
    proof: str | Callable[[], str],
    token_from: str = "",
) -> Json:
    """What `/token` gives for a person who signs in and consents.

    `proof` is the password; or it tells the code that went to the phone that `login` then is.
    `token_from`: the server that is asked for the token, if it is another one.
    """
    browser = Browser(base_url)
    verifier = secrets.token_urlsafe(40)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    asked = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPES,
        "state": "here",
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    path = f"/auth?{urlencode(asked)}"
    form = Form(browser.ask("GET", path).text)
    if isinstance(proof, str):
        action, fields = form.with_fields("username", "password")
        given = {**fields, "username": login, "password": proof}
        answer = browser.ask("POST", action or path, given)
    else:
        action, fields = form.with_fields("phone")
        page = browser.ask("POST", action or path, {**fields, "phone": login})
        action, fields = Form(page.text).with_fields("code")
        answer = browser.ask("POST", action or path, {**fields, "code": proof()})
    if answer.status >= 400:
        raise Refused("sign-in", answer.text, answer.status)
    back = _consented(browser, answer, path)
    assert back["state"] == ["here"], back
    granted = Http(token_from or base_url).form(
        "POST",
        "/token",
        {
            "grant_type": "authorization_code",
            "code": back["code"][0],
            "redirect_uri": REDIRECT_URI,
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "code_verifier": verifier,
        },
    )
    assert granted.status == 200, granted.text
    return granted.json


def _consented(browser: Browser, answer: Answer, path: str) -> dict[str, list[str]]:
    """Follow redirects and say yes, until the browser is sent back to the application."""
    for _ in range(5):
        location = answer.headers.get("location", "")
        if location.startswith(REDIRECT_URI):
            return parse_qs(urlsplit(location).query)
        if location:
            answer = browser.ask("GET", location.removeprefix(browser.http.base_url))
            continue
        form, fields = Form(answer.text).forms[-1]
        yes = next(
            (field for field in fields if field.get("name") and field.get("type") == "submit"
             and (field.get("value") or "") == "approve"),
            None,
        )  # fmt: skip
        said = _hidden(fields)
        if yes is not None:
            said[yes["name"] or ""] = yes.get("value") or ""
        answer = browser.ask("POST", form.get("action") or path, said)
    raise AssertionError(f"never came back: {answer.status} {answer.text[:500]}")


class UnetVoice:
    """One access token."""

    dialect = "unet"
    can_mark = False
    hears_live = False

    def __init__(self, base_url: str, application: Application, login: str, password: str) -> None:
        self.http = Http(base_url)
        granted = authorized(base_url, application, login, password)
        self.token: str = granted["access_token"]
        self.account: int = self.ask("user/", {"info": ["details"]})["details"]["uid"]

    def ask(self, path: str, q: Json = None) -> Json:
        """The answer to a call. Raises: Refused."""
        query = f"?q={quote(json.dumps(q or {}))}"
        bearer = f"Bearer {self.token}"
        answer = self.http.ask("GET", f"/unet/api/{path}{query}", authorization=bearer)
        if answer.status != 200:
            raise Refused(path, answer.json, answer.status)
        return answer.json

    # What it sees.

    def chats(self) -> list[Entry]:
        """All chats, newest first."""
        fields = {"unread_count": True, "last_message": True}
        found = self.ask("messages/chats/", {"fields": fields})["items"]
        entries = []
        for each in found:
            is_group = each["type"] == "group"
            room = group(each["chat_id"]) if is_group else direct(each["chat_id"])
            last = each.get("last_message")
            text = last["message"] if last else None
            entries.append(Entry(room, each.get("name", ""), each["unread_count"], text))
        return entries

    def lists(self) -> list[list[Entry]]:
        """There is one list."""
        return [self.chats()]

    def messages(self, room: Room) -> list[Seen]:
        """What stands in a chat, oldest first."""
        found: list[Json] = []
        fields = {"is_read": True}
        page = self.ask("messages/", {"chat_id": room.number, "limit": 500, "fields": fields})
        found += page["items"]
        return [
            _seen(each)._replace(is_read=each["is_read"] and each["uid"] == self.account)
            for each in reversed(found)
        ]

    # What it does.

    def send(self, room: Room, text: str, **more: Any) -> int:
        """The number of the new message."""
        made = self.ask("messages/add/", {"chat_id": room.number, "message": text, **more})
        return int(made["id"])

    def attach(self, room: Room, name: str, text: str) -> int:
        """The number of a message with a file on it."""
        added = [{"action": "add", "file": "f"}]
        q = {"chat_id": room.number, "message": text, "attachments": added}
        parts = (
            f'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n{json.dumps(q)}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode()
        answer = self.http.ask(
            "POST",
            "/unet/api/messages/add/",
            parts + name.encode() + b"\r\n--x--\r\n",
            content_type="multipart/form-data; boundary=x",
            authorization=f"Bearer {self.token}",
        )
        if answer.status != 200:
            raise Refused("messages/add/", answer.json, answer.status)
        return int(answer.json["id"])

    def edit(self, room: Room, message: int, text: str) -> None:
        """Write it anew."""
        del room
        self.ask(f"messages/{message}/edit/", {"message": text})

    def delete(self, room: Room, message: int) -> None:
        """For everybody."""
        del room
        self.ask(f"messages/{message}/delete/")

    def read(self, room: Room) -> None:
        """This API has no word for it."""
        raise NotImplementedError(room)

    # Going and coming back.

    def bookmark(self, room: Room) -> Json:
        """A page of one message that is not the newest; None when there is no such page."""
        first = self.ask("messages/", {"chat_id": room.number, "limit": 1})
        if not first["next_cursor"]:
            return None
        return self._turned(room, first["next_cursor"])

    def around(self, room: Room, page: Json) -> list[int]:
        """The numbers of what stands before and behind such a page by now, oldest first."""
        return [*self._all(room, page, "next_cursor")[::-1], *self._all(room, page, "prev_cursor")]

    def _all(self, room: Room, page: Json, way: str) -> list[int]:
        found: list[int] = []
        while page[way]:
            page = self._turned(room, page[way])
            found += [each["id"] for each in page["items"]]
        return found

    def _turned(self, room: Room, cursor: str) -> Json:
        return self.ask("messages/", {"chat_id": room.number, "limit": 1, "cursor": cursor})

    def heard(self) -> list[Heard]:
        """This API says nothing by itself."""
        return []

    def words(self) -> list[str]:
        """This API says nothing by itself."""
        return []

    def close(self) -> None:
        """Hang up."""
        self.http.close()


def _seen(each: Json) -> Seen:
    files = [file["name"] for kind in each["attachments"].values() for file in kind]
    return Seen(each["id"], each["uid"], each["message"], tuple(files))
