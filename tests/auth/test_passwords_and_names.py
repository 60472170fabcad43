"""Passwords, user names, e-mail addresses and signing keys."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from movierec.auth import keys, names, passwords
from movierec.errors import ConfigurationError, ValidationFailed


def test_bytes_after_72_and_after_a_nul_count() -> None:
    long = "x" * 100
    hashed = passwords.hash_password(long + "a", 4)
    assert passwords.verify_password(long + "a", hashed)
    assert not passwords.verify_password(long + "b", hashed)
    assert not passwords.verify_password("ab\0d", passwords.hash_password("ab\0c", 4))


def test_password_in_another_unicode_normal_form_is_accepted() -> None:
    assert passwords.verify_password("Amélie123456", passwords.hash_password("Ame\u0301lie123456", 4))


@pytest.mark.parametrize("password", ["short", "x" * 1025, "aaaaaaaaaaaa", "Some.Body.Long"])
def test_bad_passwords_are_rejected(password: str) -> None:
    with pytest.raises(ValidationFailed):
        passwords.check_password_rules(password, 12, "some.body.long", "a@example.org")


def test_a_changed_cost_needs_a_rehash() -> None:
    assert passwords.needs_rehash(passwords.hash_password("x", 4), 5)
    assert not passwords.needs_rehash(passwords.hash_password("x", 4), 4)


@pytest.mark.parametrize("name", ["ann", "Ann.O-Neill_7", "Ольга", "王小明", "émile"])
def test_valid_user_names_have_one_key_for_any_case(name: str) -> None:
    assert names.username_key(name) == names.username_key(name.upper())


@pytest.mark.parametrize(
    "name",
    ["", "ab", "x" * 33, "a b", "ann@home", "Аnn", "ann\0", "ann\u202e", "...", "a/b", "ann\n", "😀😀😀"],
)
def test_invalid_user_names_are_rejected(name: str) -> None:
    with pytest.raises(ValidationFailed):
        names.username_key(name)


@pytest.mark.parametrize("email", ["a@example.org", "A.B+c@Example.ORG", "x@bücher.example"])
def test_valid_addresses_have_a_key_in_lower_case(email: str) -> None:
    assert names.email_key(email) == names.email_key(email).lower()


@pytest.mark.parametrize(
    "email",
    [
        "", "a", "a@", "@b.org", "a@b", "a@b.org,c@d.org", "a@b.org\nBcc: c@d.org", "a\0@b.org", "a b@c.org",
        ".a@b.org", "a..b@c.org", "a@-b.org", "a@b..org", "x" * 70 + "@b.org", "a@" + "b" * 250 + ".org",
        "<a@b.org>",
    ],
)  # fmt: skip
def test_invalid_addresses_are_rejected(email: str) -> None:
    with pytest.raises(ValidationFailed):
        names.email_key(email)


def test_keys_are_created_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    loaded: list[keys.SigningKeys] = []
    threads = [
        threading.Thread(target=lambda: loaded.append(keys.load_or_create_keys(path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.active for one in loaded}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["keys.json"]
    assert loaded[0].signing[loaded[0].active].hex() not in repr(loaded[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "damaged"),
        ("not json", "damaged"),
        (json.dumps({"active": "x", "signing": ["YQ=="], "rotation": "YQ=="}), "shorter"),
        (json.dumps({"active": "x", "signing": ["YWFh" * 20], "rotation": "YWFh" * 20}), "active key"),
    ],
)
def test_weak_or_damaged_keys_are_rejected(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=message):
        keys.load_or_create_keys(path)


def test_keys_readable_by_others_are_rejected(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys.load_or_create_keys(path)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        keys.load_or_create_keys(path)
