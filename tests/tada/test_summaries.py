"""One line about what Sentry and Bitbucket report."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.dialects.tada.hook_help import help_text
from tertulia.dialects.tada.summaries import MAX_SUMMARY, summary

OLD_SENTRY = {
    "project_name": "shop",
    "level": "error",
    "message": "KeyError: 'cart'",
    "url": "https://sentry.test/1/",
    "event": {"title": "KeyError: cart"},
}
NEW_SENTRY = {
    "action": "triggered",
    "data": {
        "event": {
            "title": "ZeroDivisionError",
            "level": "fatal",
            "web_url": "https://sentry.test/2/",
        }
    },
}
SENTRY_ISSUE = {
    "data": {
        "issue": {"title": "Boom", "project": {"name": "api"}, "permalink": "https://s.test/3"}
    }
}
CLOUD_PUSH = {
    "actor": {"display_name": "Anna"},
    "repository": {"full_name": "tea/pot"},
    "push": {
        "changes": [
            {"new": {"name": "main"}, "commits": [{"message": "Boil\n\nlonger"}, {"message": "x"}]},
            {"new": None, "old": {"name": "cold"}},
        ]
    },
}
SERVER_PUSH = {
    "actor": {"displayName": "Boris"},
    "repository": {"name": "pot"},
    "changes": [{"ref": {"displayId": "main"}}],
}
PULL = {
    "actor": {"display_name": "Anna"},
    "repository": {"full_name": "tea/pot"},
    "pullrequest": {"title": "Lid", "links": {"html": {"href": "https://bb.test/1"}}},
}


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (OLD_SENTRY, "shop: error: KeyError: cart https://sentry.test/1/"),
        (NEW_SENTRY, "fatal: ZeroDivisionError https://sentry.test/2/"),
        (SENTRY_ISSUE, "api: Boom https://s.test/3"),
        (CLOUD_PUSH, "tea/pot: Anna push main (2) Boil longer; cold deleted"),
        (SERVER_PUSH, "pot: Boris push main"),
        (PULL, "tea/pot: Anna pull request Lid https://bb.test/1"),
        ({"message": "hello"}, ""),
        ({}, ""),
    ],
)
def test_a_report_is_said_in_one_line(report: dict[str, Any], line: str) -> None:
    assert summary(report) == line


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*OLD_SENTRY, *CLOUD_PUSH, *PULL, "data", "changes", "new", "commits"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*OLD_SENTRY, *CLOUD_PUSH, *PULL, "data"]), json))
def test_whatever_is_reported_makes_one_line_or_none(report: dict[str, Any]) -> None:
    said = summary(report)
    assert "\n" not in said
    assert len(said) <= MAX_SUMMARY


def test_the_help_shows_the_key_and_escapes_what_it_shows() -> None:
    shown = help_text("http://chat.test/api/message", "a<b>&'\"")
    assert "a<b>" not in shown
    assert shown.count("a&lt;b&gt;&amp;&#x27;&quot;") == 3
    for part in ("http://chat.test/api/message", "-F key=", "-F message=", "ещё 8 раз"):
        assert part in shown
    for name in ("chat", "chat_display_name", "created", "sender", "sender_display_name", "text"):
        assert f"<code>{name}</code>" in shown
