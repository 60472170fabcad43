"""Movies of a MovieLens dataset with their external ids and tags, and their storage in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from movierec import db, movies
from movierec.errors import UnreadableImport
from movierec.exchange.movielens.files import DatasetTable
from movierec.exchange.movielens.report import DatasetReport
from movierec.exchange.movielens.titles import parse_genres, parse_title
from movierec.exchange.readers.lines import BadRow, parse_whole_number, quoted
from movierec.movies import MovieRecord
from movierec.movies.title_keys import title_key

# Twice the number of movies in all of MovieLens; bounds memory.
MAXIMUM_MOVIES = 200_000
MAXIMUM_TITLE = 500
# A tag by fewer users says more about them than about the movie.
MINIMUM_TAGGERS = 3
MAXIMUM_TAG = 50
MAXIMUM_TAGS = 5_000_000


class LinkedIds(NamedTuple):
    """External ids of a movie in links.csv."""

    imdb_id: str | None
    tmdb_id: int | None


class DatasetMovie(NamedTuple):
    """A movie of the dataset, with its title parsed and its external ids."""

    movielens_id: int
    title: str
    original_title: str
    year: int | None
    genres: tuple[str, ...]
    ids: LinkedIds

    def to_record(self, keywords: tuple[str, ...] = ()) -> MovieRecord:
        return MovieRecord(
            title=self.title,
            source="movielens",
            tmdb_id=self.ids.tmdb_id,
            imdb_id=self.ids.imdb_id,
            movielens_id=self.movielens_id,
            original_title=self.original_title,
            year=self.year,
            genres=self.genres,
            keywords=keywords,
        )


NO_IDS = LinkedIds(None, None)


def read_links(table: DatasetTable, report: DatasetReport) -> dict[int, LinkedIds]:
    """Read IMDb and TMDb ids by MovieLens id. An external id of two movies belongs to the first one."""
    links: dict[int, LinkedIds] = {}
    claimed: set[str | int] = set()
    tally = report.tally(table.name)
    for line, content in table.lines():
        tally.rows += 1
        try:
            row = table.row(content)
            movielens_id = parse_whole_number(row["movieid"], "movie id")
            imdb_id = _imdb_id(row["imdbid"])
            tmdb_id = parse_whole_number(row["tmdbid"], "TMDb id") if row["tmdbid"] else None
        except BadRow as error:
            report.reject(table.name, line, str(error))
            continue
        if movielens_id in links:
            tally.duplicates += 1
            continue
        tally.accepted += 1
        links[movielens_id] = LinkedIds(
            imdb_id if imdb_id not in claimed else None,
            tmdb_id if tmdb_id not in claimed else None,
        )
        claimed.update(external_id for external_id in (imdb_id, tmdb_id) if external_id is not None)
        _check_number(len(links), table.name)
    return links


def _imdb_id(text: str) -> str | None:
    """Convert an IMDb id: '0114709' -> 'tt0114709'; newer ids have eight digits."""
    if not text:
        return None
    number = parse_whole_number(text.removeprefix("tt"), "IMDb id", most=999_999_999)
    return f"tt{number:07d}"


def read_movies(
    table: DatasetTable, links: dict[int, LinkedIds], report: DatasetReport
) -> list[DatasetMovie]:
    """Read the valid movies in the order of the file; of two with the same id, the first."""
    dataset_movies: dict[int, DatasetMovie] = {}
    tally = report.tally(table.name)
    for line, content in table.lines():
        tally.rows += 1
        try:
            row = table.row(content)
            movielens_id = parse_whole_number(row["movieid"], "movie id")
            title, original, year = parse_title(row["title"])
            if not title:
                raise BadRow("no title")
            if len(title) > MAXIMUM_TITLE:
                raise BadRow(f"title longer than {MAXIMUM_TITLE} characters")
        except BadRow as error:
            report.reject(table.name, line, str(error))
            continue
        if movielens_id in dataset_movies:
            tally.duplicates += 1
            continue
        tally.accepted += 1
        dataset_movies[movielens_id] = DatasetMovie(
            movielens_id,
            title,
            original,
            year,
            parse_genres(row["genres"]),
            links.get(movielens_id, NO_IDS),
        )
        _check_number(len(dataset_movies), table.name)
    return list(dataset_movies.values())


def _check_number(count: int, file: str) -> None:
    if count > MAXIMUM_MOVIES:
        raise UnreadableImport(f"{file} has more than {MAXIMUM_MOVIES:,} movies.")


def read_tags(
    table: DatasetTable, dataset_movies: Sequence[DatasetMovie], report: DatasetReport
) -> dict[int, tuple[str, ...]]:
    """Read keywords by MovieLens id: tags that at least MINIMUM_TAGGERS users gave the movie."""
    movielens_ids = {movie.movielens_id for movie in dataset_movies}
    numbers: dict[str, int] = {}
    triples = np.fromiter(_tag_triples(table, movielens_ids, numbers, report), dtype=np.dtype(("<i4", 3)))
    unique = np.unique(triples, axis=0)
    tally = report.tally(table.name)
    tally.accepted, tally.duplicates = len(unique), len(triples) - len(unique)
    pairs, people = np.unique(unique[:, :2], axis=0, return_counts=True)
    tags = list(numbers)
    keywords: dict[int, list[str]] = {}
    for movielens_id, number in pairs[people >= MINIMUM_TAGGERS]:
        keywords.setdefault(int(movielens_id), []).append(tags[number])
    return {movielens_id: tuple(sorted(words)) for movielens_id, words in keywords.items()}


def _tag_triples(
    table: DatasetTable, movielens_ids: set[int], numbers: dict[str, int], report: DatasetReport
) -> Iterator[tuple[int, int, int]]:
    """Yield (movie, number of the tag, user) of every valid row; new tags get the next number."""
    tally = report.tally(table.name)
    for line, content in table.lines():
        tally.rows += 1
        if tally.rows > MAXIMUM_TAGS:
            raise UnreadableImport(f"{table.name} has more than {MAXIMUM_TAGS:,} rows.")
        try:
            row = table.row(content)
            user = parse_whole_number(row["userid"], "user id")
            movie = parse_whole_number(row["movieid"], "movie id")
            if movie not in movielens_ids:
                raise BadRow(f"movie {movie} is not among the movies of the dataset")
            tag = _tag(row["tag"])
        except BadRow as error:
            report.reject(table.name, line, str(error))
            continue
        yield movie, numbers.setdefault(tag, len(numbers)), user


def _tag(text: str) -> str:
    tag = " ".join(text.casefold().split())
    if not tag or len(tag) > MAXIMUM_TAG or not tag.isprintable():
        raise BadRow(f"{quoted(text)} is not a tag of 1 to {MAXIMUM_TAG} characters")
    return tag


class StoredMovies(NamedTuple):
    """Ids in the catalogue and the number of new ones."""

    movie_ids: list[int]
    created: int


def store_movies(
    batch: Sequence[DatasetMovie], keywords: dict[int, tuple[str, ...]], now: int
) -> StoredMovies:
    """Upsert movies in one transaction."""
    with db.write():
        before = db.value("SELECT MAX(id) FROM movies") or 0
        movie_ids = movies.upsert(
            [movie.to_record(keywords.get(movie.movielens_id, ())) for movie in batch], now
        )
    return StoredMovies(movie_ids, len({movie_id for movie_id in movie_ids if movie_id > before}))


def match_by_title(dataset_movies: Iterable[DatasetMovie]) -> dict[int, int]:
    """Match movies of datasets without links by title and year; returns catalogue ids by MovieLens id.

    Title and year must fit exactly one movie of the catalogue that has no MovieLens id yet.
    """
    by_title: dict[tuple[str, int], int | None] = {}
    for movie_id, title, original, year in db.rows(
        "SELECT id, title, original_title, year FROM movies WHERE movielens_id IS NULL AND year IS NOT NULL"
    ):
        for key in {title_key(title), title_key(original or title)}:
            by_title[key, year] = None if (key, year) in by_title else movie_id
    claims: dict[int, list[int]] = {}
    for movie in dataset_movies:
        matching_id = by_title.get((title_key(movie.title), movie.year or 0))
        if matching_id is not None:
            claims.setdefault(matching_id, []).append(movie.movielens_id)
    return {claim[0]: movie_id for movie_id, claim in claims.items() if len(claim) == 1}


def store_movielens_ids(linked: dict[int, int], now: int) -> None:
    """Store the MovieLens ids of linked movies, so that later imports find them by id."""
    for batch in db.batches(sorted(linked.items())):
        with db.write():
            for movielens_id, movie_id in batch:
                db.execute(
                    "UPDATE movies SET movielens_id = ?, updated_at = ? "
                    "WHERE id = ? AND movielens_id IS NULL "
                    "AND NOT EXISTS (SELECT 1 FROM movies WHERE movielens_id = ?)",
                    movielens_id,
                    now,
                    movie_id,
                    movielens_id,
                )
