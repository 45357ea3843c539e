"""One line about what Sentry and Bitbucket report as JSON to `/api/message?key=…`.

Nobody here knows those services well: whatever is missing is left out, and what says nothing at all
is no report.
"""

from collections.abc import Mapping, Sequence

Json = object

MAX_SUMMARY = 1_000
"""Characters."""


def summary(report: Mapping[str, Json]) -> str:
    """What happened, in one line; "" when it is not the report of a service we know."""
    line = _of_sentry(report) or _of_bitbucket(report)
    return " ".join(line.split())[:MAX_SUMMARY]


def _of_sentry(report: Mapping[str, Json]) -> str:
    """`project: error: title address`, from Sentry's older webhooks and its newer ones."""
    data = _object(report, "data")
    event = _object(report, "event") or _object(data, "event") or _object(data, "issue")
    if not event:
        return ""
    project = _first(report, "project_name", "project") or _first(event, "project_name")
    project = project or _first(_object(event, "project"), "name", "slug")
    level = _first(report, "level") or _first(event, "level")
    title = _first(event, "title", "message") or _first(report, "message", "culprit")
    address = _first(report, "url") or _first(event, "web_url", "permalink", "url")
    if not title:
        return ""
    return _joined(f"{project}:" if project else "", f"{level}:" if level else "", title, address)


def _of_bitbucket(report: Mapping[str, Json]) -> str:
    """`repository: who pushed …` or `repository: pull request …`."""
    repository = _first(_object(report, "repository"), "full_name", "name")
    if not repository:
        return ""
    who = _first(_object(report, "actor"), "display_name", "nickname", "displayName", "name")
    asked = _object(report, "pullrequest") or _object(report, "pullRequest")
    if asked:
        address = _first(_object(_object(asked, "links"), "html"), "href")
        return _joined(f"{repository}:", who, "pull request", _first(asked, "title"), address)
    changes = _array(_object(report, "push"), "changes") or _array(report, "changes")
    if not changes:
        return ""
    said = [_pushed(each) for each in changes[:5] if isinstance(each, Mapping)]
    return _joined(f"{repository}:", who, "push", "; ".join(each for each in said if each))


def _pushed(change: Mapping[str, Json]) -> str:
    new, old = _object(change, "new"), _object(change, "old")
    branch = _first(new, "name") or _first(_object(change, "ref"), "displayId")
    if not branch:
        gone = _first(old, "name")
        return f"{gone} deleted" if gone else ""
    commits = [each for each in _array(change, "commits") if isinstance(each, Mapping)]
    # Bitbucket shows the newest commit first.
    last = _first(commits[0], "message") if commits else _first(_object(new, "target"), "message")
    return _joined(branch, f"({len(commits)})" if commits else "", last)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _first(held: Mapping[str, Json], *names: str) -> str:
    for name in names:
        value = held.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _object(held: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = held.get(name)
    return value if isinstance(value, Mapping) else {}


def _array(held: Mapping[str, Json], name: str) -> Sequence[Json]:
    value = held.get(name)
    return value if isinstance(value, list) else []
