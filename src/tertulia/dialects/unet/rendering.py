"""Pages as text: templates filled in, everything that is not ours escaped, and the headers they go with.

There is no script and nothing is loaded from anywhere: the style stands in the page, and the policy
names its hash.
"""

import base64
from functools import cache
from hashlib import sha256
from html import escape
from importlib import resources
from string import Template

from starlette.responses import Response

from tertulia.dialects.unet.words import WORDS


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


@cache
def _file(name: str) -> str:
    return (resources.files("tertulia.dialects.unet") / "pages" / name).read_text("utf-8").strip()


@cache
def _template(name: str) -> Template:
    return Template(_file(f"{name}.html"))


def filled(template: str, /, **values: str) -> Html:
    """The template with these values, escaped unless they are HTML."""
    return Html(
        _template(template).substitute({name: _safe(each) for name, each in values.items()})
    )


def _safe(value: str) -> str:
    return value if isinstance(value, Html) else escape(value)


def sentence(language: str, key: str, **bold: str) -> Html:
    """What the pages say there; what is filled in is bold."""
    parts = {name: Html(f"<b>{escape(value)}</b>") for name, value in bold.items()}
    return Html(escape(WORDS[language][key]).format(**parts))


def plain(language: str, key: str, **values: str) -> str:
    """The same, yet to be escaped."""
    return WORDS[language][key].format(**values)


def message(language: str, key: str) -> Html:
    """What went wrong; "" for nothing."""
    if not key:
        return Html("")
    return Html(f'<p class="message" role="alert" id="wrong">{escape(WORDS[language][key])}</p>')


FOCUSED = Html(" autofocus")
"""Of the field that one is to fill in first."""


def field(name: str, language: str, key: str, *, is_its: bool) -> dict[str, Html]:
    """What is said at the field of that name, and how it is marked, if what went wrong is its."""
    state = f'{FOCUSED} aria-invalid="true" aria-describedby="wrong"' if is_its else ""
    said = message(language, key if is_its else "")
    return {f"{name}_state": Html(state), f"at_{name}": said}


def page(
    language: str,
    title: str,
    content: Html,
    *,
    host: str,
    status: int = 200,
    leads_away: bool = False,
) -> Response:
    """A whole page. `leads_away`: its form ends up with an application."""
    whole = filled(
        "frame",
        language=language,
        title=title,
        style=Html(_file("style.css")),
        content=content,
        host=host,
    )
    return Response(
        whole, status, headers=_headers(language, leads_away=leads_away), media_type="text/html"
    )


def _headers(language: str, *, leads_away: bool) -> dict[str, str]:
    # Browsers hold a form's policy against every address it is sent on to, and applications send on, too.
    targets = "" if leads_away else " form-action 'self';"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; base-uri 'none';{targets}"
        " frame-ancestors 'none'"
    )
    return {
        "cache-control": "no-store",
        "content-language": language,
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "vary": "Accept-Language, Cookie",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


@cache
def _style_hash() -> str:
    return base64.b64encode(sha256(_file("style.css").encode()).digest()).decode()
