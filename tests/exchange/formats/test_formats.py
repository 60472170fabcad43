"""Formats of other services: records of rows, skipped and refused rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from movierec.errors import UnreadableImport
from movierec.exchange.readers.records import (
    ImportedFavorite,
    ImportedRating,
    ImportedViewing,
    ImportedWatchlistEntry,
    ImportRecord,
    MovieReference,
    RefusedRow,
)
from tests.exchange.reading import read, records, refusals

MAY_17 = 1_242_518_400  # 2009
HEAT_ID = "tt0113277"

IMDB = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres
tt0113277,9,2009-05-17,Heat,Heat,https://x,Movie,8.3,170,1995,"Action, Crime"
tt0211915,10,2009-05-17,Amélie,Le Fabuleux Destin d'Amélie Poulain,https://x,Movie,8.3,122,2001,Romance
tt0903747,10,2009-05-17,Breaking Bad,Breaking Bad,https://x,TV Series,9.5,45,2008,Crime
tt0959621,9,2009-05-17,Pilot,Pilot,https://x,tvEpisode,9.0,58,2008,Crime
tt0000012,7,2009-05-17,L'arrivée,L'arrivée,https://x,Short,7.4,1,1896,Documentary
"""
IMDB_WATCHLIST = """Position,Const,Created,Modified,Description,Title,URL,Title Type,Year,Your Rating,Date Rated
1,tt0113277,2009-05-17,2009-05-17,,Heat,https://x,Movie,1995,,
2,tt0078748,2009-05-17,2009-05-17,,Alien,https://x,Movie,1979,8,2009-05-17
"""
IMDB_OLD = (
    '"position","const","created","modified","description","Title","Title type","You rated","Year"\r\n'
    '"1","tt0211915","Sun May 17 00:00:00 2009","","","Amélie","Feature Film","8","2001"\r\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_imdb_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    format, rows = read(tmp_path, IMDB.encode(encoding))
    assert format == "imdb"
    assert rows == [
        ImportRecord(
            "sent.csv",
            2,
            MovieReference("Heat", 1995, imdb_id=HEAT_ID),
            rating=ImportedRating(9, None, MAY_17, MAY_17),
        ),
        ImportRecord(
            "sent.csv",
            3,
            MovieReference("Amélie", 2001, "Le Fabuleux Destin d'Amélie Poulain", imdb_id="tt0211915"),
            rating=ImportedRating(10, None, MAY_17, MAY_17),
        ),
        RefusedRow("sent.csv", 4, "a series, not a movie", skipped=True),
        RefusedRow("sent.csv", 5, "an episode, not a movie", skipped=True),
        ImportRecord(
            "sent.csv",
            6,
            MovieReference("L'arrivée", 1896, imdb_id="tt0000012"),
            rating=ImportedRating(7, None, MAY_17, MAY_17),
        ),
    ]


def test_imdb_watchlist(tmp_path: Path) -> None:
    heat, alien = records(read(tmp_path, IMDB_WATCHLIST)[1])
    assert (heat.rating, heat.watchlist_entry) == (None, ImportedWatchlistEntry(None, MAY_17))
    assert (alien.rating, alien.watchlist_entry) == (
        ImportedRating(8, None, MAY_17, MAY_17),
        ImportedWatchlistEntry(None, MAY_17),
    )


def test_imdb_layout_until_2017(tmp_path: Path) -> None:
    [amelie] = records(read(tmp_path, IMDB_OLD.encode("latin-1"))[1])
    assert amelie.movie == MovieReference("Amélie", 2001, imdb_id="tt0211915")
    assert amelie.rating == ImportedRating(8, None, MAY_17, MAY_17)


TMDB = """TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated
949,tt0113277,movie,Heat,1995-12-15T00:00:00Z,,,7.9,8.0,2009-05-17T00:00:00Z
1396,tt0903747,tv,Breaking Bad,2008-01-20T00:00:00Z,,,8.9,10.0,2009-05-17T00:00:00Z
348,,movie,Alien,1979-05-25,,,8.1,,2009-05-17
949,tt0113277,movie,Heat,1995-12-15,,,7.9,8.5,2009-05-17
"""


def test_tmdb(tmp_path: Path) -> None:
    format, rows = read(tmp_path, TMDB)
    assert format == "tmdb"
    assert rows == [
        ImportRecord(
            "sent.csv",
            2,
            MovieReference("Heat", 1995, imdb_id=HEAT_ID, tmdb_id=949),
            ImportedRating(8, None, MAY_17, MAY_17),
        ),
        RefusedRow("sent.csv", 3, "a series or an episode, not a movie", skipped=True),
        ImportRecord(
            "sent.csv",
            4,
            MovieReference("Alien", 1979, tmdb_id=348),
            watchlist_entry=ImportedWatchlistEntry(None, MAY_17),
        ),
        RefusedRow("sent.csv", 5, "the rating 8.5 of 10 falls between two half stars"),
    ]
    favorites = records(read(tmp_path, TMDB, name="favorites.csv")[1])
    assert favorites[1].favorite == ImportedFavorite(None, MAY_17)


MOVIELENS = """movie_id,imdb_id,tmdb_id,rating,average_rating,title
6,0113277,949,4.5,3.94,Heat (1995)
4973,211915,194,5.0,4.1,"Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)"
"""


def test_movielens_ratings_of_one_account(tmp_path: Path) -> None:
    format, rows = read(tmp_path, MOVIELENS)
    assert format == "movielens-ratings"
    heat, amelie = records(rows)
    assert heat.movie == MovieReference("Heat", 1995, imdb_id=HEAT_ID, tmdb_id=949, movielens_id=6)
    assert heat.rating == ImportedRating(9)
    assert (amelie.movie.title, amelie.movie.original_title) == (
        "Amelie",
        "Le Fabuleux destin d'Amélie Poulain",
    )
    assert amelie.movie.imdb_id == "tt0211915"


HEAT = {"title": "Heat", "year": 1995, "ids": {"trakt": 1, "slug": "heat", "imdb": HEAT_ID, "tmdb": 949}}
SHOW = {"title": "Breaking Bad", "year": 2008, "ids": {"trakt": 2}}
MOVIE = MovieReference("Heat", 1995, imdb_id=HEAT_ID, tmdb_id=949, uri="trakt:1")
MIDNIGHT = "2009-05-17T00:00:00Z"
TIME = "2009-05-17T00:00:00.000Z"


@pytest.mark.parametrize(
    ("entry", "content"),
    [
        (
            {"rated_at": TIME, "rating": 9, "type": "movie", "movie": HEAT},
            {"rating": ImportedRating(9, None, MAY_17, MAY_17)},
        ),
        # as it is sent to Trakt
        ({"rated_at": TIME, "rating": 9, **HEAT}, {"rating": ImportedRating(9, None, MAY_17, MAY_17)}),
        (
            {"id": 5, "watched_at": TIME, "type": "movie", "movie": HEAT},
            {"viewings": (ImportedViewing(MIDNIGHT),)},
        ),
        (
            {"plays": 2, "last_watched_at": TIME, "movie": HEAT},
            {"viewings": (ImportedViewing(MIDNIGHT, rewatch=True),)},
        ),
        (
            {"rank": 1, "listed_at": TIME, "notes": None, "movie": HEAT},
            {"watchlist_entry": ImportedWatchlistEntry(None, MAY_17)},
        ),
    ],
)
def test_trakt_entries(tmp_path: Path, entry: Any, content: Any) -> None:
    expected = ImportRecord("sent.json", 1, MOVIE, **content)
    for document in ([entry], {"movies": [entry]}):
        assert read(tmp_path, json.dumps(document), name="sent.json") == ("trakt", [expected])


def test_whole_trakt_export(tmp_path: Path) -> None:
    """Files are nested in exports until 2025, and flat with other names since."""
    history = [
        {"id": 5, "watched_at": TIME, "type": "movie", "movie": HEAT},
        {"id": 6, "watched_at": TIME, "type": "episode", "episode": {"season": 1}, "show": SHOW},
    ]
    listed = [{"rank": 1, "listed_at": TIME, "type": "movie", "movie": HEAT}]
    files: dict[str, Any] = {
        "ada/watched/history-1.json": history,
        "ada/watched/watched-movies.json": [{"plays": 2, "last_watched_at": TIME, "movie": HEAT}],
        "ada/ratings/ratings-shows.json": [{"rated_at": TIME, "rating": 8, "type": "show", "show": SHOW}],
        "ada/lists/list-best-3.json": listed,
        "lists-watchlist.json": listed,
        "lists-favorites.json": listed,
        "collection-movies.json": [{"collected_at": TIME, "movie": HEAT}],
        "user-profile.json": {"username": "ada"},
    }
    format, rows = read(tmp_path, {name: json.dumps(content, indent=1) for name, content in files.items()})
    assert format == "trakt"
    skipped = {row.file: row.message for row in refusals(rows) if row.skipped}
    assert skipped == {
        "ada/watched/history-1.json": "'episode': not a movie",
        "ada/watched/watched-movies.json": "the history of the same export contains it too",
        "ada/ratings/ratings-shows.json": "'show': not a movie",
        "ada/lists/list-best-3.json": "an entry of a list: movierec does not store lists",
    }
    kept = {row.file: row for row in records(rows)}
    assert kept.keys() == {"ada/watched/history-1.json", "lists-watchlist.json", "lists-favorites.json"}
    assert kept["lists-favorites.json"].favorite == ImportedFavorite(None, MAY_17)
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            {"rated_at": TIME, "rating": 11, "movie": HEAT},
            "the rating 11 is not on a scale up to 10 (try --scale 100)",
        ),
        ({"rated_at": TIME, "rating": 10**400, "movie": HEAT}, "the rating is not between 0 and 100"),
        ({"rated_at": TIME, "rating": float("nan"), "movie": HEAT}, "the rating is not between 0 and 100"),
        ({"rated_at": TIME, "rating": True, "movie": HEAT}, "there is no rating"),
        ({"rated_at": TIME, "rating": 8, "movie": {**HEAT, "year": "x"}}, "year is not a whole number"),
        ({"rated_at": 7, "rating": 8, "movie": HEAT}, "rated_at is not text"),
        ({"listed_at": TIME, "notes": "a\0b", "movie": HEAT}, "the note contains a NUL character"),
        ({"listed_at": TIME, "notes": "a\ud800", "movie": HEAT}, "the note contains an incomplete character"),
        ({"rated_at": TIME, "rating": 8, "movie": []}, "there is no movie"),
        ({"rated_at": TIME, "rating": 8, "movie": {}}, "there is neither a title nor an id"),
        ("x", "'x' is not an entry"),
    ],
)
def test_broken_trakt_entries(tmp_path: Path, entry: Any, message: str) -> None:
    content = {"listed_at": TIME} if "listed_at" in entry else {"rated_at": TIME, "rating": 9}
    good = {**content, "movie": HEAT}
    _, rows = read(tmp_path, f"[{json.dumps(good)},\n{json.dumps(entry)}]", name="sent.json")
    assert refusals(rows) == [RefusedRow("sent.json", 2, message)]


