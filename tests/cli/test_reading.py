"""Settings: where they come from, what is refused, what is hidden."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from tertulia.cli.reading import read, suggestion
from tertulia.settings import (
    SETTINGS,
    LogLevel,
    Settings,
    SettingsError,
    local_path,
    mask_url,
)

TWO_HOSTS = "postgresql://me:hu%40sh@[::1]:5432,other/chat?sslmode=require&port=1,2"


def toml(folder: Path, text: str) -> str:
    file = folder / "tertulia.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_nothing_need_be_set() -> None:
    reading = read({}, {})
    assert reading.settings == Settings()
    assert reading.sources == {}


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'port = 1\nhost = "from.file"\nmax_body = "2KiB"\n')
    environ = {"TERTULIA_PORT": "2", "TERTULIA_HOST": "from.environment"}
    reading = read({"port": "3"}, environ, file)
    assert reading.settings.port == 3
    assert reading.settings.host == "from.environment"
    assert reading.settings.max_body == 2048
    assert reading.sources == {
        "port": "flag --port",
        "host": "TERTULIA_HOST",
        "max_body": f"max_body in {file}",
    }


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, "port = 1")
    assert read({}, {"TERTULIA_CONFIG": file}).settings.port == 1


def test_an_empty_variable_counts_as_not_given() -> None:
    assert read({}, {"TERTULIA_PORT": ""}).settings.port == 8000


def test_variables_of_others_are_not_ours() -> None:
    assert read({}, {"TERTULIAN": "a father", "PORT": "1"}).settings == Settings()


def test_toml_may_use_numbers_and_arrays(tmp_path: Path) -> None:
    file = toml(
        tmp_path,
        'poll_timeout = 2.5\nmax_upload = 10\ncallback_allow = ["10.0.0.0/8", "::1"]\n',
    )
    settings = read({}, {}, file).settings
    assert settings.poll_timeout == 2.5
    assert settings.max_upload == 10
    assert settings.callback_allow == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("max_body", "1MiB", 1 << 20),
        ("max_body", "512 kib", 512 << 10),
        ("max_body", "7", 7),
        ("ping_every", "0.5", 0.5),
        ("log_level", "WARNING", LogLevel.WARNING),
        ("data", "some/where", Path("some/where")),
        ("sms_test_numbers", "+79166660002:5555, +34600:1", (("+79166660002", "5555"), ("+34600", "1"))),
        ("sama_organizations", "a,b,,c", ("a", "b", "c")),
        ("sama_origins", "https://chat.example.org", ("https://chat.example.org",)),
        ("database_url", "sqlite:////srv/chat.db", "sqlite:////srv/chat.db"),
        ("database_url", "postgresql://me@/chat?host=/run/pg", "postgresql://me@/chat?host=/run/pg"),
        ("database_url", TWO_HOSTS, TWO_HOSTS),
        ("bus_url", "nats://one:4222,nats://two:4222", "nats://one:4222,nats://two:4222"),
        ("files_url", "s3://bucket?endpoint_url=http://s3:9000", "s3://bucket?endpoint_url=http://s3:9000"),
        ("email_url", "smtp://mail.example.org", "smtp://mail.example.org"),
        ("push_url", "", ""),
    ],
)  # fmt: skip
def test_a_value_is_read_as_its_kind_says(name: str, text: str, value: object) -> None:
    assert getattr(read({name: text}, {}).settings, name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "65536"),
        ("port", "-1"),
        ("port", "eighty"),
        ("port", "80.0"),
        ("host", ""),
        ("host", "two words"),
        ("data", ""),
        ("max_body", "0"),
        ("max_body", "1.5MiB"),
        ("max_body", "1TiB"),
        ("ping_every", "0"),
        ("ping_every", "nan"),
        ("ping_every", "inf"),
        ("poll_timeout", "51"),
        ("log_format", "xml"),
        ("trusted_proxies", "10.0.0.0/33"),
        ("sms_test_numbers", "79166660002:5555"),
        ("sama_origins", "chat.example.org"),
        ("sama_max_participants", "1"),
        ("sama_admin_key", "two\nlines"),
        ("database_url", "mysql://host/chat"),
        ("database_url", "sqlite://relative.db"),
        ("database_url", "postgresql://me:hu/sh@host/chat"),
        ("database_url", "postgresql://me:hu#sh@host/chat"),
        ("database_url", "postgresql://me:hu@sh@host/chat"),
        ("database_url", "postgresql://host:five/chat"),
        ("database_url", "postgresql://host:99999/chat"),
        ("database_url", "postgresql://host,other:1:2/chat"),
        ("database_url", "postgresql://host/chat?port=five"),
        ("database_url", "postgresql://host/chat?sslmode"),
        ("public_url", "https://"),
        ("public_url", "https://host:99999"),
        ("public_url", "http://[::1"),
        ("sms_url", "console"),
        ("files_url", "file://host/path"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(name: str, text: str) -> None:
    setting = next(setting for setting in SETTINGS if setting.name == name)
    with pytest.raises(SettingsError) as refused:
        read({}, {setting.variable: text or "\0"})
    with pytest.raises(SettingsError) as flagged:
        read({name: text}, {})
    assert str(refused.value).startswith(f"{setting.variable} must be {setting.kind.expected}")
    assert str(flagged.value).startswith(f"flag {setting.flag} must be {setting.kind.expected}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "line", ["port = true", 'port = ["1"]', "port = [1]", "port = {a = 1}", "port = 2026-01-01"]
)
def test_toml_of_the_wrong_type_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError, match=r"port in .*tertulia\.toml must be a whole number"):
        read({}, {}, toml(tmp_path, line))


def test_an_unknown_variable_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError) as refused:
        read({}, {"TERTULIA_DATABSE_URL": "x"})
    assert str(refused.value) == (
        "unknown environment variable TERTULIA_DATABSE_URL; did you mean TERTULIA_DATABASE_URL?"
    )


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    file = toml(tmp_path, "max_boddy = 1")
    with pytest.raises(SettingsError) as refused:
        read({}, {}, file)
    assert str(refused.value) == f"unknown setting max_boddy in {file}; did you mean max_body?"


def test_nothing_is_suggested_where_nothing_is_close() -> None:
    assert suggestion("zzzzzz", ["port", "host"]) == ""


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no TOML file: "):
        read({}, {}, toml(tmp_path, "port: 1"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*: No such file"):
        read({}, {}, str(tmp_path / "none.toml"))


def test_pings_must_be_more_frequent_than_the_patience_for_their_answer() -> None:
    with pytest.raises(SettingsError, match="pong_timeout must be longer than ping_every"):
        read({"ping_every": "60"}, {})


def test_store_and_files_lie_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "a b")
    assert local_path(settings.database_url) == tmp_path / "a b" / "tertulia.db"
    assert local_path(settings.files_url) == tmp_path / "a b" / "files"


def test_a_fourth_slash_does_no_harm() -> None:
    assert local_path("sqlite:////srv/chat.db") == local_path("sqlite:///srv/chat.db")


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        (Settings(), "http://127.0.0.1:9000"),
        (Settings(host="::1"), "http://[::1]:9000"),
        (Settings(public_url="https://chat.example.org/"), "https://chat.example.org"),
    ],
)
def test_links_begin_with_the_public_url_or_else_with_the_address(
    settings: Settings, base: str
) -> None:
    assert settings.base_url(9000) == base


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:p%40ss@host/chat", "postgresql://me:****@host/chat"),
        ("postgresql://me:p@ss@host/chat", "postgresql://me:****@host/chat"),
        ("postgresql://me@host/chat", "postgresql://me@host/chat"),
        ("postgresql://host/chat?user=me&password=x&a=b", "postgresql://host/chat?user=me&password=****&a=b"),
        ("nats://token@host", "nats://****@host"),
        ("s3://b?aws_secret_access_key=x", "s3://b?aws_secret_access_key=****"),
        ("https://host/sms?to=a@b", "https://host/sms?to=a@b"),
        ("console:", "console:"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert mask_url(url) == shown


def test_settings_print_without_secrets() -> None:
    settings = Settings(
        sama_admin_key="hush-1",
        vapid_key="hush-2",
        database_url="postgresql://me:hush-3@host/chat",
        sms_test_numbers=(("+34600", "4444"),),
    )
    assert "hush" not in repr(settings)
    assert "4444" not in repr(settings)


def test_a_refusal_does_not_repeat_a_secret() -> None:
    with pytest.raises(SettingsError) as refused:
        read({"database_url": "mysql://me:hush@host"}, {})
    assert "hush" not in str(refused.value)


def test_what_is_shown_can_be_read_again() -> None:
    settings = Settings(trusted_proxies=(ip_network("10.0.0.0/8"),), max_body=1000, ping_every=1.5)
    shown = {setting.name: settings.shown(setting) for setting in SETTINGS}
    assert read(shown, {}).settings == settings
