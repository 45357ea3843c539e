"""Phone numbers: every spelling of one is the same one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.errors import BadInput
from tertulia.core.phones import countries, is_number, normalised, spellings
from tertulia.core.text import digits

ABROAD = st.sampled_from(sorted({c.code for c in countries()} - {"+7"})).flatmap(
    lambda code: st.integers(8, 15).flatmap(
        lambda length: st.text("0123456789", min_size=length, max_size=length).map(
            lambda rest: code + rest[len(code) - 1 :]
        )
    )
)
HOME = st.text("0123456789", min_size=10, max_size=10).map(lambda rest: "+7" + rest)
NUMBERS = ABROAD | HOME
FILLING = st.text(" \t\u00a0\u2009\u202a\u200e()[].-\u2011–—", max_size=3)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+7 (916) 6660002", "+79166660002"),
        ("+7 999 233-11-22", "+79992331122"),
        ("+79011111111", "+79011111111"),
        ("+7(901)1111111", "+79011111111"),
        ("8 916 666 00 02", "+79166660002"),
        ("8 901111 11-11", "+79011111111"),
        ("7(901) 111 11-11", "+79011111111"),
        ("9166660002", "+79166660002"),
        ("5550000001", "+75550000001"),
        ("+375291234567", "+375291234567"),
        ("+375 29 123-45-67", "+375291234567"),
        ("00375291234567", "+375291234567"),
        ("00 7 916 666 00 02", "+79166660002"),
        ("+1 (242) 555.0100", "+12425550100"),
        ("+7\u00a0916\u00a0666\u00a000\u00a002", "+79166660002"),
        ("\u202a+7 916 666‑00‑02\u202c", "+79166660002"),
        ("[8] 916 666—00—02", "+79166660002"),
        ("+47123456", "+47123456"),
        ("+471234567890123", "+471234567890123"),
    ],
)
def test_a_number_in_any_spelling(text: str, number: str) -> None:
    assert normalised(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "+7000",
        "+7000000000143554",
        "+9940000000000444",
        "9940000000000",
        "375291234567",
        "+7916666000",
        "+791666600021",
        "00791666600021",
        "6916666000212",
        "99166660002",
        "89166660",
        "+4712345",
        "+8916666000200",
        "+0791666600",
        "++79166660002",
        "+7916+6660002",
        "7916666000+2",
        "+7916666OOO2",
        "+７９１６６６６０００２",
        "٩١٦٦٦٦٠٠٠٢",
        "+7 916 666 00 02 доб. 5",
        "anna",
        "+",
        "00",
        "",
        " ",
        "-()",
        "+7916666\x000002",
        "+79166660002" + " " * 100,
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadInput) as refusal:
        normalised(text)
    assert refusal.value.field == "phone"
    assert not is_number(text)


@given(NUMBERS, st.lists(FILLING, min_size=17, max_size=17))
def test_filling_changes_nothing(number: str, filling: list[str]) -> None:
    text = "".join(sign + gap for sign, gap in zip(number, filling, strict=False))
    if len(text) <= 64:
        assert normalised(text) == number
    assert normalised(number) == number


@given(st.text("+0123456789 ()-.x", max_size=24) | st.text(max_size=24))
def test_whatever_comes_out_is_a_number_of_a_country_and_stays_as_it_is(text: str) -> None:
    try:
        number = normalised(text)
    except BadInput:
        return
    assert re.fullmatch(r"\+[0-9]{8,15}", number)
    assert any(number.startswith(country.code) for country in countries())
    assert normalised(number) == number
    assert digits(text) in spellings(number)


@given(NUMBERS)
def test_every_spelling_leads_back_to_its_number(number: str) -> None:
    for spelling in spellings(number):
        assert normalised(spelling if spelling != number[1:] else number) == number


def test_the_table_of_countries() -> None:
    table = countries()
    assert len(table) == 233
    assert len({country.code for country in table}) == 223
    assert [country.name for country in table if country.code == "+7"] == ["Казахстан", "Россия"]
    assert [country.name for country in table if country.is_default] == ["Россия"]
    assert table[0].code == "+998"
    assert all(re.fullmatch(r"\+[0-9]{1,4}", country.code) for country in table)