@pytest.mark.parametrize(
    ("content", "scale", "expected"),
    [
        # the year behind the title
        (
            "Title,Rating\nHeat (1995),4.5\n",
            None,
            ImportRecord("sent.csv", 2, MovieReference("Heat", 1995), ImportedRating(9)),
        ),
        (
            "title;year;rating\nHeat;1995;4,5\n",
            None,
            ImportRecord("sent.csv", 2, MovieReference("Heat", 1995), ImportedRating(9)),
        ),
        (
            "film\tyour rating\nHeat\t90\n",
            100,
            ImportRecord("sent.csv", 2, MovieReference("Heat"), ImportedRating(9)),
        ),
        (
            "imdb_id,rating\ntt0113277,9\n",
            10,
            ImportRecord("sent.csv", 2, MovieReference(imdb_id=HEAT_ID), ImportedRating(9)),
        ),
        (
            "Title,Year,Rating10,Review\nHeat,1995,9,Good\n",
            None,
            ImportRecord("sent.csv", 2, MovieReference("Heat", 1995), ImportedRating(9, "Good")),
        ),
        (
            "title,favorite,watchlist\nHeat,yes,no\n",
            None,
            ImportRecord("sent.csv", 2, MovieReference("Heat"), favorite=ImportedFavorite()),
        ),
        (
            'title,WatchedDate,Rewatch,Tags\nHeat,2009-05-17,true,"a, b"\n',
            None,
            ImportRecord(
                "sent.csv",
                2,
                MovieReference("Heat"),
                viewings=(ImportedViewing("2009-05-17", "", True, ("a", "b")),),
            ),
        ),
        (
            "title,rating\nHeat,9\n",
            None,
            RefusedRow("sent.csv", 2, "the rating 9 is not on a scale up to 5 (try --scale 10)"),
        ),
        (
            "title,rating\nHeat,95\n",
            100,
            RefusedRow("sent.csv", 2, "the rating 95 of 100 falls between two half stars"),
        ),
        (
            "title,rating\nHeat,\n",
            None,
            RefusedRow("sent.csv", 2, "the row has no content besides the movie", skipped=True),
        ),
        (
            "title,favorite\nHeat,perhaps\n",
            None,
            RefusedRow("sent.csv", 2, "favorite must be yes or no, not 'perhaps'"),
        ),
        ("title,rating\n,4\n", None, RefusedRow("sent.csv", 2, "there is neither a title nor an id")),
        # formulas are text like any other
        (
            "title,rating\n\"=cmd|' /C calc'!A0\",4\n",
            None,
            ImportRecord("sent.csv", 2, MovieReference("=cmd|' /C calc'!A0"), ImportedRating(8)),
        ),
    ],
)
def test_generic_csv(tmp_path: Path, content: str, scale: int | None, expected: Any) -> None:
    assert read(tmp_path, content, scale=scale) == ("csv", [expected])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 50, "matches no known format"),
        (b"\0\1\2" * 100, "contains no text"),
        (b"   \n\n", "contains no text"),
        (b"hello\nworld\n", "names 'hello'"),
        (b"[1, 2, 3]", "It is JSON"),
        (",".join(f"c{n}" for n in range(10**6)).encode(), "names no columns"),
        (b'title,"rating\n', "names no columns"),
        (b"userId,movieId,rating,timestamp\n1,1,4,1\n", "ratings of many people"),
        ({"notes.txt": b"hello"}, "notes.txt"),
        ({"inner.zip": b"PK\3\4" + b"\0" * 50}, "an archive inside the archive"),
        ({}, "has no files"),
        ({"../ratings.csv": b"title,rating\n"}, "outside its own folder"),
        ({"ratings.csv": b"title,rating\n" + b"0" * 50_000_000}, "times its size"),
    ],
)
def test_unknown_files_are_refused_with_a_reason(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(UnreadableImport, match=words):
        read(tmp_path, content)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_endlessly_nested_json_is_refused(tmp_path: Path, opening: str) -> None:
    with pytest.raises(UnreadableImport):
        read(tmp_path, opening * 60_000, name="sent.json")


def test_format_can_be_forced(tmp_path: Path) -> None:
    assert read(tmp_path, IMDB, format="imdb")[0] == "imdb"
    with pytest.raises(UnreadableImport, match="does not match the format “Trakt export”"):
        read(tmp_path, IMDB, format="trakt")
