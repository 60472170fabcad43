"""Settings: defaults, overridden by the TOML file, then by MOVIEREC_<SECTION>__<KEY> in the environment.

`example()` generates `config.toml.example`.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from movierec.errors import ConfigurationError
from movierec.paths import Paths

Scalar = str | int | float | bool | tuple[str, ...]


def setting(default: Scalar, doc: str, *, secret: bool = False, least: float | None = None) -> Any:
    """Declare a key: its default, its description, a flag that hides secrets, its lower bound."""
    return field(default=default, repr=not secret, metadata={"doc": doc, "secret": secret, "least": least})


@dataclass(frozen=True)
class ServerSettings:
    """Address of the daemon, and the hosts and origins it answers."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8000, "Port to listen on; 0 chooses a free one.", least=0)
    workers: int = setting(1, "Number of processes; more than one needs PostgreSQL.", least=1)
    public_url: str = setting("", "Public address for links, such as https://films.example.org.")
    allowed_hosts: tuple[str, ...] = setting(
        (), "Host names answered besides loopback, the listening address and public_url; * for all."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses or networks of proxies whose X-Forwarded-For header is trusted."
    )
    cors_origins: tuple[str, ...] = setting(
        (), "Web origins whose scripts may call the API, such as https://films.example.org."
    )
    body_limit_bytes: int = setting(1_048_576, "Maximum size of a JSON body, in bytes.", least=1024)
    body_timeout_seconds: float = setting(15.0, "Timeout for receiving a body, in seconds.", least=0.1)
    shutdown_seconds: float = setting(
        10.0, "Timeout for requests in flight at shutdown, in seconds.", least=0
    )


@dataclass(frozen=True)
class DatabaseSettings:
    """The database."""

    url: str = setting(
        "", "URL: postgresql://… or sqlite:///PATH; empty: SQLite in the state folder.", secret=True
    )
    readers: int = setting(
        2, "Number of reader threads (SQLite), or of all database threads (PostgreSQL: at least 4).", least=1
    )
    busy_timeout_seconds: float = setting(5.0, "Timeout for a lock, in seconds.", least=0.1)
    statement_timeout_seconds: float = setting(
        30.0, "Timeout of a statement on PostgreSQL, in seconds.", least=1
    )


@dataclass(frozen=True)
class AuthSettings:
    """Accounts, sessions and passwords."""

    access_minutes: int = setting(60, "Lifetime of an access token, in minutes.", least=1)
    refresh_idle_days: int = setting(7, "Days without use after which a session ends.", least=1)
    refresh_absolute_days: int = setting(90, "Days after which every session ends.", least=1)
    bcrypt_cost: int = setting(12, "Work factor of password hashes; each step doubles the time.", least=4)
    password_min_length: int = setting(12, "Minimum length of a password, in characters.", least=8)
    hashing_threads: int = setting(2, "Number of threads that hash passwords.", least=1)
    hashing_queue: int = setting(
        64, "Maximum number of passwords waiting to be hashed; beyond it logins get status 503.", least=1
    )
    registration: bool = setting(True, "Allow anybody to register.")


@dataclass(frozen=True)
class ThrottleSettings:
    """Rate limits of costly or guessable requests; 0 sets no limit."""

    login_per_account: int = setting(10, "Sign-ins to one account in 15 minutes.", least=0)
    login_per_address: int = setting(30, "Sign-ins from one address in 15 minutes.", least=0)
    password: int = setting(10, "Password confirmations of one signed-in account in 15 minutes.", least=0)
    register: int = setting(10, "Registrations from one address in an hour.", least=0)
    refresh: int = setting(300, "Token refreshes from one address in 15 minutes.", least=0)
    token_checks: int = setting(600, "Tokens verified for one address in 15 minutes.", least=0)
    mailed_tokens: int = setting(30, "Mailed tokens used from one address in 15 minutes.", least=0)
    reset_per_account: int = setting(5, "Mails requested for one account in an hour.", least=0)
    reset_per_address: int = setting(20, "Mails requested from one address in an hour.", least=0)
    search: int = setting(120, "Searches from one address in a minute.", least=0)
    posters: int = setting(240, "Posters requested from one address in a minute.", least=0)
    imports: int = setting(60, "Imports of one account in an hour.", least=0)
    exports: int = setting(60, "Exports of one account in an hour.", least=0)
    train: int = setting(60, "Trainings started by one account in an hour.", least=0)


