"""Parameters out of bodies, and bodies that are none."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import pytest

from tertulia.dialects.astrak.body import read_xml
from tertulia.dialects.astrak.errors import Malformed
from tertulia.dialects.astrak.params import NOBODY, Params
from tests.astrak.bots import FORM, Person, Town, town

ANNA = {"username": "anna", "password": "secret"}


@pytest.mark.parametrize(
    "xml",
    [
        "<password>secret</password><username>anna</username>",
        '<?xml version="1.0" encoding="UTF-8" ?>\n<username>anna</username>\n<password>secret</password>\n',
        "<?xml version='1.0' encoding='iso-8859-1'?><username>anna</username><password>secret</password>",
        "\ufeff<username>anna</username><password>secret</password>",
        "<login><username>anna</username><password>secret</password></login>",
        "<username>&#97;nn&#x61;</username><password><![CDATA[secret]]></password>",
        '<username kind="1">anna</username><!-- hm --><password>secret</password><more>x</more>',
    ],
)
def test_a_name_and_a_password_are_read_out_of_xml(xml: str) -> None:
    read = read_xml(xml.encode())
    assert {name: read[name] for name in ANNA} == ANNA


def test_entities_are_what_they_stand_for() -> None:
    assert read_xml(b"<password>&lt;&amp;&gt;&quot;&apos;</password>") == {"password": "<&>\"'"}
    assert read_xml("<password>пароль</password>".encode()) == {"password": "пароль"}


BILLION = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><username>&i;</username>"
)


@pytest.mark.parametrize(
    "xml",
    [
        "<username>anna</username>&nothing;",
        "<username>anna</password>",
        "<username>anna",
        "</all><username>anna</username><all>",
        "<username>anna</username>\0",
        "<?xml version='1.0' encoding='utf-16'?><username>anna</username>",
        "<a>" * 50 + "</a>" * 50,
        '<!DOCTYPE a SYSTEM "http://127.0.0.1/"><username>anna</username>',
        '<!ENTITY a SYSTEM "file:///etc/passwd"><username>&a;</username>',
        BILLION,
    ],
)
def test_what_is_no_xml_or_declares_something_is_refused(xml: str) -> None:
    with pytest.raises(Malformed):
        read_xml(xml.encode())


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(Malformed):
        read_xml(b"<username>\xff\xfe</username>")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12", 12),
        (12, 12),
        ("0" * 19 + "7", 7),
        (2**53 - 1, 2**53 - 1),
        (2**53, NOBODY),
        ("9" * 400, NOBODY),
    ],
)
def test_an_id_is_a_number_or_its_digits(value: object, number: int) -> None:
    assert Params({"id": value}).id("id") == number


@pytest.mark.parametrize("value", ["", "-1", "1.0", "٣", "1e3", " 1", 1.5, True, [1], {"a": 1}])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        Params({"id": value}).need_id("id")


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (1, True),
        ("1", True),
        ("TRUE", True),
        (True, True),
        (0, False),
        ("false", False),
        (None, None),
    ],
)
def test_a_flag_is_one_or_zero(value: object, *, flag: bool | None) -> None:
    assert Params({"own": value}).flag("own") is flag


@pytest.mark.parametrize("value", ["yes", 2, "", [], 1.0])
def test_what_is_no_flag_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        Params({"own": value}).flag("own")


def in_town(story: Callable[[Town, Person, Person], Awaitable[None]]) -> None:
    async def played() -> None:
        async with town() as here:
            anna, boris = await here.people("anna", "boris")
            await story(here, anna, boris)

    asyncio.run(played())


def test_every_form_of_body_says_the_same() -> None:
    async def story(here: Town, anna: Person, boris: Person) -> None:
        fields = {"token": anna.token, "to": str(boris.id), "text": "добрый ¿día?\n"}
        form = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
        parts = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        raw = "&".join(f"{name}={value}" for name, value in fields.items())
        bodies = [
            ("application/json", json.dumps(fields)),
            ("application/vnd.astrak+json; charset=utf-8", json.dumps(fields, ensure_ascii=False)),
            ("", "\ufeff  " + json.dumps(fields)),
            (FORM, form),
            ("", form),
            ("text/plain", form),
            ("application/octet-stream", raw),
            ("multipart/form-data; boundary=b", parts + "--b--\r\n"),
        ]
        for kind, body in bodies:
            answer = await here.request("POST", "/messages/send/", body.encode(), kind)
            assert answer.code == 10, (kind, answer)
            assert answer.json["response"]["text"] == fields["text"], kind
        answer = await here.request("POST", f"/messages/send?{form}")
        assert answer.json["response"]["text"] == fields["text"]

    in_town(story)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"token": "\xff"}'),
        ("application/json", b'{"a":' * 100 + b"1" + b"}" * 100),
        ("application/json", b"null"),
        ("application/json", b'"token"'),
        (FORM, b"token=%ff"),
        (FORM, b"\xff\xfe"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(1_001))),
        ("multipart/form-data", b"--b\r\n\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        ),
        ("text/xml", b"<token>1</token>"),
        ("", b"<token>1</token>"),
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(kind: str, body: bytes) -> None:
    async def story(here: Town, anna: Person, boris: Person) -> None:
        answer = await here.request("POST", "/messages/dialogs", body, kind)
        assert (answer.status, answer.code) == (400, -1)

    in_town(story)


def test_a_body_that_is_too_large_is_refused_in_our_words() -> None:
    async def story(here: Town, anna: Person, boris: Person) -> None:
        answer = await here.request("POST", "/messages/send", b"a" * (1 << 20) + b"a", FORM)
        assert (answer.status, answer.code) == (413, -1)
        assert answer.headers["access-control-allow-origin"] == "*"

    in_town(story)


def test_what_the_port_refuses_is_refused_in_our_words() -> None:
    async def story(here: Town, anna: Person, boris: Person) -> None:
        answer = await here.request("GET", "/users/check?token=" + "a" * 9_000)
        assert (answer.status, answer.code) == (414, -1)
        answer = await here.request("GET", "/users/check", X_Long="a" * 40_000)
        assert (answer.status, answer.code) == (431, -1)
        answer = await here.request(
            "GET",
            "/events/polling",
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==",
        )
        assert (answer.status, answer.code) == (404, -1)

    in_town(story)


@pytest.mark.parametrize("path", ["/users", "/messages/", "/events/polling/now", "/users/../login"])
def test_what_is_no_call_is_answered_as_one(path: str) -> None:
    async def story(here: Town, anna: Person, boris: Person) -> None:
        answer = await here.request("POST", path)
        assert (answer.status, answer.code) == (404, -1)

    in_town(story)
