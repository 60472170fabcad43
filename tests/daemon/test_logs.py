"""The log: one JSON object a line whatever is logged, without tokens, keys and pass phrases."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movierec.daemon.logs import DRIVERS, FIELDS, JsonFormatter, configure_logging, redact

PHRASE = "correct horse, battery & staple"

# Texts that hold a pass phrase or token, with the part that stays readable.
SECRETS = [
    (f'{{"password": "{PHRASE}", "x": 1}}', '"x": 1}'),
    (f'{{\\"password\\": \\"{PHRASE}\\"}}', "password"),
    (f"{{'new_password': '{PHRASE}', 'x': 1}}", "'x': 1}"),
    (f"password_confirm='{PHRASE}', x=1", "x=1"),
    (f"password={PHRASE}", "password="),
    (f"Password: {PHRASE}", "Password: "),
    (f"passphrase: {PHRASE}", "passphrase"),
    (f"pass phrase: {PHRASE}", "pass phrase"),
    (f"the password {PHRASE} is wrong", "the password "),
    (f"('password', '{PHRASE}')", "('password', "),
    (f'password="it\'s \\" {PHRASE}" x=1', "x=1"),
    (f"dsn host=db password='{PHRASE}' user=ann", "user=ann"),
    (f"postgresql://ann:{PHRASE}@db/movierec failed", "@db/movierec failed"),
    (f"postgresql://ann:a@b {PHRASE}@db/movierec", "@db/movierec"),
    (f"first line\npassword: {PHRASE}\nlast line", "last line"),
    ("Authorization: Basic staple==", "Authorization: "),
    ("Authorization: Bearer staple", "Authorization: "),
    ("bearer staple, x=1", "x=1"),
    ("mrp_staple x=1", "mrp_[redacted] x=1"),
    ("api_key=staple&x=1", "&x=1"),
    ("refresh_token: 'staple' x=1", "x=1"),
    ("sent eyJhbGciOi.eyJzdWIi.staple x=1", "x=1"),
]


def formatted(message: str, **extra: object) -> str:
    record = logging.LogRecord("movierec.test", logging.INFO, "", 0, "%s", (message,), None)
    vars(record).update(extra)
    return JsonFormatter().format(record)


@pytest.mark.parametrize(("text", "kept"), SECRETS, ids=range(len(SECRETS)))
def test_secrets_are_redacted_with_their_blanks(text: str, kept: str) -> None:
    for line in (redact(text), json.loads(formatted(text))["message"], formatted("x", job=text)):
        assert not any(word in line for word in ("horse", "battery", "staple")), line
    assert kept in redact(text)
    assert "[redacted]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "listening on http://127.0.0.1:8000/api/",
        "/api/v1/auth/password_reset/confirm/",
        "unexpected error around the outbox",
        'File "password_strength.py", line 3, in hash_password\n    return work()',
    ],
)
def test_texts_without_secrets_stay(text: str) -> None:
    assert redact(text) == text


TEXTS = st.text() | st.sampled_from([text for text, _ in SECRETS]) | st.sampled_from(['"', "\\", "}", "\n"])


@given(st.lists(TEXTS).map("".join), TEXTS)
def test_no_text_breaks_a_line(message: str, field: str) -> None:
    line = formatted(message, route=field, kind=field)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert set(json.loads(line)) == {"time", "level", "logger", "message", "route", "kind"}


def test_redaction_precedes_encoding() -> None:
    line = json.loads(formatted('password="', method="password: x", job=7))
    assert (line["message"], line["method"], line["job"]) == (
        "password=[redacted]",
        "password: [redacted]",
        7,
    )


def test_tracebacks_are_redacted() -> None:
    try:
        raise ValueError(f"password: {PHRASE}")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("movierec.test", logging.ERROR, "", 0, "failed", (), info)
    line = json.loads(JsonFormatter().format(record))
    assert "Traceback" in line["exception"]
    assert "battery" not in line["exception"]


def test_values_of_other_types_are_logged_as_text() -> None:
    assert (
        json.loads(formatted("x", **{FIELDS[0]: ValueError("bearer abc")}))[FIELDS[0]] == "bearer [redacted]"
    )


def test_redaction_takes_time_in_proportion() -> None:
    """Patterns that try every start of a long text would take minutes."""
    for text in ("password" * 50_000, "://a:" * 50_000, "pass" * 100_000, "mrp_" * 100_000, "'" * 400_000):
        redact(text)


def test_drivers_never_log_statements() -> None:
    levels = {name: logging.getLogger(name).level for name in DRIVERS}
    root, handlers = logging.getLogger().level, logging.getLogger().handlers[:]
    try:
        configure_logging("debug")
        assert logging.getLogger("movierec").isEnabledFor(logging.DEBUG)
        for name in (*DRIVERS, "aiohttp.server"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
        configure_logging("error")
        assert not logging.getLogger("peewee").isEnabledFor(logging.WARNING)
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(root)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
