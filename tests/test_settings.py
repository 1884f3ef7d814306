from __future__ import annotations

import pytest

from blog.settings import Settings, WrongSetting, load


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
def test_invalid_setting_is_named_in_one_sentence(name: str, text: str) -> None:
    with pytest.raises(WrongSetting) as refusal:
        load({name: text})
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


MAIL = {"SMTP_HOST": "mail.example.org", "MAIL_FROM": "blog@example.org", "BLOG_URL": "https://blog.example.org"}


def test_mail_needs_three_settings_and_its_password_is_hidden() -> None:
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
def test_invalid_mail_setting_is_reported_without_the_password(name: str, wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=name) as refusal:
        load(MAIL | wrong)
    assert "\n" not in str(refusal.value)
    assert wrong.get("SMTP_PASSWORD", "nothing secret") not in str(refusal.value)


def test_empty_settings_use_the_defaults() -> None:
    settings = load({"PORT": "9000", "RATELIMIT_ENABLED": "0", "BIND": " ", "TRUSTED_HOSTS": "a.example, b.example"})
    assert (settings.port, settings.ratelimit_enabled, settings.bind) == (9000, False, "127.0.0.1")
    assert settings.trusted_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_of_postgresql_are_accepted(scheme: str) -> None:
    assert Settings(database_url=f"{scheme}://u@h/d").database == "postgresql+psycopg://u@h/d"