@dataclass(frozen=True)
class MailSettings:
    """Mail to users, sent through an SMTP server where one is set."""

    host: str = setting(
        "", "SMTP server; empty: mails stay in the outbox, shown by `movierec-server outbox`."
    )
    port: int = setting(587, "Port of the SMTP server: usually 587 with starttls, 465 with tls.", least=1)
    security: str = setting("starttls", "Encryption: starttls, tls or none.")
    verify_certificate: bool = setting(True, "Verify the server's certificate.")
    ca_file: str = setting("", "PEM file of certificates to trust instead of the system's.")
    username: str = setting("", "User name for the SMTP server; empty: no sign-in.")
    password: str = setting("", "Password for the SMTP server.", secret=True)
    sender: str = setting("", "Sender address of mails; required if host is set.")
    timeout_seconds: float = setting(10.0, "Timeout for the delivery of one mail, in seconds.", least=0.1)
    give_up_days: int = setting(3, "Days after which an undelivered mail is given up.", least=1)
    keep_days: int = setting(30, "Days for which the outbox keeps mails that were sent or given up.", least=1)


@dataclass(frozen=True)
class TmdbSettings:
    """The Movie Database (TMDb), used if a key is set."""

    api_key: str = setting(
        "", "API key (v3) or read access token (v4); empty: TMDb is not used.", secret=True
    )
    base_url: str = setting("https://api.themoviedb.org/3", "Address of the API.")
    image_url: str = setting("https://image.tmdb.org/t/p", "Address of the images.")
    connect_seconds: float = setting(3.0, "Timeout for a connection, in seconds.", least=0.01)
    total_seconds: float = setting(
        9.0, "Timeout for a response including all retries, in seconds.", least=0.01
    )
    list_seconds: float = setting(
        3.0,
        "Timeout after which trending, popular and top rated lists come from the catalogue, in seconds.",
        least=0,
    )
    page_seconds: float = setting(
        0.8, "Timeout after which a search or a movie page is answered without TMDb, in seconds.", least=0
    )
    requests_per_second: int = setting(40, "Maximum number of requests per second.", least=1)
    requests_at_once: int = setting(8, "Maximum number of concurrent requests.", least=1)
    failures: int = setting(5, "Number of consecutive failures that open the circuit breaker.", least=1)
    pause_seconds: float = setting(
        30.0, "Seconds for which the circuit breaker stays open; then one request probes TMDb.", least=0.01
    )
    cache_megabytes: int = setting(256, "Maximum size of the cache of responses, in megabytes.", least=1)
    trending_hours: float = setting(1.0, "Hours for which the list of trending movies is fresh.", least=0)
    lists_hours: float = setting(
        24.0, "Hours for which the lists of popular and top rated movies are fresh.", least=0
    )
    search_hours: float = setting(24.0, "Hours for which the results of a search are fresh.", least=0)
    details_hours: float = setting(24.0, "Hours for which the details of a movie are fresh.", least=0)
    genres_hours: float = setting(
        168.0, "Hours for which genres and TMDb's configuration are fresh.", least=0
    )
    misses_minutes: float = setting(
        10.0, "Minutes for which an id unknown to TMDb is not requested again.", least=0
    )
    sync_hours: int = setting(
        24, "Hours between automatic syncs of rated movies and changes; 0: never.", least=0
    )
    sync_pages: int = setting(
        10, "Pages of popular and of top rated movies that a sync reads; 20 movies a page.", least=0
    )
    sync_budget: int = setting(2_000, "Maximum number of calls to TMDb in one sync.", least=1)
    keep_days: int = setting(
        180,
        "Days for which a response is kept to be shown while TMDb is unreachable; its terms allow 6 months.",
        least=0,
    )


@dataclass(frozen=True)
class ImportSettings:
    """Uploads of ratings and catalogues."""

    upload_limit_bytes: int = setting(2_147_483_648, "Maximum size of an upload, in bytes.", least=1024)
    uncompressed_limit_bytes: int = setting(
        8_589_934_592,
        "Maximum unpacked size of each member of a MovieLens archive, or of any other archive in total.",
        least=1024,
    )
    new_films_per_account: int = setting(
        500,
        "Maximum number of movies that one account may add with movierec's own exports; 0: none.",
        least=0,
    )


@dataclass(frozen=True)
class LibrarySettings:
    """The journal that undoes changes to users' libraries."""

    undo_days: int = setting(90, "Days for which a change or an import can be undone.", least=1)
    undo_acts: int = setting(
        1_000, "Maximum number of changes of a user that can be undone, without imports.", least=1
    )
    undo_rows: int = setting(
        1_000_000,
        "Maximum number of ratings and entries of a user that can be undone, with those of imports.",
        least=1,
    )


