"""A web client as those in the field are, in a real browser, its page from another port."""

import base64
import time
from typing import Any

import pytest

from tests.browser.chromium import PageError, Tab
from tests.browser.people import SECRET, NewComputer, someone
from tests.browser.site import Site
from tests.stories.process import Process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIGNED_OUT = {"status": 401, "message": "Unauthorized."}


def opened(tab: Tab, *others: Tab) -> str:
    """A private conversation with one of them, or a group with several; they have heard of it."""
    ids = [other.evaluate("client.userId") for other in others]
    new: dict[str, Any] = {"type": "u", "opponent_id": ids[0], "participants": ids}
    if len(ids) > 1:
        new = {"type": "g", "name": "tea", "participants": ids}
    conversation = tab.do("request", "conversation_create", new, "conversation")
    for other in others:
        heard = other.do("next", "system_message")
        assert heard["x"]["conversation_created"]["_id"] == conversation["_id"]
    return str(conversation["_id"])


def test_who_signs_up_stays_signed_in_until_he_signs_out(computer: NewComputer) -> None:
    mine = computer()
    tab = mine.tab()
    assert tab.evaluate("client.ready") is None
    # The page can read why.
    assert tab.do("refusal", "signIn") == "Missing authentication credentials."
    assert tab.do("refusal", "signIn", "clara", SECRET) == "Incorrect username or password."
    made = tab.do("signUp", "clara", SECRET)
    user = tab.do("signIn", "clara", SECRET)
    assert user["_id"] == user["native_id"] == made["_id"]
    assert tab.evaluate("client.userId") == made["_id"]
    hours = (tab.evaluate("Number(localStorage.sessionExpiredAt)") / 1000 - time.time()) / 3600  # noqa: TID251 - by the test's own clock
    assert 2.9 < hours < 3.1

    # The page cannot see the cookie; the browser has just one.
    assert tab.evaluate("document.cookie") == ""
    (first,) = mine.profile.cookies()
    assert (first["name"], first["sameSite"]) == ("refresh_token", "Lax")
    assert first["httpOnly"]

    # By the token that the page has kept.
    tab.reload()
    assert tab.evaluate("client.ready")["login"] == "clara"
    assert tab.do("request", "conversation_list", {}, "conversations") == []

    # Three hours later, by the cookie alone.
    tab.evaluate("localStorage.sessionExpiredAt = Date.now() - 1")
    tab.reload()
    assert tab.evaluate("client.ready")["login"] == "clara"
    assert tab.do("request", "conversation_list", {}, "conversations") == []
    (latest,) = mine.profile.cookies()
    assert latest["value"] != first["value"]

    token = tab.evaluate("localStorage.sessionId")
    assert tab.do("signOut") == {"success": True}
    assert mine.profile.cookies() == []
    assert tab.do("refusal", "request", "conversation_list") == SIGNED_OUT
    params = {"token": token, "device_id": tab.evaluate("client.deviceId")}
    refused = tab.do("refusal", "request", "connect", params)
    assert refused == {"status": 422, "message": "The token has expired."}
    tab.reload()
    assert tab.evaluate("client.ready") is None


def test_a_page_of_another_host_cannot_sign_in(
    computer: NewComputer, home: Site, server: Process
) -> None:
    theirs = home.url.replace("127.0.0.1", "localhost")
    with pytest.raises(PageError, match="Failed to fetch"):
        computer().tab(f"{theirs}/?server={server.base_url}")


def test_two_tabs_of_one_device_both_hear_and_both_stay(computer: NewComputer) -> None:
    mine, theirs = computer(), computer()
    one, boris = someone(mine, "anna"), someone(theirs, "boris")
    two = mine.tab()
    me = one.evaluate("client.userId")
    assert two.evaluate("client.userId") == me
    assert two.evaluate("client.deviceId") == one.evaluate("client.deviceId")

    cid = opened(boris, one, two)
    boris.do("message", cid, "to both")
    assert [tab.do("next", "message")["body"] for tab in (one, two)] == ["to both"] * 2
    one.do("message", cid, "from one")
    assert two.do("next", "message")["body"] == "from one"

    # Both at once, three hours later, with the one cookie that they have.
    one.evaluate("localStorage.sessionExpiredAt = Date.now() - 1")
    for tab in (one, two):
        tab.reload(until_loaded=False)
    for tab in (one, two):
        tab.loaded()
        assert tab.evaluate("client.ready")["_id"] == me
    boris.do("message", cid, "again")
    assert [tab.do("next", "message")["body"] for tab in (one, two)] == ["again"] * 2
    for tab in (one, two, boris):
        assert tab.do("request", "ping", {}, "pong") == {}
        assert tab.evaluate("client.closings") == 0

    # They are one device: who signs out in one has done so in the other.
    one.do("signOut")
    assert two.do("refusal", "request", "conversation_list") == SIGNED_OUT


