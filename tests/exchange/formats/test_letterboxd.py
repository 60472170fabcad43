"""Letterboxd exports: roles of files, records of rows, skipped rows."""

from __future__ import annotations

from pathlib import Path

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

MAY_1, MAY_2 = 1_588_291_200, 1_588_377_600

RATINGS = """Date,Name,Year,Letterboxd URI,Rating
2020-05-01,Heat,1995,https://boxd.it/29XU,4.5
2020-05-02,"Good, the Bad and the Ugly, The",1966,https://boxd.it/2aOQ,5
"""
WATCHED = "Date,Name,Year,Letterboxd URI\n2020-05-01,Heat,1995,https://boxd.it/29XU\n"
DIARY = """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date
2020-05-02,Heat,1995,https://boxd.it/entry1,4,Yes,"cinema, with Ada",2020-05-01
2020-05-02,Alien,1979,https://boxd.it/entry2,3.5,,,2020-05-01
"""
REVIEWS = """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date
2020-05-02,Heat,1995,https://boxd.it/entry1,4,,"Two lines,

and ""quotes"".",,2020-05-01
2020-05-02,Fargo,1996,https://boxd.it/entry3,,,Fine.,,
"""
LIST = """Letterboxd list export v7
Date,Name,Tags,URL,Description
2020-05-01,Best,,https://boxd.it/abc,"of
all"

Position,Name,Year,URL,Description
1,Heat,1995,https://boxd.it/29XU,
2,Alien,1979,https://boxd.it/2awY,
"""

HEAT = MovieReference("Heat", 1995, uri="https://boxd.it/29XU")
DIARY_HEADER = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"


def test_ratings(tmp_path: Path) -> None:
    format, rows = read(tmp_path, RATINGS)
    assert format == "letterboxd"
    assert rows == [
        ImportRecord("sent.csv", 2, HEAT, rating=ImportedRating(9, None, MAY_1, MAY_1)),
        ImportRecord(
            "sent.csv",
            3,
            MovieReference("Good, the Bad and the Ugly, The", 1966, uri="https://boxd.it/2aOQ"),
            rating=ImportedRating(10, None, MAY_2, MAY_2),
        ),
    ]


def test_diary_entry_is_a_viewing_whose_uri_is_not_of_the_movie(tmp_path: Path) -> None:
    rows = records(read(tmp_path, DIARY)[1])
    assert rows[0] == ImportRecord(
        "sent.csv",
        2,
        MovieReference("Heat", 1995),
        rating=ImportedRating(8, None, MAY_2, MAY_2),
        viewings=(
            ImportedViewing("2020-05-01", "https://boxd.it/entry1", True, ("cinema", "with Ada"), MAY_2),
        ),
    )
    assert rows[1].viewings[0].rewatch is False


def test_reviews_span_lines(tmp_path: Path) -> None:
    heat, fargo = records(read(tmp_path, REVIEWS)[1])
    assert heat.rating == ImportedRating(8, 'Two lines,\n\nand "quotes".', MAY_2, MAY_2)
    assert (fargo.line, fargo.rating, fargo.viewings) == (5, ImportedRating(None, "Fine.", MAY_2, MAY_2), ())


