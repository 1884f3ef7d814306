"""Define all deploy settings: name, type and default.

`setting_sources` says where they come from. What editors may change is in the database, see blog/site.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blog.email_addresses import normalize_address
from blog.errors import WrongSetting
from blog.setting_sources import ENVIRONMENT, Given, gather

ROOT = Path(__file__).resolve().parent.parent

# read first, since settings.env stands in this folder
INSTANCE = "BLOG_INSTANCE"
SECRETS = ("smtp_password",)
HIDDEN = "***"
TRUE_VALUES = {"1", "true", "yes", "on"}
FALSE_VALUES = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Settings:
    """Hold all deploy settings. Sizes are bytes, times seconds."""

    blog_instance: Path = ROOT / "instance"
    database_url: str = ""
    port: int = 8000
    bind: str = "127.0.0.1"
    web_concurrency: int = 1
    threads: int = 3
    blog_url: str = ""
    hsts_seconds: int = 0
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    ratelimit_enabled: bool = True
    ratelimit_storage_uri: str = "memory://"
    htmx_from: str = "cdn"
    max_body: int = 25_000_000
    max_upload: int = 2_000_000_000
    body_seconds: int = 30
    live_beat: int = 15
    live_streams: int = 5_000
    live_streams_per_address: int = 50
    token_seconds: int = 12 * 3600
    log_format: str = "text"
    log_requests: bool = True
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    mail_from: str = ""
    mail_per_hour: int = 200
    mail_per_day: int = 1_000

    @property
    def database(self) -> str:
        """Return the SQLAlchemy URL: DATABASE_URL, or SQLite in the instance."""
        if not self.database_url:
            return f"sqlite:///{self.blog_instance / 'blog.sqlite'}"
        scheme, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    def environment(self) -> dict[str, str]:
        """Return the environment for a child process of the same blog."""
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL_FILE"}
        return inherited | {"BLOG_INSTANCE": str(self.blog_instance), "DATABASE_URL": self.database_url}

    def described(self) -> dict[str, str]:
        """Return each setting by name as text, without passwords."""
        texts = {field.name.upper(): self._describe(field.name) for field in fields(self)}
        return texts | {"DATABASE_URL": hide_password(self.database)}

    def _describe(self, name: str) -> str:
        value = getattr(self, name)
        if isinstance(value, tuple):
            return ",".join(value)
        if isinstance(value, bool):
            return str(int(value))
        if name in SECRETS:
            return HIDDEN if value else ""
        return hide_password(str(value))

    @property
    def max_desk_body(self) -> int:
        """Return the maximum request size for editors, in bytes.

        It exceeds that of one photo, so that a too large photo is refused without losing the text.
        """
        return 4 * self.max_body

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host)

    @property
    def base_url(self) -> str:
        """Return BLOG_URL, or the local address."""
        host = f"[{self.bind}]" if ":" in self.bind else self.bind
        return self.blog_url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def https(self) -> bool:
        return self.blog_url.startswith("https://")


def hide_password(url: str) -> str:
    """Replace the password of an address such as redis://user:password@host."""
    if "password=" in url.lower():
        url = f"{url.partition('?')[0]}?{HIDDEN}"
    scheme, mark, rest = url.partition("://")
    login, at, host = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{mark}{user}{colon}{HIDDEN}{at}{host}" if colon and at else url


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings. Raises: WrongSetting for the first unusable one."""
    defaults = Settings()
    given = given_settings(environ)
    values: dict[str, Any] = {
        field.name: _read(field.name.upper(), given[field.name.upper()].text, getattr(defaults, field.name))
        for field in fields(Settings)
        if field.name.upper() in given
    }
    settings = Settings(**values)
    _check(settings)
    return settings


def given_settings(environ: Mapping[str, str] = os.environ) -> dict[str, Given]:
    """Return what is set, by name, with its source. Raises: WrongSetting."""
    instance = environ.get(INSTANCE, "").strip()
    names = [field.name.upper() for field in fields(Settings) if field.name.upper() != INSTANCE]
    given = gather(names, environ, Path(instance or Settings.blog_instance))
    return given | ({INSTANCE: Given(instance, ENVIRONMENT)} if instance else {})


def _read(name: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() not in TRUE_VALUES | FALSE_VALUES:
            raise WrongSetting(f"{name} is “{text}”, but only 1 or 0 will do.")
        return text.lower() in TRUE_VALUES
    if isinstance(default, int):
        if not text.isascii() or not text.isdigit():
            raise WrongSetting(f"{name} is “{text}”, but it must be a whole number such as {default}.")
        return int(text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, Path):
        return Path(text).absolute()
    return text


def _check(settings: Settings) -> None:
    if not 0 < settings.port < 65536:
        raise WrongSetting(f"PORT is {settings.port}, but ports go from 1 to 65535.")
    for name in ("web_concurrency", "threads", "live_beat", "body_seconds", "token_seconds"):
        if getattr(settings, name) < 1:
            raise WrongSetting(f"{name.upper()} is 0, but at least 1 is needed.")
    if settings.htmx_from not in {"cdn", "static"}:
        raise WrongSetting(f"HTMX_FROM is “{settings.htmx_from}”, but only cdn or static will do.")
    if settings.log_format not in {"text", "json"}:
        raise WrongSetting(f"LOG_FORMAT is “{settings.log_format}”, but only text or json will do.")
    scheme = settings.database_url.partition("://")[0]
    if settings.database_url and scheme not in {"sqlite", "postgres", "postgresql"}:
        raise WrongSetting("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if not _is_rate_limit_storage(settings.ratelimit_storage_uri):
        raise WrongSetting(
            "RATELIMIT_STORAGE_URI must be memory://, or a Redis server such as redis://127.0.0.1:6379/0."
        )
    if settings.blog_url:
        address = urlsplit(settings.blog_url)
        if address.scheme not in {"http", "https"} or not address.netloc or address.path.strip("/"):
            raise WrongSetting(
                f"BLOG_URL is “{settings.blog_url}”, but it must be the blog's public address "
                "without a path, such as https://blog.example.org."
            )
    _check_mail(settings)


def _check_mail(settings: Settings) -> None:
    if settings.smtp_security not in {"starttls", "tls", "none", "insecure"}:
        raise WrongSetting(
            f"SMTP_SECURITY is “{settings.smtp_security}”, but only starttls, tls, none (on this machine) "
            "or insecure will do."
        )
    for name in ("mail_per_hour", "mail_per_day"):
        if getattr(settings, name) < 1:
            raise WrongSetting(f"{name.upper()} is 0, but at least 1 is needed; without SMTP_HOST no mail is sent.")
    if not 0 < settings.smtp_port < 65536:
        raise WrongSetting(f"SMTP_PORT is {settings.smtp_port}, but ports go from 1 to 65535.")
    if not settings.smtp_host:
        return
    if not settings.mail_from or not settings.blog_url:
        missing = "BLOG_URL, which links in mail begin with," if settings.mail_from else "MAIL_FROM"
        raise WrongSetting(f"SMTP_HOST is set, but {missing} is not: mail needs both.")
    if normalize_address(settings.mail_from) != settings.mail_from or not settings.mail_from.isascii():
        raise WrongSetting("MAIL_FROM must be an e-mail address alone, in ASCII, such as blog@example.org.")
    if settings.smtp_security == "none" and not _is_this_machine(settings.smtp_host):
        raise WrongSetting(
            "SMTP_SECURITY=none is for a server on this machine: use starttls or tls, "
            "or insecure where mail and password may be read on their way."
        )
    login = settings.smtp_user, settings.smtp_password
    if bool(login[0]) != bool(login[1]) or not all(part.isascii() for part in login):
        raise WrongSetting("SMTP_USER and SMTP_PASSWORD belong together, and are in ASCII: set both or neither.")


def _is_this_machine(host: str) -> bool:
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _is_rate_limit_storage(address: str) -> bool:
    """Return whether a rate limit storage URL is valid."""
    try:
        store = urlsplit(address)
        named = bool(store.hostname) and (store.port is None or store.port > 0)
        numbered = re.fullmatch(r"/?[0-9]{0,9}", store.path) is not None
    except ValueError:
        return False
    return address == "memory://" or (store.scheme in {"redis", "rediss"} and named and numbered)
