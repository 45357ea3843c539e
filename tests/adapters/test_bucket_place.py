"""Where a bucket is: what the setting says, what the environment adds, and what makes no sense."""

import pytest

from tertulia.adapters.bucket_place import BucketPlace

KEYS = "aws_access_key_id=id&aws_secret_access_key=s+e/c=ret%26"
ENVIRON = {
    "AWS_ACCESS_KEY_ID": "from",
    "AWS_SECRET_ACCESS_KEY": "outside",
    "AWS_SESSION_TOKEN": "t",
}


def test_all_may_stand_in_the_setting() -> None:
    url = f"s3://box/some/where?endpoint_url=http://s3:9000/&region_name=eu-west-3&{KEYS}"
    place = BucketPlace.at(url, ENVIRON)
    assert (place.bucket, place.prefix, place.region) == ("box", "some/where", "eu-west-3")
    assert (place.endpoint, place.base_url) == ("http://s3:9000", "http://s3:9000/box")
    assert place.where == "s3://box/some/where at http://s3:9000"
    assert place.keys is not None
    # Nothing of the environment is mixed into it.
    assert (place.keys.key_id, place.keys.secret, place.keys.token) == ("id", "s+e/c=ret&", "")
    assert "ret" not in repr(place)


def test_all_may_stand_in_the_environment() -> None:
    environ = {**ENVIRON, "AWS_ENDPOINT_URL": "https://s3.example.org", "AWS_REGION": "eu-west-1"}
    place = BucketPlace.at("s3://box", environ)
    assert (place.base_url, place.region) == ("https://s3.example.org/box", "eu-west-1")
    assert place.keys is not None
    assert (place.keys.key_id, place.keys.secret, place.keys.token) == ("from", "outside", "t")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("s3://box", "https://box.s3.us-east-1.amazonaws.com"),
        ("s3://box?region_name=eu-west-3", "https://box.s3.eu-west-3.amazonaws.com"),
        ("s3://a.box", "https://s3.us-east-1.amazonaws.com/a.box"),
        ("s3://box?endpoint_url=https://s3:1", "https://s3:1/box"),
        ("s3://box?endpoint_url=https://s3:1&addressing_style=virtual", "https://box.s3:1"),
        ("s3://box?addressing_style=path", "https://s3.us-east-1.amazonaws.com/box"),
    ],
)
def test_the_name_stands_in_the_path_or_before_the_host(url: str, base: str) -> None:
    assert BucketPlace.at(url, ENVIRON).base_url == base


def test_a_machine_of_a_cloud_may_sign_in_by_itself() -> None:
    assert BucketPlace.at("s3://box", {}).keys is None
    environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/"}
    assert BucketPlace.at("s3://box?endpoint_url=https://s3", environ).keys is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://box?region=x&" + KEYS, "nothing is known of 'region'; did you mean region_name?"),
        ("s3://box?aws_secret_access_key=half&hush=", "only endpoint_url, .* are known"),
        ("s3://id:hush@box", "the name of a bucket"),
        ("s3://?" + KEYS, "the name of a bucket"),
        ("s3://box?aws_access_key_id=id", "belong together"),
        ("s3://box?aws_session_token=hush", "belong together"),
        ("s3://box?endpoint_url=https://s3", "there are no credentials"),
        ("s3://box?endpoint_url=s3:9000&" + KEYS, "endpoint_url must be"),
        ("s3://box?endpoint_url=http://me:hush@s3&" + KEYS, "endpoint_url must be"),
        ("s3://box?addressing_style=x&" + KEYS, "one of path, virtual"),
        ("s3://box?aws_secret_access_key=hush#more", "%23"),
    ],
)
def test_what_makes_no_sense_is_said_without_secrets(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")) as refused:
        BucketPlace.at(url, {})
    assert "hush" not in str(refused.value)