def test_whole_export(tmp_path: Path) -> None:
    export = {
        "letterboxd-ada/ratings.csv": RATINGS,
        "letterboxd-ada/watched.csv": WATCHED,
        "letterboxd-ada/watchlist.csv": WATCHED,
        "letterboxd-ada/diary.csv": DIARY,
        "letterboxd-ada/likes/films.csv": WATCHED,
        "letterboxd-ada/lists/best.csv": LIST,
        "letterboxd-ada/deleted/diary.csv": DIARY,
        "letterboxd-ada/orphaned/diary.csv": DIARY,
        "letterboxd-ada/profile.csv": "Date Joined,Username\n2020-05-01,ada\n",
        "__MACOSX/letterboxd-ada/._ratings.csv": b"\0\1",
    }
    format, rows = read(tmp_path, export)
    assert format == "letterboxd"
    by_file = {
        name: [row for row in rows if row.file == f"letterboxd-ada/{name}"]
        for name in (
            "ratings.csv",
            "watched.csv",
            "watchlist.csv",
            "diary.csv",
            "likes/films.csv",
            "lists/best.csv",
        )
    }
    assert {name: len(file_rows) for name, file_rows in by_file.items()} == {
        "ratings.csv": 2,
        "watched.csv": 1,
        "watchlist.csv": 1,
        "diary.csv": 2,
        "likes/films.csv": 1,
        "lists/best.csv": 2,
    }
    assert len(rows) == 9
    # the diary knows former ratings too
    assert [row.rating for row in records(by_file["diary.csv"])] == [None, None]
    assert records(by_file["likes/films.csv"])[0].favorite == ImportedFavorite(None, MAY_1)
    assert records(by_file["watchlist.csv"])[0].watchlist_entry == ImportedWatchlistEntry(None, MAY_1)
    assert records(by_file["watched.csv"])[0].viewings == (ImportedViewing(created_at=MAY_1, sometime=True),)
    assert by_file["lists/best.csv"] == [
        RefusedRow(
            "letterboxd-ada/lists/best.csv",
            line,
            "an entry of a list: movierec does not store lists",
            skipped=True,
        )
        for line in (7, 8)
    ]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("watched.csv", "viewings"), ("my/watchlist.csv", "watchlist_entry"), ("films.csv", "favorite")],
)
def test_files_with_the_same_columns_are_distinguished_by_name(tmp_path: Path, name: str, kept: str) -> None:
    [record] = records(read(tmp_path, WATCHED, name=name)[1])
    assert [
        field for field in ("rating", "favorite", "watchlist_entry", "viewings") if getattr(record, field)
    ] == [kept]


def test_file_with_an_unclear_role_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImport, match="under its original name"):
        read(tmp_path, WATCHED, name="whatever.csv")


@pytest.mark.parametrize(
    ("tags", "day", "message"),
    [
        ("x" * 201, "2020-05-01", "a tag is longer than 200 characters"),
        (",".join(map(str, range(101))), "2020-05-01", "there are more than 100 tags"),
        ("", "2020-W18-5", "'2020-W18-5' is not a date"),
        ("", "20200501", "'20200501' is not a date"),
    ],
)
def test_invalid_values_of_a_diary_are_refused(tmp_path: Path, tags: str, day: str, message: str) -> None:
    row = '2020-05-01,Heat,1995,e1,4,,"{}",{}\n'
    rows = read(tmp_path, DIARY_HEADER + row.format(tags, day) + row.format("x" * 200, "2020-05-01"))[1]
    [refusal], [kept] = refusals(rows), records(rows)
    assert refusal.message.startswith(message)
    assert kept.viewings[0].tags == ("x" * 200,)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2020-05-01,Heat,1995,u,4.3", "the rating 4.3 of 5 falls between two half stars"),
        ("2020-05-01,Heat,1995,u,5.5", "the rating 5.5 is not on a scale up to 5 (try --scale 10)"),
        ("2020-05-01,Heat,1995,u,0", "the rating 0 is not on a scale up to 5"),
        ("2020-05-01,Heat,1995,u,", "the rating '' is not a number"),
        ("2020-05-01,Heat,1995,u,nan", "the rating 'nan' is not a number"),
        ("2020-13-01,Heat,1995,u,4", "'2020-13-01' is not a date"),
        ("2020-05-01,Heat,19951,u,4", "the year 19951 is not between 1870 and 2100"),
        ("2020-05-01,,1995,u,4", "there is no title"),
        ("2020-05-01,Heat,1995,u", "4 fields where 5 are expected"),
    ],
)
def test_broken_rows_are_refused_with_line_and_reason(tmp_path: Path, row: str, message: str) -> None:
    rows = read(tmp_path, RATINGS + row + "\n2020-05-02,Alien,1979,u,4\n")[1]
    assert refusals(rows) == [RefusedRow("sent.csv", 4, message)]
    assert len(rows) == 4
