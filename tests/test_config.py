"""Settings: defaults, file, environment, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from movierec import config
from movierec.errors import ConfigurationError

ROOT = Path(__file__).parents[1]


def load(home: Path, text: str = "", **environment: str) -> config.Settings:
    (home / "config.toml").write_text(text)
    return config.load(home / "config.toml", {"HOME": str(home), **environment})


def test_the_example_file_equals_the_defaults(tmp_path: Path) -> None:
    assert (ROOT / "config.toml.example").read_text() == config.example()
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in config.example().splitlines()
    )
    assert load(tmp_path, uncommented) == load(tmp_path)


def test_environment_overrides_file_and_file_overrides_default(tmp_path: Path) -> None:
    text = "[server]\nport = 9000\nhost = '0.0.0.0'\n"
    settings = load(
        tmp_path, text, MOVIEREC_SERVER__PORT="9001", MOVIEREC_SERVER__ALLOWED_HOSTS="a.org, b.org"
    )
    assert settings.server.port == 9001
    assert settings.server.host == "0.0.0.0"
    assert settings.server.allowed_hosts == ("a.org", "b.org")


def test_a_secret_can_be_read_from_a_file_and_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    settings = load(tmp_path, MOVIEREC_TMDB__API_KEY_FILE=str(tmp_path / "key"))
    assert settings.tmdb.api_key == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("[server]\nprot = 1", {}, "Did you mean port"),
        ("[sevrer]\nport = 1", {}, "Did you mean server"),
        ("port = 1", {}, "Unknown section [port]"),
        ("[server]\nport = '1'", {}, "server.port must be a number"),
        ("[server]\nport = true", {}, "server.port must be a number"),
        ("[server]\nport = -1", {}, "at least 0"),
        ("[server]\nport = 70000", {}, "at most 65535"),
        ("[server]\nworkers = 2", {}, "PostgreSQL"),
        ("[database]\nurl = 'mysql://x'", {}, "database.url"),
        ("[auth]\npassword_min_length = 4", {}, "at least 8"),
        ("[server", {}, "Cannot read"),
        ("", {"MOVIEREC_SERVER__PROT": "1"}, "Did you mean port"),
        ("", {"MOVIEREC_SERVER__PORT": "many"}, "server.port must be a number"),
        ("", {"MOVIEREC_TMDB__API_KEY_FILE": "/nowhere"}, "MOVIEREC_TMDB__API_KEY_FILE"),
        ("[log]\nlevel = 'loud'", {}, "log.level"),
        ("[tmdb]\napi_key = 'two words'", {}, "tmdb.api_key"),
        ("[tmdb]\nbase_url = 'api.themoviedb.org'", {}, "tmdb.base_url"),
        ("[tmdb]\nkeep_days = 365", {}, "at most 180"),
        ("[mail]\nsecurity = 'ssl'", {}, "mail.security"),
        ("[mail]\nhost = 'smtp.example.org'", {}, "mail.sender"),
        ("[mail]\nhost = 'smtp.example.org'\nsender = 'a@b.org\\r\\nBcc: c@d.org'", {}, "mail.sender"),
        (
            "[mail]\nhost = 'smtp.example.org'\nsender = 'a@b.org'\nusername = 'a'\nsecurity = 'none'",
            {},
            "in the clear",
        ),
        ("[server]\npublic_url = 'films.example.org'", {}, "server.public_url"),
        ("[server]\npublic_url = 'javascript:alert(1)'", {}, "server.public_url"),
    ],
)
def test_errors_name_the_key(tmp_path: Path, text: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        load(tmp_path, text, **environment)
    assert message in failure.value.detail


def test_an_invalid_secret_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as failure:
        load(tmp_path, "[tmdb]\napi_key = 12345678")
    assert "12345678" not in failure.value.detail


def test_movierec_home_contains_all_folders(tmp_path: Path) -> None:
    paths = config.load(environ={"MOVIEREC_HOME": str(tmp_path)}).paths
    assert {paths.config.parent, paths.state.parent, paths.cache.parent} == {tmp_path}


def test_relative_xdg_folders_are_ignored(tmp_path: Path) -> None:
    paths = config.load(environ={"HOME": str(tmp_path), "XDG_STATE_HOME": "here"}).paths
    assert paths.state == tmp_path / ".local/state/movierec"


def test_an_explicit_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Cannot read"):
        config.load(tmp_path / "absent.toml", {"HOME": str(tmp_path)})
