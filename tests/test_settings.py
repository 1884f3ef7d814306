from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from blog.errors import WrongSetting
from blog.settings import Settings, given_settings, hide_password, load


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("WEB_CONCURRENCY", "0"),
        ("RATELIMIT_ENABLED", "perhaps"),
        ("HTMX_FROM", "elsewhere"),
        ("DATABASE_URL", "mysql://x/y"),
        ("BLOG_URL", "blog.example.org"),
        ("BLOG_URL", "https://blog.example.org/path"),
    ],
)
def test_wrong_setting_is_reported_by_name(name: str, text: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        load({name: text})
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


MAIL = {"SMTP_HOST": "mail.example.org", "MAIL_FROM": "blog@example.org", "BLOG_URL": "https://blog.example.org"}


def test_mail_needs_three_settings_and_hides_its_password() -> None:
    assert not load({}).sends_mail
    settings = load(MAIL | {"SMTP_USER": "blog", "SMTP_PASSWORD": "open sesame"})
    assert settings.sends_mail
    assert (settings.smtp_port, settings.smtp_security) == (587, "starttls")
    assert "open sesame" not in repr(settings)
    for host in ("127.0.0.1", "localhost", "::1"):
        load(MAIL | {"SMTP_HOST": host, "SMTP_SECURITY": "none"})
    load(MAIL | {"SMTP_SECURITY": "insecure"})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("BLOG_URL", {"BLOG_URL": ""}),
        ("MAIL_FROM", {"MAIL_FROM": ""}),
        ("MAIL_FROM", {"MAIL_FROM": "Blog <blog@example.org>"}),
        ("MAIL_FROM", {"MAIL_FROM": "blog"}),
        ("SMTP_PORT", {"SMTP_PORT": "0"}),
        ("SMTP_PORT", {"SMTP_PORT": "smtp"}),
        ("SMTP_SECURITY", {"SMTP_SECURITY": "ssl"}),
        ("SMTP_SECURITY", {"SMTP_SECURITY": "none"}),
        ("SMTP_SECURITY", {"SMTP_SECURITY": "none", "SMTP_HOST": "127.0.0.1.example.org"}),
        ("SMTP_PASSWORD", {"SMTP_USER": "blog"}),
        ("SMTP_PASSWORD", {"SMTP_PASSWORD": "open sesame"}),
        ("SMTP_PASSWORD", {"SMTP_USER": "blog", "SMTP_PASSWORD": "öffne dich"}),
        ("MAIL_PER_HOUR", {"MAIL_PER_HOUR": "0"}),
        ("MAIL_PER_DAY", {"MAIL_PER_DAY": "many"}),
    ],
)
def test_wrong_mail_setting_is_reported_without_the_password(name: str, wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=name) as refusal:
        load(MAIL | wrong)
    assert "\n" not in str(refusal.value)
    assert wrong.get("SMTP_PASSWORD", "nothing secret") not in str(refusal.value)


def test_empty_settings_have_their_defaults() -> None:
    settings = load({"PORT": "9000", "RATELIMIT_ENABLED": "0", "BIND": " ", "TRUSTED_HOSTS": "a.example, b.example"})
    assert (settings.port, settings.ratelimit_enabled, settings.bind) == (9000, False, "127.0.0.1")
    assert settings.trusted_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_postgresql_schemes_are_accepted(scheme: str) -> None:
    assert Settings(database_url=f"{scheme}://u@h/d").database == "postgresql+psycopg://u@h/d"


# Sources


def test_environment_goes_before_files(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("# mail\n\nPORT=8001\n THREADS = '4' \nBLOG_URL=https://a.example\nBIND=\n")
    (tmp_path / "port").write_text("8002\n")
    environ = {"BLOG_INSTANCE": str(tmp_path), "PORT_FILE": str(tmp_path / "port"), "THREADS": "5"}
    settings = load(environ)
    assert (settings.port, settings.threads, settings.blog_url) == (8002, 5, "https://a.example")
    assert settings.bind == "127.0.0.1"
    sources = {name: given.source for name, given in given_settings(environ).items()}
    assert sources == {
        "BLOG_INSTANCE": "environment", "PORT": "PORT_FILE", "THREADS": "environment", "BLOG_URL": "settings.env",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PORT=1\nPROT=2", "Line 2"),
        (b"PORT", "Line 1"),
        (b"BLOG_INSTANCE=/elsewhere", "Line 1"),
        (b"PORT=\xff", "UTF-8"),
        (b"#" * 70_000, "65536 bytes"),
        (b"PORT=many", "PORT is"),
    ],
)
def test_wrong_settings_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "settings.env").write_bytes(content)
    with pytest.raises(WrongSetting, match=why) as refusal:
        load({"BLOG_INSTANCE": str(tmp_path)})
    assert "\n" not in str(refusal.value)


def test_wrong_file_of_a_secret_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    environ = {"BLOG_INSTANCE": str(tmp_path), "SMTP_PASSWORD_FILE": str(path)}
    with pytest.raises(WrongSetting, match="SMTP_PASSWORD_FILE cannot be read"):
        load(environ)
    path.write_text("open sesame")
    with pytest.raises(WrongSetting, match="both set"):
        load(environ | {"SMTP_PASSWORD": "x"})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:s3cret@host:6379/0", "redis://user:***@host:6379/0"),
        ("redis://:s3:c@ret@host", "redis://:***@host"),
        ("postgresql://name@host/db", "postgresql://name@host/db"),
        ("postgresql://host/db?user=a&Password=s3cret", "postgresql://host/db?***"),
        ("memory://", "memory://"),
    ],
)
def test_passwords_of_addresses_are_hidden(url: str, shown: str) -> None:
    assert hide_password(url) == shown


def test_described_settings_name_all_and_no_secret() -> None:
    environ = MAIL | {
        "SMTP_USER": "blog",
        "SMTP_PASSWORD": "s3cret",
        "DATABASE_URL": "postgres://blog:s3cret@db/blog",
        "RATELIMIT_STORAGE_URI": "redis://:s3cret@host",
    }
    described = load(environ).described()
    assert set(described) == {field.name.upper() for field in fields(Settings)}
    assert "s3cret" not in str(described)
    assert described["SMTP_PASSWORD"] == "***"
    assert described["TRUSTED_PROXIES"] == "127.0.0.1,::1"
