"""Pipeline of a MovieLens import: read everything, then write in short transactions; the last one publishes.

Killed at any moment and repeated, it has the effect of one run. Importing the same files again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from movierec import community, db, movies
from movierec.errors import UnreadableImport
from movierec.exchange.movielens import catalogue, files
from movierec.exchange.movielens.catalogue import DatasetMovie
from movierec.exchange.movielens.deduplicate import UniqueRatings
from movierec.exchange.movielens.ratings import RatingReader, Ratings
from movierec.exchange.movielens.report import DatasetDocument, DatasetReport, Tally
from movierec.exchange.movielens.votes import MOVIES_PER_BATCH, derive_votes, update_votes
from movierec.exchange.progress import ProgressCallback, ignore_progress
from movierec.exchange.readers.archive import BytesReadCallback, Member, open_members

DATASET = "movielens"


MOVIES_PER_TRANSACTION = 200
RATINGS_PER_BLOCK = 100_000
# A row of ratings.csv is rarely shorter; only used to choose the number of partitions.
BYTES_PER_RATING = 24

# End of each stage in percent.
CHECKED, READ, LINKED, STORED = 5, 65, 85, 100


class MovieCounts(TypedDict):
    """Movies of a dataset by their origin in the catalogue."""

    matched: int
    created: int


class DatasetResult(DatasetDocument):
    """The report of a dataset import as JSON."""

    movies: MovieCounts
    ratings: int
    raters: int
    unchanged: bool
    seconds: float
    ratings_per_second: int


def check_source(source: Path, limit_bytes: int) -> None:
    """Check that a source is a MovieLens dataset without reading rows. Raises UnreadableImport."""
    with open_members(source, files.FILE_NAMES, limit_bytes) as members:
        files.check_names(members)
        for subject in files.COLUMNS:
            files.open_table(members, subject, lambda _bytes: None)


def import_movielens(
    source: Path,
    scratch: Path,
    *,
    limit_bytes: int,
    now: int,
    minimum_raters: int = community.MINIMUM_RATERS,
    progress: ProgressCallback = ignore_progress,
) -> DatasetResult:
    """Import a folder or zip archive. Temporary files go to `scratch`; no file may unpack beyond `limit_bytes`.

    Movies with fewer raters than `minimum_raters` get no votes from them, which would reveal single ratings.

    Returns the report: `files` (rows, accepted, duplicates, rejected of each), `movies` (matched, created),
    `ratings`, `raters`, `unchanged`, `problems` (file, line, message; the first 100 of `problems_total`),
    `seconds`, `ratings_per_second`. Raises UnreadableImport if nothing can be imported.
    """
    started = time.perf_counter()
    with open_members(source, files.FILE_NAMES, limit_bytes) as members:
        files.check_names(members)
        run = _ImportRun(members, scratch, now, minimum_raters, progress)
        dataset, created, unchanged = run.run()
    seconds = time.perf_counter() - started
    report = run.report.as_json()
    rows = sum(tally["rows"] for name, tally in report["files"].items() if name.startswith("ratings"))
    return {
        **report,
        "movies": {"matched": run.movie_count - created, "created": created},
        "ratings": dataset.ratings,
        "raters": dataset.raters,
        "unchanged": unchanged,
        "seconds": round(seconds, 2),
        "ratings_per_second": round(rows / max(seconds, 0.001)),
    }


class _ImportRun:
    """State of one run: the files, the report, and the progress of reading."""

    def __init__(
        self,
        members: Mapping[str, Member],
        scratch: Path,
        now: int,
        minimum_raters: int,
        progress: ProgressCallback,
    ) -> None:
        self.members, self.scratch, self.now, self.progress = members, scratch, now, progress
        self.minimum_raters = minimum_raters
        self.report = DatasetReport()
        self._bytes = sum(member.size for member in members.values())
        self._bytes_read = 0
        self.movie_count = 0

    def run(self) -> tuple[community.StoredDataset, int, bool]:
        """Run all stages; returns the stored dataset, the number of created movies, and if it was stored before."""
        fingerprint = files.fingerprint(self.members, self._reading_progress("checking", 0, CHECKED))
        dataset = community.find_dataset(DATASET)
        self._bytes_read = 0
        on_bytes_read = self._reading_progress("reading", CHECKED, READ)
        movies, keywords = self._read_movies(on_bytes_read)
        with UniqueRatings(self.scratch, self._rating_bytes() // BYTES_PER_RATING) as unique:
            self._read_ratings(movies, unique, on_bytes_read)
            unchanged = dataset is not None and dataset.fingerprint == fingerprint
            totals = self._count(unique, len(movies))
            if unchanged:
                created = 0
            else:
                movie_ids, created = self._store_movies(movies, keywords)
                self._update_votes(movie_ids, totals)
                blocks = self._blocks(unique, np.array(movie_ids, dtype=np.int64))
                dataset = community.replace_dataset(DATASET, fingerprint, blocks, self.now)
        assert dataset is not None
        self.movie_count = len(movies)
        return dataset, created, unchanged

    def _reading_progress(self, stage: str, begin: int, end: int) -> BytesReadCallback:
        """Return a callback that reports the progress of a stage which reads all files once."""

        def on_bytes_read(count: int) -> None:
            self._bytes_read += count
            share = min(self._bytes_read / max(self._bytes, 1), 1.0)
            self.progress(stage, begin + int((end - begin) * share))

        return on_bytes_read

    def _rating_bytes(self) -> int:
        return sum(member.size for name, member in self.members.items() if name.startswith("ratings"))

    def _read_movies(
        self, on_bytes_read: BytesReadCallback
    ) -> tuple[list[DatasetMovie], dict[int, tuple[str, ...]]]:
        links = files.open_table(self.members, "links", on_bytes_read)
        ids = catalogue.read_links(links, self.report) if links else {}
        table = files.open_table(self.members, "movies", on_bytes_read)
        assert table is not None
        movies = catalogue.read_movies(table, ids, self.report)
        if not movies:
            raise UnreadableImport(f"No row of {table.name} can be used.{self._last_problem()}")
        tags = files.open_table(self.members, "tags", on_bytes_read)
        return movies, catalogue.read_tags(tags, movies, self.report) if tags else {}

    def _read_ratings(
        self, movies: list[DatasetMovie], unique: UniqueRatings, on_bytes_read: BytesReadCallback
    ) -> None:
        ratings = files.open_table(self.members, "ratings", on_bytes_read)
        assert ratings is not None
        ids = np.array([movie.movielens_id for movie in movies], dtype=np.int64)
        order = np.argsort(ids)
        reader = RatingReader(ratings.name, ratings.rating_layout(), ids[order], order, self.report)
        for block in ratings.blocks():
            unique.add(reader.read(block))
        if not self.report.tally(ratings.name).accepted:
            raise UnreadableImport(f"No row of {ratings.name} can be used.{self._last_problem()}")

    def _rating_tally(self) -> Tally:
        return self.report.tally("ratings.csv" if "ratings.csv" in self.members else "ratings.dat")

    def _last_problem(self) -> str:
        """Return the last listed problem as a sentence, as a hint for the user."""
        problems = self.report.problems
        return " {file}, line {line}: {message}.".format(**problems[-1]) if problems else ""

    def _count(self, unique: UniqueRatings, movie_count: int) -> npt.NDArray[np.int64]:
        """Count ratings and sum half stars of each movie (2 × movies); repeated ratings count as duplicates."""
        totals = np.zeros((2, movie_count), dtype=np.int64)
        for part in unique.parts():
            totals[0] += np.bincount(part["item"], minlength=movie_count)
            totals[1] += np.bincount(part["item"], weights=part["steps"], minlength=movie_count).astype(
                np.int64
            )
            self.progress("reading", READ)
        tally = self._rating_tally()
        ratings = int(totals[0].sum())
        tally.accepted, tally.duplicates = ratings, tally.accepted - ratings
        return totals

    def _store_movies(
        self, dataset_movies: list[DatasetMovie], keywords: dict[int, tuple[str, ...]]
    ) -> tuple[list[int], int]:
        if "links.csv" not in self.members:
            catalogue.store_movielens_ids(catalogue.match_by_title(dataset_movies), self.now)
        movie_ids: list[int] = []
        created = 0
        for batch in db.batches(dataset_movies, MOVIES_PER_TRANSACTION):
            self.progress("films", READ + (LINKED - READ) * len(movie_ids) // len(dataset_movies))
            stored = catalogue.store_movies(batch, keywords, self.now)
            movie_ids += stored.movie_ids
            created += stored.created
            db.yield_to_writers()
        targets = movies.alias_targets()  # a later batch may have merged two movies
        return [targets.get(movie_id, movie_id) for movie_id in movie_ids], created

    def _update_votes(self, movie_ids: list[int], totals: npt.NDArray[np.int64]) -> None:
        totals = totals * (totals[0] >= self.minimum_raters)
        average, popularity = derive_votes(totals[0], totals[1])
        rows = (
            (movie_ids[item], int(totals[0, item]), float(average[item]), float(popularity[item]))
            for item in np.flatnonzero(totals[0])
        )
        for batch in db.batches(rows, MOVIES_PER_BATCH):
            self.progress("films", LINKED)
            update_votes(batch, self.now)
            db.yield_to_writers()
        db.increment_revision("catalogue")

    def _blocks(self, unique: UniqueRatings, movie_ids: npt.NDArray[np.int64]) -> Iterator[community.Ratings]:
        """Yield the unique ratings in blocks for `community`, with catalogue ids."""
        ratings = self._rating_tally().accepted
        stored = 0
        for part in unique.parts():
            for start in range(0, len(part), RATINGS_PER_BLOCK):
                self.progress("ratings", LINKED + (STORED - LINKED) * stored // max(ratings, 1))
                block: Ratings = part[start : start + RATINGS_PER_BLOCK]
                stored += len(block)
                yield community.Ratings(
                    raters=block["rater"].astype(np.int64),
                    movie_ids=movie_ids[block["item"]],
                    steps=block["steps"].copy(),
                    rated_at=block["rated_at"].copy(),
                )