@dataclass(frozen=True)
class RecommenderSettings:
    """Training and serving recommendations."""

    minimum_raters: int = setting(
        5, "Minimum number of community raters for a movie to influence others.", least=1
    )
    maximum_films: int = setting(
        20_000, "Maximum number of movies in the collaborative model; memory grows with its square.", least=10
    )
    training_threads: int = setting(2, "Number of threads of the training process.", least=1)
    train_after_ratings: int = setting(
        1_000,
        "Number of new or removed community ratings that starts a training automatically; 0: never.",
        least=0,
    )
    train_after_hours: int = setting(
        24,
        "Age of the model in hours that starts a training automatically if ratings or movies have changed; 0: never.",
        least=0,
    )
    dislikes: str = setting(
        "push", "push: a dislike lowers similar movies; trained: it counts as weak interest."
    )


@dataclass(frozen=True)
class LogSettings:
    """Logging, as JSON lines on stderr."""

    level: str = setting("info", "Level: debug, info, warning or error.")


@dataclass(frozen=True)
class Settings:
    """All settings of one daemon, and its folders."""

    server: ServerSettings = field(default_factory=ServerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    throttle: ThrottleSettings = field(default_factory=ThrottleSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    tmdb: TmdbSettings = field(default_factory=TmdbSettings)
    library: LibrarySettings = field(default_factory=LibrarySettings)
    imports: ImportSettings = field(default_factory=ImportSettings)
    recommender: RecommenderSettings = field(default_factory=RecommenderSettings)
    log: LogSettings = field(default_factory=LogSettings)
    paths: Paths = field(default_factory=Paths.from_environment)

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.paths.state / 'movierec.sqlite3'}"


SECTIONS: dict[str, type[Any]] = {
    f.name: f.default_factory  # type: ignore[misc]
    for f in dataclasses.fields(Settings)
    if f.name != "paths"
}


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `path`, which must exist; None: from MOVIEREC_CONFIG, or the XDG file if it exists.

    Raises ConfigurationError naming the key, and for an unknown key the most similar one.
    """
    paths = Paths.from_environment(environ)
    chosen = path or (Path(environ["MOVIEREC_CONFIG"]) if environ.get("MOVIEREC_CONFIG") else None)
    default = paths.config / "config.toml"
    if chosen is None and default.exists():
        chosen = default
    values = _from_file(chosen) if chosen else {}
    for section, key, value in _from_environment(environ):
        values.setdefault(section, {})[key] = value
    sections = {name: _section(name, cls, values.get(name, {})) for name, cls in SECTIONS.items()}
    settings = Settings(**sections, paths=paths)
    check(settings)
    return settings


def _from_file(path: Path) -> dict[str, dict[str, object]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"Cannot read the configuration file {path}: {error}") from error
    for name, section in content.items():
        _check_known(name, SECTIONS, f"section [{name}] in {path}")
        if not isinstance(section, dict):
            raise ConfigurationError(f"{name} in {path} must be a section: write [{name}].")
    return content


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, str, object]]:
    values = []
    for variable, text in environ.items():
        section, separator, key = variable.removeprefix("MOVIEREC_").lower().partition("__")
        if not variable.startswith("MOVIEREC_") or not separator:
            continue
        _check_known(section, SECTIONS, f"section of {variable}")
        fields = {f.name: f for f in dataclasses.fields(SECTIONS[section])}
        if key.endswith("_file") and key not in fields:
            key = key.removesuffix("_file")
            try:
                text = Path(text).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"Cannot read the file named by {variable}: {error}") from error
        kind = type(fields[key].default) if key in fields else str
        values.append((section, key, _parse(kind, text)))
    return values


def _section(name: str, cls: type[Any], values: Mapping[str, object]) -> Any:
    fields = {f.name: f for f in dataclasses.fields(cls)}
    for key in values:
        _check_known(key, fields, f"key {name}.{key}")
    return cls(**{key: _value(f"{name}.{key}", fields[key], value) for key, value in values.items()})


def _check_known(name: str, names: Iterable[str], description: str) -> None:
    names = list(names)
    if name not in names:
        similar = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {similar[0]}?" if similar else f" Known: {', '.join(names)}."
        raise ConfigurationError(f"Unknown {description}.{hint}")


def _value(name: str, target: dataclasses.Field[Any], value: object) -> Scalar:
    """Check a value against the type of the field's default, and return it."""
    kind = type(target.default)
    hidden = "…" if target.metadata["secret"] else repr(value)
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if type(value) is not kind:
        expected = {tuple: "a list of texts", str: "a text", bool: "true or false"}.get(kind, "a number")
        raise ConfigurationError(f"{name} must be {expected}, not {hidden}.")
    least = target.metadata["least"]
    if least is not None and not value >= least:
        raise ConfigurationError(f"{name} must be at least {least}, not {hidden}.")
    return cast(Scalar, value)


def _parse(kind: type, text: str) -> object:
    """Convert the text of an environment variable to `kind`; return the text itself where that fails."""
    if kind is tuple:
        return tuple(item.strip() for item in text.split(",") if item.strip())
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
            text.lower(), text
        )
    try:
        return kind(text)
    except ValueError:
        return text


