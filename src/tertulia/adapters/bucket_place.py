"""Where a bucket is, and how one signs in there: from `s3://BUCKET?endpoint_url=…` and the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import quote, unquote, urlsplit

KNOWN = (
    "endpoint_url",
    "region_name",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "addressing_style",
)
"""What may stand behind the question mark; the names are those of Amazon's own library for Python."""

STYLES = ("path", "virtual")
"""The bucket's name stands in the path of an address, or before the host."""

OTHER_CREDENTIALS = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)
"""Variables by which a machine of a cloud says how it signs in; the library knows what to do with them."""

DEFAULT_REGION = "us-east-1"

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Who we are there. Secret: it has no text of its own."""

    key_id: str
    secret: str
    token: str


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A bucket.

    Attributes:
        bucket: its name.
        prefix: of all keys, without slashes around it; "" for none.
        endpoint: where the service is, without a slash at its end.
        region: goes into signatures.
        is_virtual: the bucket's name stands before the host, not in the path.
        keys: None when the machine itself signs in somehow.
    """

    bucket: str
    prefix: str
    endpoint: str
    region: str
    is_virtual: bool
    keys: Keys | None

    @classmethod
    def at(cls, url: str, environ: Mapping[str, str]) -> "BucketPlace":
        """From the setting; what it leaves out is looked up in the usual variables.

        Raises:
            ValueError: it makes no sense; the text says why, and repeats no secret.
        """
        parts = urlsplit(url)
        if not BUCKET.fullmatch(parts.netloc):
            raise ValueError("s3:// must be followed by the name of a bucket, and nothing but that")
        if parts.fragment or "#" in url:
            raise ValueError("write %23 instead of #")
        given = _given(parts.query)
        region = given.get("region_name") or _first(environ, "AWS_REGION", "AWS_DEFAULT_REGION")
        region = region or DEFAULT_REGION
        endpoint = given.get("endpoint_url") or _first(
            environ, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"
        )
        style = given.get("addressing_style") or ("path" if endpoint else "virtual")
        if style not in STYLES:
            raise ValueError(f"addressing_style must be one of {', '.join(STYLES)}")
        keys = _keys(given, environ)
        if endpoint and keys is None and not any(map(environ.get, OTHER_CREDENTIALS)):
            raise ValueError(
                "there are no credentials: put aws_access_key_id and aws_secret_access_key into"
                " it, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into the environment"
            )
        return cls(
            bucket=parts.netloc,
            prefix=unquote(parts.path).strip("/"),
            endpoint=_endpoint(endpoint or f"https://s3.{region}.amazonaws.com"),
            region=region,
            # Certificates of a service fit one name before the host, not several.
            is_virtual=style == "virtual" and "." not in parts.netloc,
            keys=keys,
        )

    @property
    def where(self) -> str:
        """For the operator."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/") + f" at {self.endpoint}"

    @property
    def base_url(self) -> str:
        """Of the bucket itself, as it is asked for."""
        scheme, _, rest = self.endpoint.partition("://")
        if self.is_virtual:
            return f"{scheme}://{self.bucket}.{rest}"
        return f"{self.endpoint}/{quote(self.bucket)}"


def _given(query: str) -> dict[str, str]:
    """What stands behind the question mark. A `+` is a `+`: secrets are full of them."""
    given = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in KNOWN:
            close = get_close_matches(name, KNOWN, n=1)
            if close:
                raise ValueError(f"nothing is known of {name!r}; did you mean {close[0]}?")
            # It may be half of a secret, so it is not repeated.
            raise ValueError(f"of what stands behind ? only {', '.join(KNOWN)} are known")
        given[name] = unquote(value)
    return given


def _first(environ: Mapping[str, str], *names: str) -> str:
    return next((found for name in names if (found := environ.get(name))), "")


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or "@" in url or "?" in url or " " in url:
        raise ValueError("endpoint_url must be an address like https://s3.example.org")
    return url.rstrip("/")


def _keys(given: Mapping[str, str], environ: Mapping[str, str]) -> Keys | None:
    """All from the setting, or all from the environment: halves of two do not fit together."""
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    found = [given.get(name, "") for name in names]
    if not any(found):
        found = [environ.get(name.upper(), "") for name in names]
    if bool(found[0]) != bool(found[1]) or (found[2] and not found[0]):
        raise ValueError(
            "aws_access_key_id and aws_secret_access_key belong together, and a token to them"
        )
    return Keys(*found) if found[0] else None
