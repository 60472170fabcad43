"""Exports over HTTP: all data of a user, in each format, and access to it."""

from __future__ import annotations

import csv
import errno
import io
import json
import zipfile
from typing import Any

import pytest

from movierec import db
from movierec.exchange.exports import account, layout
from tests.films import movie_id
from tests.running import Account, Reply, RunningDaemon

EXPORTS = "/api/v1/exports/"
RATINGS = "/api/v1/favorites/ratings/"

REVIEW = '=HYPERLINK("http://example.org")\r\nSecond line, "quoted"\n\nÄ 🎬 \u202e'


@pytest.fixture
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for all tests of this file."""
    return module_daemon


@pytest.fixture
def ada(daemon: RunningDaemon) -> Account:
    """A user with one object of every kind."""
    ada = daemon.register()
    daemon.patch("/api/v1/auth/profiles/my_profile/", {"bio": "-1", "favorite_genres": ["Drama"]}, token=ada)
    daemon.post(
        RATINGS,
        {"movie": movie_id("tt0133093"), "rating": 4.5, "review": REVIEW},
        token=ada,
        status=201,
    )
    daemon.post("/api/v1/favorites/", {"movie": movie_id("tt0083658"), "note": "+1"}, token=ada, status=201)
    daemon.post(
        "/api/v1/recommendations/feedback/",
        {"movie": movie_id("tt0105236"), "feedback_type": "dislike"},
        token=ada,
        status=201,
    )
    return ada


def export(daemon: RunningDaemon, account: Account, format: str = "json") -> Reply:
    reply = daemon.request("GET", f"{EXPORTS}?format={format}", token=account.access)
    assert reply.status == 200, reply
    return reply


def records(reply: Reply) -> list[Any]:
    return [json.loads(line) for line in reply.body.splitlines()]


def files(reply: Reply) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        return {name: archive.read(name) for name in archive.namelist()}


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_json_export_contains_everything(daemon: RunningDaemon, ada: Account) -> None:
    reply = export(daemon, ada)
    head, profile, rating, favorite, feedback, end = records(reply)
    assert head == {"format": "movierec", "version": 1}
    assert (profile["kind"], profile["bio"], profile["favorite_genres"]) == ("profile", "-1", ["Drama"])
    stored = daemon.get(RATINGS, token=ada)["results"][0]
    assert rating == {
        "kind": "rating",
        "film": {"title": "The Matrix", "year": 1999, "imdb_id": "tt0133093"},
        "rating": 4.5,
        "review": REVIEW,
        "created_at": stored["created_at"],
        "updated_at": stored["updated_at"],
    }
    assert (favorite["kind"], favorite["note"]) == ("favorite", "+1")
    assert (feedback["kind"], feedback["feedback_type"]) == ("feedback", "dislike")
    assert end == {"kind": "end", "records": 4}
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="movierec.jsonl"'
    assert reply.headers["Cache-Control"] == "no-store"
    assert export(daemon, ada).body == reply.body


def test_csv_export_escapes_formulas(daemon: RunningDaemon, ada: Account) -> None:
    members = files(export(daemon, ada, "csv"))
    [rating] = table(members["ratings.csv"])
    assert (rating["title"], rating["year"], rating["rating"]) == ("The Matrix", "1999", "4.5")
    assert rating["review"] == "'" + REVIEW
    assert table(members["favorites.csv"])[0]["note"] == "'+1"
    assert table(members["profile.csv"])[0]["bio"] == "'-1"
    assert table(members["watchlist.csv"]) == []


def test_letterboxd_export_has_its_columns(daemon: RunningDaemon, ada: Account) -> None:
    members = files(export(daemon, ada, "letterboxd"))
    assert members.keys() == {"films-1.csv", "watchlist-1.csv", "favorites-1.csv"}
    [rated] = table(members["films-1.csv"])
    assert (rated["imdbID"], rated["Title"], rated["Year"]) == ("tt0133093", "The Matrix", "1999")
    assert (rated["Rating"], rated["Review"], rated["WatchedDate"]) == ("4.5", REVIEW, "")
    assert [row["Title"] for row in table(members["favorites-1.csv"])] == ["Blade Runner"]


def test_letterboxd_files_stay_below_a_megabyte(
    daemon: RunningDaemon, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (each,) in enumerate(db.rows("SELECT id FROM movies ORDER BY id LIMIT 20")):
        daemon.put(
            f"{RATINGS}movie/{each}/",
            {"rating": 1 + number % 5, "review": "ä" * 100 * number},
            token=ada,
            status=(200, 201),
        )
    monkeypatch.setattr("movierec.exchange.exports.letterboxd.MAXIMUM_FILE_BYTES", 5_000)
    parts = {
        name: content
        for name, content in files(export(daemon, ada, "letterboxd")).items()
        if name.startswith("films-")
    }
    assert len(parts) > 5
    assert max(map(len, parts.values())) <= 5_000
    monkeypatch.undo()
    whole = table(files(export(daemon, ada, "letterboxd"))["films-1.csv"])
    assert [row for content in parts.values() for row in table(content)] == whole
    assert len(whole) >= 20


def test_zip_export_contains_all_formats(daemon: RunningDaemon, ada: Account) -> None:
    members = files(export(daemon, ada, "zip"))
    assert members["account.jsonl"] == export(daemon, ada).body
    for folder, format in (("csv", "csv"), ("letterboxd", "letterboxd")):
        for name, content in files(export(daemon, ada, format)).items():
            assert members.pop(f"{folder}/{name}") == content
    assert members.keys() == {"README.txt", "account.jsonl"}
    assert "apostrophe" in members["README.txt"].decode()


def test_export_contains_own_data_only(daemon: RunningDaemon, ada: Account) -> None:
    other = daemon.register()
    secret = "nobody else may read this"
    daemon.post(
        RATINGS,
        {"movie": movie_id("tt0133093"), "rating": 1, "review": secret},
        token=other,
        status=201,
    )
    for format in ("json", "csv", "letterboxd", "zip"):
        reply = export(daemon, ada, format)
        content = reply.body if format == "json" else b"".join(files(reply).values())
        assert secret.encode() not in content
        assert ada.email.encode() not in content
    assert [record["kind"] for record in records(export(daemon, other))[1:]] == [
        "profile",
        "rating",
        "end",
    ]


def test_exports_are_recorded_in_the_audit(daemon: RunningDaemon, ada: Account) -> None:
    export(daemon, ada, "zip")
    rows = db.rows("SELECT account, event, detail FROM audit ORDER BY id DESC LIMIT 1")
    assert rows == [(f"user:{ada.id}", "exported", "zip")]


def test_anonymous_callers_and_unknown_formats_are_refused(daemon: RunningDaemon, ada: Account) -> None:
    assert daemon.get(EXPORTS, status=401)["code"] == "not_authenticated"
    assert daemon.get(f"{EXPORTS}?format=xml", token=ada, status=422)["errors"][0]["field"] == "format"
    assert daemon.get(f"{EXPORTS}?user=1", token=ada, status=422)["code"] == "validation_failed"


def test_export_leaves_no_file_on_the_disk(daemon: RunningDaemon, ada: Account) -> None:
    before = sorted(path.name for path in daemon.settings.paths.state.iterdir())
    export(daemon, ada, "zip")
    assert sorted(path.name for path in daemon.settings.paths.state.iterdir()) == before


def test_full_disk_is_reported_and_no_partial_file_is_sent(
    daemon: RunningDaemon, ada: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("movierec.api.exports.write_export", full)
    assert daemon.get(EXPORTS, token=ada, status=507)["code"] == "storage_full"


def test_movies_without_external_ids_are_distinguished(daemon: RunningDaemon, ada: Account) -> None:
    """Movies with the same title and year and no external id keep the ids that an export assigned."""
    admin = daemon.admin()
    for stars in (1.0, 2.0):
        movie = daemon.post("/api/v1/movies/", {"title": "Home", "year": 2001}, token=admin, status=201)
        daemon.post(RATINGS, {"movie": movie["id"], "rating": stars}, token=ada, status=201)
    first, again = export(daemon, ada), export(daemon, ada)
    assert first.body == again.body
    homes = [record for record in records(first) if record.get("film", {}).get("title") == "Home"]
    assert sorted(record["rating"] for record in homes) == [1.0, 2.0]
    assert len({record["film"]["movierec_id"] for record in homes}) == 2
    # Movies with an external id are identified by that.
    assert all(
        "movierec_id" not in record["film"]
        for record in records(first)
        if record.get("film", {}).get("imdb_id")
    )


def test_export_is_a_consistent_snapshot(daemon: RunningDaemon, ada: Account) -> None:
    """A concurrent change is in the export completely or not at all."""
    user = ada.id
    with db.snapshot():
        before = list(account.read_records(layout.RATING, user))
        daemon.post(
            RATINGS, {"movie": movie_id("tt0110912"), "rating": 5, "review": "new"}, token=ada, status=201
        )
        daemon.delete(f"{RATINGS}movie/{movie_id('tt0133093')}/", token=ada)
        assert list(account.read_records(layout.RATING, user)) == before
    after = list(account.read_records(layout.RATING, user))
    assert [record["film"]["title"] for record in after] == ["Pulp Fiction"]
