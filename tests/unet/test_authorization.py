"""The pages of `/auth`: who may ask, what is refused where, forms and cookies."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.core.house import StillClock
from tests.unet.browser import forms
from tests.unet.town import BACK, FORM, Client, Town, hidden, opened, pkce, told
from tests.world.wires import Answer

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
}


def is_page(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")
    assert HEADERS.items() <= answer.headers.items()
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text.lower()
    assert " style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "-",
        "",
        "https://evil.example/back?app=1",
        BACK + "/",
        BACK + "&x=1",
        BACK + "#x",
        BACK.replace("https", "HTTPS"),
        BACK.replace("https", "http"),
        BACK.replace("reader.example", "READER.example"),
        BACK.replace("reader.example", "reader.example:443"),
        BACK.replace("reader.example", "reader.example."),
        BACK.replace("reader.example", "x@reader.example"),
        BACK.replace("reader.example", "reader.example.evil.example"),
        BACK.replace("/back", "/./back"),
        BACK.replace("/back", "/%62ack"),
        BACK.replace("/back", "//back"),
        BACK.replace("/back", "/back/../back"),
        BACK.replace("?app=1", ""),
        BACK[:-1],
        " " + BACK,
        BACK + " ",
        BACK + "\n",
        BACK + "\0",
        "javascript:alert(1)",
        "//reader.example/back?app=1",
        "/back",
    ],
)
def test_only_a_redirect_uri_to_the_letter_is_gone_back_to(town: Town, redirect_uri: str) -> None:
    answer = town.visit(redirect_uri=redirect_uri).opens()
    is_page(answer, 400)
    assert "evil" not in answer.text
    assert "<a " not in answer.text


@pytest.mark.parametrize("client_id", ["-", "", "nobody", "'; DROP TABLE", "\0", "x" * 5000])
def test_an_unknown_application_is_told_nothing(town: Town, client_id: str) -> None:
    is_page(town.visit(client_id=client_id).opens(), 400)


def test_a_repeated_application_or_redirect_uri_is_not_trusted(town: Town) -> None:
    for name, value in (("client_id", town.reader.id), ("redirect_uri", BACK)):
        visit = town.visit()
        is_page(visit.opens(f"{visit.path}&{urlencode({name: value})}"), 400)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "-"}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"scope": "messages_read photos"}, "invalid_scope"),
        ({"scope": "messages_read  user_email"}, "invalid_scope"),
        ({"scope": "MESSAGES_READ"}, "invalid_scope"),
        ({"code_challenge": "a" * 43}, "invalid_request"),
        ({"code_challenge": "a" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "a" * 43, "code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "a" * 42, "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "a" * 129, "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "a" * 42 + "ä", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_every_other_mistake_goes_back_with_the_state(
    town: Town, asked: dict[str, str], error: str
) -> None:
    answer = town.visit(state="s t&?ё", **asked).opens()
    assert answer.status == 303
    back = told(answer)
    assert (back["error"], back["state"]) == (error, "s t&?ё")
    assert "code" not in back
    assert back["error_description"].isascii()


def test_repeated_parameters_go_back(town: Town) -> None:
    for name in ("response_type", "scope", "code_challenge"):
        visit = town.visit(state="x")
        answer = visit.opens(f"{visit.path}&{name}=1&{name}=1")
        assert told(answer)["error"] == "invalid_request"
    twice = town.visit().opens(f"{town.visit(state='x').path}&state=y")
    assert "state" not in told(twice)


@pytest.mark.parametrize(
    "state",
    [b"", b"a+b c", b"%26&=", b"\xff\xfe\x00\r\n", b"'\"<>", b"x" * 2048, "ё".encode() * 1_200],
)
def test_the_state_comes_back_byte_by_byte(town: Town, state: bytes) -> None:
    spelled = "".join(f"%{byte:02X}" for byte in state)
    visit = town.visit()
    visit.path += f"&state={spelled}"
    answer = visit.decides(visit.signs_in())
    assert answer.status == 303
    found = re.search(r"[&?]state=([^&]*)$", answer.headers["location"])
    assert found is not None
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - used here only

    assert unquote_to_bytes(found[1]) == state


def test_a_longer_state_is_refused_and_none_stays_none(town: Town) -> None:
    assert told(town.visit(state="x" * 2049).opens())["error"] == "invalid_request"
    assert "state" not in told(town.visit(scope="nothing").opens())


def test_the_way_through_sign_in_and_consent(town: Town) -> None:
    visit = town.visit(state="x", scope="messages_write user_email", **pkce("v" * 43))
    first = visit.opens()
    is_page(first, 200)
    shown = forms(first)
    assert all(form.method == "post" for form in shown)
    names = {name for form in shown for name in form.shown}
    assert {"username", "password", "phone"} <= names
    assert town.reader.secret not in first.text
    assert "form-action 'self';" in first.headers["content-security-policy"]
    consent = visit.signs_in()
    is_page(consent, 200)
    assert "form-action" not in consent.headers["content-security-policy"]
    for words in ("Reader &amp; Co. &lt;b&gt;", "reader.example", "@anna", "e-mail", "Write"):
        assert words in consent.text
    assert "<b>" not in consent.text.replace("<b>anna</b>", "").replace("<b>reader.example</b>", "")
    answer = visit.decides(consent)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{BACK}&code=")
    assert told(answer)["state"] == "x"
    # The consent is shown every time; whoever is signed in does not sign in again.
    again = visit.opens()
    assert "approve" in again.text
    denied = told(visit.decides(again, "deny"))
    assert (denied["error"], denied["state"]) == ("access_denied", "x")
    assert "approve" not in visit.opens(f"{visit.path}&prompt=login").text


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://app.example:8443/back", "app.example:8443"),
        ("http://127.0.0.1:5000/", "127.0.0.1:5000"),
        ("https://bank.example@app.example/", "app.example"),
        ("com.example.app:/back", "com.example.app:"),
        ("com.example.app://bank.example/", "com.example.app:"),
    ],
)
def test_consent_names_where_one_goes_back_to(town: Town, uri: str, host: str) -> None:
    application, secret = town.run(town.server.core.oauth.register("Pointer", (uri,)))
    page = town.visit(Client(application.id, secret), redirect_uri=uri).signs_in()
    assert f"go back to <b>{host}</b>." in page.text


@pytest.mark.parametrize("prompt", ["-", "login", "consent", "login consent", ""])
def test_somebody_else_may_sign_in_whatever_was_asked_for(town: Town, prompt: str) -> None:
    visit = town.visit(prompt=prompt, state="x")
    again = re.search(r'<a href="([^"]+)"', visit.signs_in().text)
    assert again is not None
    page = visit.opens(unescape(again[1]))
    is_page(page, 200)
    assert 'name="password"' in page.text


def test_a_wrong_password_is_told_on_the_form(town: Town) -> None:
    visit = town.visit()
    answer = visit.signs_in("anna", "wrong")
    is_page(answer, 401)
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    stranger = visit.signs_in("<script>alert(1)</script>", "x")
    is_page(stranger, 401)
    assert "approve" not in answer.text + stranger.text


def test_ten_wrong_passwords_are_enough() -> None:
    with opened() as town:
        visit = town.visit()
        for _ in range(10):
            assert visit.signs_in("boris", "wrong").status == 401
        refused = visit.signs_in("boris")
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert visit.signs_in("anna").status == 200


def test_a_password_counts_whatever_else_of_the_page_is_sent(town: Town) -> None:
    visit = town.visit()
    form = forms(visit.opens())[0]
    given = {"username": "anna", "password": "anna-secret", "phone": ""}
    consent = visit.browser.ask("POST", form.action, {**form.hidden, **given})
    assert visit.decides(consent).status == 303


def test_the_cookie_is_another_one_after_signing_in(town: Town) -> None:
    visit = town.visit()
    before = visit.opens().headers["set-cookie"]
    after = visit.signs_in().headers["set-cookie"]
    assert before.split("=")[1].split(";")[0] != after.split("=")[1].split(";")[0]
    for cookie in (before, after):
        assert "; Path=/; HttpOnly; SameSite=Lax" in cookie
        assert "Secure" not in cookie
    assert "set-cookie" not in visit.opens().headers


def test_over_https_the_cookie_is_secure() -> None:
    with opened(public_url="https://chat.example.org") as town:
        assert "; Secure" in town.visit().opens().headers["set-cookie"]


def test_a_form_counts_for_its_browser_and_its_request_only(town: Town) -> None:
    mine, other = town.visit(state="mine"), town.visit(state="other")
    consent = mine.signs_in("anna")
    elsewhere = other.signs_in("boris")
    fields = {**hidden(consent), "decision": "approve"}
    foreign = {**hidden(elsewhere), "decision": "approve"}
    stranger = town.browser()
    for browser, sent in (
        (stranger, fields),
        (other.browser, fields),
        (mine.browser, foreign),
        (mine.browser, {**fields, "guard": ""}),
        (mine.browser, {**fields, "guard": fields["guard"].swapcase()}),
        (mine.browser, {**fields, "request": hidden(elsewhere)["request"]}),
        (mine.browser, {**fields, "request": fields["request"] + "&x=1"}),
        (mine.browser, {"decision": "approve"}),
        (mine.browser, {"decision": "approve", "request": fields["request"]}),
    ):
        answer = browser.ask("POST", "/auth", sent)
        is_page(answer, 403)
    # So do the forms for signing in.
    page = town.visit().opens()
    login = {**hidden(page), "username": "anna", "password": "anna-secret"}
    is_page(stranger.ask("POST", "/auth", login), 403)
    # Another request of the same browser does not serve either.
    second = mine.opens(town.visit(state="second").path)
    assert hidden(second)["guard"] != fields["guard"]
    assert mine.browser.ask("POST", "/auth", fields).status == 303


def test_a_guard_from_before_signing_in_is_worth_nothing_after(town: Town) -> None:
    visit = town.visit()
    before = hidden(visit.opens())
    visit.signs_in()
    answer = visit.browser.ask("POST", "/auth", {**before, "decision": "approve"})
    is_page(answer, 403)


def test_consent_needs_somebody_who_is_signed_in(town: Town) -> None:
    visit = town.visit()
    fields = hidden(visit.opens())
    answer = visit.browser.ask("POST", "/auth", {**fields, "decision": "approve"})
    is_page(answer, 401)
    assert "username" in answer.text


def test_whatever_is_no_form_is_refused(town: Town) -> None:
    visit = town.visit()
    visit.opens()
    for kind, body in (("application/json", "{}"), ("text/plain", "x"), (FORM, "")):
        answer = visit.browser.http.ask("POST", "/auth", body, content_type=kind)
        is_page(answer, 403)
    assert visit.browser.http.ask("PUT", "/auth").status == 405
    assert visit.browser.http.ask("GET", "/auth/nothing").status == 404


def test_a_code_by_sms_signs_in(town: Town) -> None:
    visit = town.visit()
    page = visit.opens()
    asked = visit.browser.ask("POST", "/auth", {**hidden(page), "phone": "8 916 666-00-02"})
    assert asked.status == 200
    assert "+79166660002" in asked.text
    wrong = visit.browser.ask("POST", "/auth", {**hidden(asked), "code": "0000"})
    is_page(wrong, 401)
    right = visit.browser.ask("POST", "/auth", {**hidden(wrong), "code": " 55 55 "})
    assert "approve" in right.text
    assert "code" in told(visit.decides(right))
    is_page(visit.browser.ask("POST", "/auth", {**hidden(page), "phone": "nonsense"}), 403)
    fresh = town.visit()
    bad = fresh.browser.ask("POST", "/auth", {**hidden(fresh.opens()), "phone": "nonsense"})
    is_page(bad, 400)


@pytest.mark.parametrize(
    ("accept", "tongue"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,en;q=0.5,ru;q=0.3", "en"),
        ("de,en;q=0.5,ru;q=0.7", "ru"),
        ("fr", "en"),
        ("ru;q=0,en", "en"),
        ("ru;q=x, en;q=nan", "en"),
        (",;,;q=" * 50, "en"),
    ],
)
def test_pages_speak_the_readers_language(town: Town, accept: str, tongue: str) -> None:
    visit = town.visit()
    answer = visit.browser.http.ask("GET", visit.path, accept_language=accept)
    assert answer.headers["content-language"] == tongue
    assert ("Войти" in answer.text) == (tongue == "ru")


def test_what_was_let_in_can_be_put_out_again(town: Town) -> None:
    granted = town.granted("clara")
    visit = town.visit()
    path = "/auth/applications"
    assert "username" in visit.opens(path).text
    form = forms(visit.opens(path))[0]
    login = {**form.hidden, "username": "clara", "password": "clara-secret"}
    listed = visit.browser.ask("POST", form.action, login)
    assert "Reader &amp; Co." in listed.text
    foreign = {**hidden(listed), "guard": "x", "withdraw": town.reader.id}
    is_page(visit.browser.ask("POST", path, foreign), 403)
    assert town.api(granted["access_token"], "messages/chats").status == 200
    withdraw = {**hidden(listed), "withdraw": town.reader.id}
    assert visit.browser.ask("POST", path, withdraw).headers["location"] == path
    assert town.api(granted["access_token"], "messages/chats").status == 401
    assert "Reader &amp; Co." not in visit.opens(path).text
    leave = {**hidden(visit.opens(path)), "leave": "yes"}
    visit.browser.ask("POST", path, leave)
    assert "username" in visit.opens(path).text


def test_a_browser_is_signed_out_after_a_while(town: Town, clock: StillClock) -> None:
    visit = town.visit()
    visit.signs_in()
    assert "approve" in visit.opens().text
    clock.move(14 * 86_400)
    assert "approve" not in visit.opens().text