def check(settings: Settings) -> None:
    """Check conditions beyond the type and bound of a single key. Raises ConfigurationError."""
    if not settings.database_url.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ConfigurationError("database.url must start with postgresql:// or sqlite:///.")
    if settings.server.workers > 1 and settings.database_url.startswith("sqlite"):
        raise ConfigurationError(
            "server.workers above 1 needs PostgreSQL: several processes writing one SQLite file can "
            "corrupt it. Set database.url to postgresql://… or workers to 1."
        )
    if settings.recommender.dislikes not in ("push", "trained"):
        raise ConfigurationError("recommender.dislikes must be push or trained.")
    if settings.log.level not in ("debug", "info", "warning", "error"):
        raise ConfigurationError("log.level must be debug, info, warning or error.")
    if settings.auth.bcrypt_cost > 20:
        raise ConfigurationError("auth.bcrypt_cost must be at most 20: more takes minutes for each login.")
    for network in settings.server.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigurationError(
                f"server.trusted_proxies must be addresses or networks, not {network!r}."
            ) from error
    for origin in settings.server.cors_origins:
        _check_origin(origin)
    _check_mail(settings.mail)
    _check_tmdb(settings.tmdb)
    if not re.fullmatch(r"(https?://[^\s/?#\"'<>@]+(/[^\s?#\"'<>]*)?)?", settings.server.public_url):
        raise ConfigurationError("server.public_url must be an address such as https://films.example.org.")
    if settings.server.port > 65535:
        raise ConfigurationError("server.port must be at most 65535.")


def _check_origin(origin: str) -> None:
    """Check that an origin is written as browsers send it: they are compared as texts."""
    standard_port = {"http": ":80", "https": ":443"}.get(origin.partition(":")[0], "")
    if not re.fullmatch(r"https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?", origin) or (
        origin.endswith(standard_port)
    ):
        raise ConfigurationError(
            f"server.cors_origins must be origins as browsers send them, not {origin!r}: scheme, host in lower "
            "case and a port other than the standard one, such as https://films.example.org, without a path."
        )


def _check_mail(mail: MailSettings) -> None:
    if mail.security not in ("starttls", "tls", "none"):
        raise ConfigurationError("mail.security must be starttls, tls or none.")
    if mail.host and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", mail.sender):
        raise ConfigurationError(
            "mail.sender must be the sender address of mails, such as films@example.org."
        )
    if mail.username and mail.security == "none" and mail.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigurationError(
            "mail.security none would send mail.password in the clear. Use starttls or tls."
        )


def _check_tmdb(tmdb: TmdbSettings) -> None:
    if not re.fullmatch(r"[!-~]*", tmdb.api_key):
        raise ConfigurationError("tmdb.api_key must be the key alone, as TMDb shows it: no spaces or quotes.")
    for key in ("base_url", "image_url"):
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", getattr(tmdb, key)):
            raise ConfigurationError(f"tmdb.{key} must be an address such as https://api.themoviedb.org/3.")
    if tmdb.keep_days > 180:
        raise ConfigurationError("tmdb.keep_days must be at most 180: TMDb's terms forbid more.")


def example() -> str:
    """Generate the text of config.toml.example: every key with its description and default."""
    lines = [
        "# Settings of the movierec daemon. Copy to config.toml in the folder that `movierec-server check`",
        "# names, and uncomment what you change. Any key can also be set by the environment variable",
        "# MOVIEREC_<SECTION>__<KEY> (lists separated by commas), or, with _FILE appended to that name, by",
        "# the file that holds the value.",
    ]
    for name, cls in SECTIONS.items():
        lines += ["", f"# {cls.__doc__}", f"[{name}]"]
        for key in dataclasses.fields(cls):
            default = list(key.default) if isinstance(key.default, tuple) else key.default
            lines += [f"# {key.metadata['doc']}", f"# {key.name} = {json.dumps(default)}"]
    return "\n".join(lines) + "\n"