def test_two_people_talk(two: tuple[Tab, Tab]) -> None:
    anna, boris = two
    me, other = anna.evaluate("client.userId"), boris.evaluate("client.userId")
    cid = opened(anna, boris)
    activity = anna.do("request", "user_last_activity_subscribe", {"id": other}, "last_activity")
    assert activity == {other: 0}

    anna.do("typing", cid)
    assert boris.do("next", "typing")["from"] == me
    ask = anna.do("message", cid, "Tea at five? ☕")
    heard = boris.do("next", "message")
    assert (heard["_id"], heard["from"], heard["body"]) == (
        ask["server_mid"],
        me,
        "Tea at five? ☕",
    )
    assert anna.evaluate("client.unasked()") == []

    (listed,) = boris.do("request", "conversation_list", {}, "conversations")
    assert listed["unread_messages_count"] == 1
    assert listed["last_message"]["body"] == "Tea at five? ☕"
    (message,) = boris.do("request", "message_list", {"cid": cid}, "messages")
    assert message["created_at"] == message["updated_at"]
    boris.do("request", "message_read", {"cid": cid, "ids": [message["_id"]]})
    read = anna.do("next", "message_read")
    assert (read["cid"], read["ids"], read["from"]) == (cid, [message["_id"]], other)
    (mine,) = anna.do("request", "message_list", {"cid": cid}, "messages")
    assert mine["status"] == "read"

    people = anna.do("request", "get_participants_by_cids", {"cids": [cid]}, "conversations")
    assert sorted(people[cid]) == sorted([me, other])
    refused = anna.do("refusal", "message", "0" * 24, "hello")
    assert refused == {"status": 404, "message": "Conversation not found."}
    boris.do("leave")
    assert anna.do("next", "last_activity")[other] > 0


def test_a_picture_goes_up_and_is_shown(two: tuple[Tab, Tab]) -> None:
    anna, boris = two
    cid = opened(anna, boris)
    sent = anna.do("upload", "rainbow.png", 160, 96)
    assert sent["status"] == 200
    anna.do("message", cid, "see", [sent["attachment"]])
    (attachment,) = boris.do("next", "message")["attachments"]
    assert attachment["file_id"] == sent["attachment"]["file_id"]

    link = boris.do("link", attachment["file_id"])
    assert boris.do("show", link) == [160, 96]
    whole = boris.do("download", link)
    assert (whole["status"], whole["type"]) == (200, "image/png")
    assert whole["hash"] == sent["hash"]
    part = boris.do("download", link, "bytes=1-3")
    assert (part["status"], base64.b64decode(part["text"])) == (206, b"PNG")
    assert part["range"] == f"bytes 1-3/{sent['size']}"


def test_a_push_comes_when_no_page_is_open_and_the_browser_can_read_it(
    two: tuple[Tab, Tab], home: Site
) -> None:
    anna, boris = two
    other = boris.evaluate("client.userId")
    cid = opened(anna, boris)
    made = boris.do("subscribe", f"{home.url}/push/boris")
    assert made["device_udid"] == boris.evaluate("client.deviceId")
    anna.do("request", "user_last_activity_subscribe", {"id": other}, "last_activity")
    anna.do("message", cid, "not pushed: he is there")
    boris.do("next", "message")
    boris.do("leave")
    anna.do("next", "last_activity")

    sent = anna.do("upload", "rainbow.png", 32, 32)
    anna.do("message", cid, "are you there?", [sent["attachment"]])
    push = home.push()
    assert push.path == "/push/boris"
    assert push.headers["content-encoding"] == "aes128gcm"
    assert push.headers["authorization"].startswith("vapid t=")
    payload = boris.do("pushed", base64.b64encode(push.body).decode())
    link = payload.pop("firstAttachmentUrl")
    assert payload == {
        "title": anna.evaluate("client.user.login"),
        "body": "are you there?",
        "cid": cid,
    }
    # As the worker of a web app would show it, with nobody signed in.
    assert boris.do("show", link) == [32, 32]

    boris.do("open")
    boris.do("signIn")
    gone = {"device_udid": boris.evaluate("client.deviceId")}
    assert boris.do("request", "push_subscription_delete", gone) is True
