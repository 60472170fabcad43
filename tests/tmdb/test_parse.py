"""Parsing of TMDb's responses: recorded ones, the examples of its schema, and broken ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movierec.tmdb import parse
from movierec.tmdb.parse import BadResponse
from tests.tmdb import answers

READERS: dict[str, Callable[[Any], object]] = {
    "/3/movie/popular": parse.parse_movie_page,
    "/3/movie/top_rated": parse.parse_movie_page,
    "/3/trending/movie/{time_window}": parse.parse_movie_page,
    "/3/search/movie": parse.parse_movie_page,
    "/3/movie/{movie_id}": parse.parse_details,
    "/3/find/{external_id}": parse.parse_found_movie,
    "/3/genre/movie/list": parse.parse_genres,
    "/3/configuration": parse.parse_images,
    "/3/movie/changes": parse.parse_changes,
}


@pytest.fixture(scope="session")
def recorded(test_data: Path) -> Path:
    folder = test_data / "tmdb"
    if not folder.is_dir():
        pytest.skip("no recorded responses of TMDb in the test data")
    return folder


def test_all_details_are_parsed() -> None:
    details = parse.parse_details(answers.MATRIX.details())
    assert details.movie == parse.TmdbMovie(
        tmdb_id=603,
        title="The Matrix",
        original_title="The Matrix",
        original_language="en",
        overview="What happens in The Matrix.",
        release_date="1999-03-31",
        vote_average=8.2,
        vote_count=26_000,
        popularity=90.0,
        poster_path="/poster603.jpg",
        backdrop_path="/backdrop603.jpg",
    )
    assert (details.imdb_id, details.runtime, details.budget) == ("tt0133093", 136, 63_000_000)
    assert details.genres == ("Action", "Science Fiction")
    assert (details.directors, details.writers) == (("Grace Example",), ("Edsger Example",))
    assert details.cast[0] == ("Ada Example", "The Engineer")
    assert details.keywords == ("simulation", "hacker")
    assert (details.languages, details.countries) == (("en",), ("United States of America",))
    assert details.certificate == "R"  # in American cinemas, not on television and not abroad


def test_trimming_keeps_everything_that_is_parsed() -> None:
    document = answers.MATRIX.details()
    crowd = [{"name": f"Extra {number}", "job": "Gaffer"} for number in range(500)]
    document["credits"]["crew"] = crowd + document["credits"]["crew"]
    trimmed = parse.trim_details(document)
    assert (
        parse.parse_details(trimmed)
        == parse.parse_details(document)
        == parse.parse_details(answers.MATRIX.details())
    )
    assert len(json.dumps(trimmed)) < len(json.dumps(document)) / 5


def test_broken_movie_is_skipped_and_counted() -> None:
    document = answers.page(answers.NEW)
    document["results"][1] = None
    document["results"][2]["id"] = "603"
    page = parse.parse_movie_page(document)
    assert [film.tmdb_id for film in page.movies] == [1_000_001, 1_000_004]
    assert page.skipped == 2


# Each makes the whole response invalid.
@pytest.mark.parametrize(
    "document",
    [{}, {"results": None}, {"results": {}}, {"results": [None]}, {"results": [{"id": 1}, {"title": "x"}]}],
)
def test_response_without_a_valid_movie_is_refused(document: Any) -> None:
    with pytest.raises(BadResponse):
        parse.parse_movie_page(document)


def test_empty_list_is_a_valid_response() -> None:
    assert (
        parse.parse_movie_page({"results": [], "page": 1, "total_pages": 0, "total_results": 0}).movies == ()
    )


# A field, the received value, and the parsed value.
@pytest.mark.parametrize(
    ("field", "value", "parsed"),
    [
        ("title", "\x1b[31mRed\x07\u009b2J \ud800Alert\x00", "[31mRed 2J Alert"),
        ("title", "x" * 2000, "x" * 500),
        ("overview", "One.\r\n\r\nTwo.\x1b", "One.\n\nTwo."),
        ("overview", None, ""),
        ("release_date", "", None),
        ("release_date", "2023-02-30", None),
        ("release_date", 1999, None),
        ("vote_average", 11.0, 0.0),
        ("vote_average", True, 0.0),
        ("vote_average", "8.4", 0.0),
        ("vote_count", -1, 0),
        ("vote_count", 1e3, 0),
        ("popularity", float("inf"), 0.0),
        ("popularity", float("nan"), 0.0),
        ("popularity", 10**400, 0.0),
        ("genre_ids", [28, "18", None, -1], (28,)),
        ("genre_ids", "28", ()),
        ("adult", "yes", False),
        ("original_language", "en-US", ""),
        ("poster_path", "/../../etc/passwd", ""),
        ("poster_path", "https://elsewhere.example.org/x.jpg", ""),
    ],
)
def test_value_of_a_wrong_form_counts_as_missing(field: str, value: Any, parsed: Any) -> None:
    assert getattr(parse.parse_movie({**answers.MATRIX.listed(), field: value}), field) == parsed


def test_every_field_but_id_and_title_may_be_anything() -> None:
    """Random nulls, other types and missing fields cause no error and no invalid value."""
    chance = random.Random(7)
    nonsense: list[Any] = [
        None,
        [],
        {},
        "",
        "x",
        -1,
        1.5,
        True,
        [None],
        [[]],
        {"results": [{}]},
        [{"name": 3}],
    ]
    for _ in range(500):
        document = answers.MATRIX.details()
        for name in chance.sample(sorted(document.keys() - {"id", "title"}), 8):
            if chance.random() < 0.2:
                del document[name]
            else:
                document[name] = chance.choice(nonsense)
        details = parse.parse_details(document)
        assert details.movie.title == "The Matrix"
        assert details.runtime is None or details.runtime > 0
        assert all(isinstance(name, str) and name for name in (*details.directors, *details.genres))


def test_number_of_pages_is_limited_to_those_tmdb_serves() -> None:
    page = parse.parse_movie_page(
        {**answers.page(answers.NEW), "total_pages": 58_322, "total_results": 1_166_422}
    )
    assert (page.total_pages, page.total_results) == (500, 10_000)


def test_recorded_responses_are_parsed(recorded: Path) -> None:
    """Lists, details, finds, genres and configuration, without a skipped movie."""
    seen = dict.fromkeys(("lists", "details", "finds", "others"), 0)
    for path in sorted(recorded.glob("*/*.json")):
        document = json.loads(path.read_text())
        name = path.stem
        if name.startswith("404") or path.parent.name == "errors":
            with pytest.raises(BadResponse):
                parse.parse_movie_page(document)
        elif "results" in document and "images" not in name and "release_dates" not in name:
            page = parse.parse_movie_page(document)
            assert page.skipped == 0, name
            assert len(page.movies) == len(document["results"]), name
            assert all(film.overview or not item["overview"] for film, item in _pairs(page, document)), name
            seen["lists"] += 1
        elif "movie_results" in document:
            film = parse.parse_found_movie(document)
            assert (film is not None) == bool(document["movie_results"])
            seen["finds"] += 1
        elif "imdb_id" in document and "title" in document:
            details = parse.parse_details(document)
            assert (details.movie.tmdb_id, details.imdb_id) == (document["id"], document["imdb_id"])
            assert (details.runtime or 0) == document["runtime"]
            assert len(details.genres) == len(document["genres"])
            if "credits" in document:
                assert details.directors
                assert details.cast
            seen["details"] += 1
        elif "genres" in document:
            assert len(parse.parse_genres(document)) == len(document["genres"])
            seen["others"] += 1
        elif "images" in document and "change_keys" in document:
            assert parse.parse_images(document).base_url == "https://image.tmdb.org/t/p"
            seen["others"] += 1
    assert seen["lists"] >= 20
    assert min(seen.values()) >= 3, seen


def _pairs(page: parse.MoviePage, document: Any) -> zip[Any]:
    return zip(page.movies, document["results"], strict=True)


def test_examples_of_tmdbs_schema_are_parsed(recorded: Path) -> None:
    paths = json.loads((recorded / "openapi.json").read_text())["paths"]
    for path, read in READERS.items():
        schema = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        document = _example(schema)
        if path == "/3/configuration":
            document["images"]["secure_base_url"] = "https://image.tmdb.org/t/p/"
        assert read(document) is not None, path


def test_parsed_fields_exist_in_tmdbs_schema(recorded: Path) -> None:
    paths = json.loads((recorded / "openapi.json").read_text())["paths"]

    def properties(path: str) -> set[str]:
        schema = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        return set(schema["properties"])

    appended = {"credits", "keywords", "release_dates"}  # appended to the details
    assert set(answers.MATRIX.details()) - appended <= properties("/3/movie/{movie_id}")
    items = paths["/3/movie/popular"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(answers.MATRIX.listed()) <= set(items["properties"]["results"]["items"]["properties"])


def _example(schema: dict[str, Any]) -> Any:
    """Return a value of a schema, made from its examples."""
    if schema.get("type") == "object":
        return {name: _example(inner) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_example(schema["items"])] if "items" in schema else []
    return schema.get("example")
