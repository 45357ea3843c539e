"""The pages' words, periods, and what is counted."""

from string import Template

import pytest

from tertulia.dialects.unet.errors import Refused
from tertulia.dialects.unet.gates import MOST_KEYS, Rate
from tertulia.dialects.unet.members import Members
from tertulia.dialects.unet.period import period
from tertulia.dialects.unet.rendering import filled, page
from tertulia.dialects.unet.words import ENGLISH, RUSSIAN, WORDS
from tertulia.web.wire import JsonLimits

DAY = 86_400_000
NEW_YEAR = 1_767_225_600_000
"""2026-01-01, UTC."""


def blanks(words: str) -> set[str]:
    return set(Template(words.replace("{", "${")).get_identifiers())


def test_both_languages_say_the_same() -> None:
    assert list(WORDS[ENGLISH]) == list(WORDS[RUSSIAN])
    for key, words in WORDS[ENGLISH].items():
        assert blanks(words) == blanks(WORDS[RUSSIAN][key]), key


def test_everything_on_a_page_is_escaped() -> None:
    hostile = "<script>\"'&"
    notice = filled("notice", heading=hostile, words=hostile)
    whole = page("en", hostile, notice, host=hostile)
    assert b"<script>" not in bytes(whole.body)
    assert b"&lt;script&gt;&quot;&#x27;&amp;" in bytes(whole.body)


@pytest.mark.parametrize("leads_away", [False, True])
def test_the_policy_lets_a_form_lead_away_only_where_it_is_to(*, leads_away: bool) -> None:
    notice = filled("notice", heading="x", words="x")
    whole = page("en", "x", notice, host="x", leads_away=leads_away)
    policy = whole.headers["content-security-policy"].split("; ")
    assert ("form-action 'self'" in policy) is not leads_away
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= {*policy}


@pytest.mark.parametrize(
    ("given", "since", "until"),
    [
        ({}, None, None),
        ({"from": "2026-01-01"}, NEW_YEAR, None),
        ({"till": "2026-01-01"}, None, NEW_YEAR + DAY - 1),
        ({"from": "20260101", "till": "2026-W01-4"}, NEW_YEAR, NEW_YEAR + DAY - 1),
        ({"from": "2026-01-01T00:00"}, NEW_YEAR, None),
        ({"from": "2026-01-01T00:00:00Z"}, NEW_YEAR, None),
        ({"from": "2026-01-01T03:00:00+03:00"}, NEW_YEAR, None),
        # What is left in a query of a plus that was not encoded.
        ({"from": "2026-01-01T03:00:00 03:00"}, NEW_YEAR, None),
        ({"till": "20260101T033000.5 0330"}, None, NEW_YEAR + 500),
        ({"till": "2026-01-01T00:00:00"}, None, NEW_YEAR + 999),
        ({"till": "2026-01-01T00:00:00.000"}, None, NEW_YEAR),
        ({"till": "2026-01-01T00:00:00,5"}, None, NEW_YEAR + 500),
        ('{"from": "2026-01-01"}', NEW_YEAR, None),
    ],
)
def test_a_period_has_a_first_and_a_last_millisecond(
    given: object, since: int | None, until: int | None
) -> None:
    assert period(Members({"period": given}), JsonLimits()) == (since, until)


@pytest.mark.parametrize(
    "end",
    [
        "",
        "2026",
        "2026-13-01",
        "01.01.2026",
        "2026-01-01T",
        "2026-01-01T99:00",
        "2026-01-01T00:00:00 ",
        "2026-01-01T00:00:00 03",
        "2026-01-01 00:00:00 03:00",
        "٢٠٢٦-٠١-٠١",
        5,
    ],
)
def test_what_is_no_date_is_refused(end: object) -> None:
    with pytest.raises(Refused):
        period(Members({"period": {"from": end}}), JsonLimits())


def test_a_minute_begins_with_the_first_request() -> None:
    now = [0.0]
    rate = Rate(3, lambda: now[0])
    assert [rate.wait_s("a") for _ in range(4)] == [0, 0, 0, 60]
    now[0] = 59.5
    assert rate.wait_s("a") == 1
    assert rate.wait_s("b") == 0
    now[0] = 60.0
    assert rate.wait_s("a") == 0


def test_only_so_many_are_remembered() -> None:
    rate = Rate(1, lambda: 0.0)
    for key in range(MOST_KEYS + 1):
        rate.wait_s(str(key))
    assert rate.wait_s("0") == 0
    assert rate.wait_s(str(MOST_KEYS)) == 60
