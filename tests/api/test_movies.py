"""`/api/v1/movies/`: catalogue, filters, search, details, charts, genres, editing, and invalid input."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest

from movierec import db
from movierec.movies import MovieRecord
from movierec.movies.ingest.upsert import upsert
from tests.films import MOVIE_TITLES, NOW, movie_id
from tests.running import RunningDaemon

MOVIES = "/api/v1/movies"

NEW = {
    "title": "Dune",
    "original_title": "Dune: Part One",
    "tmdb_id": 438631,
    "imdb_id": "tt1160419",
    "release_date": "2021-09-15",
    "overview": "A boy and a desert.",
    "tagline": "It begins.",
    "status": "Released",
    "runtime": 155,
    "budget": 165_000_000,
    "revenue": 402_000_000,
    "homepage": "https://example.org/dune",
    "original_language": "en",
    "languages": ["en", "zh"],
    "countries": ["United States of America"],
    "certificate": "PG-13",
    "adult": False,
    "critics_score": 83,
    "critics_reviews": 500,
    "vote_average": 7.8,
    "vote_count": 12000,
    "popularity": 88.5,
    "poster_url": "https://example.org/poster.jpg",
    "backdrop_url": "https://example.org/backdrop.jpg",
    "genres": ["Science Fiction", "Adventure"],
    "directors": ["Denis Villeneuve"],
    "writers": ["Jon Spaihts"],
    "cast": [{"name": "Timothée Chalamet", "character": "Paul Atreides"}],
    "keywords": ["desert", "spice"],
}


def titles(daemon: RunningDaemon, path: str, **query: Any) -> list[str]:
    return [movie["title"] for movie in results(daemon, path, **query)]


def results(daemon: RunningDaemon, path: str, **query: Any) -> list[dict[str, Any]]:
    page = daemon.get(f"{MOVIES}{path}?{urlencode(query)}")
    return list(page["results"])


# Catalogue


def test_catalogue_is_paged(daemon: RunningDaemon) -> None:
    first = daemon.get(f"{MOVIES}/?page_size=25&genre=Drama&ordering=title")
    assert len(first["results"]) == 25
    assert first["previous"] is None
    assert first["next"] == f"{daemon.url}{MOVIES}/?page_size=25&genre=Drama&ordering=title&page=2"
    second = daemon.get(first["next"].removeprefix(daemon.url))
    assert second["previous"].endswith("page=1")
    ids = [movie["id"] for page in (first, second) for movie in page["results"]]
    assert len(set(ids)) == len(ids) == min(first["count"], 50)


def test_pages_beyond_the_end_are_empty(daemon: RunningDaemon) -> None:
    page = daemon.get(f"{MOVIES}/?page=1000000&page_size=100")
    assert (page["count"], page["results"], page["next"]) == (len(MOVIE_TITLES), [], None)
    assert page["previous"].endswith("page=1&page_size=100")


FILTERS: list[tuple[dict[str, Any], Any]] = [
    ({"genre": "Horror"}, lambda movie: "Horror" in movie["genres"]),
    ({"genre": "science fiction"}, lambda movie: "Science Fiction" in movie["genres"]),
    ({"year": 1995}, lambda movie: movie["year"] == 1995),
    ({"year_min": 2000}, lambda movie: movie["year"] >= 2000),
    ({"year_max": 1960}, lambda movie: movie["year"] <= 1960),
    ({"year_min": 1980, "year_max": 1989}, lambda movie: 1980 <= movie["year"] <= 1989),
    ({"min_votes": 200}, lambda movie: movie["vote_count"] >= 200),
    ({"min_rating": 8.5}, lambda movie: movie["vote_average"] >= 8.5),
    ({"genre": "Drama", "year_min": 1990, "min_rating": 8}, lambda movie: "Drama" in movie["genres"]),
]


def test_filters(daemon: RunningDaemon) -> None:
    everything = results(daemon, "/", page_size=100)
    assert len(everything) == len(MOVIE_TITLES)
    for query, holds in FILTERS:
        filtered = results(daemon, "/", page_size=100, **query)
        assert 0 < len(filtered) < len(everything)
        assert all(map(holds, filtered))


def test_filters_by_language_and_genre_id(daemon: RunningDaemon) -> None:
    assert "Amélie" in titles(daemon, "/", language="fr")
    genre = next(g for g in results(daemon, "/genres") if g["name"] == "Animation")
    assert titles(daemon, "/", genre=genre["id"]) == titles(daemon, "/", genre="Animation")
    assert titles(daemon, "/", genre="sci-fi") == titles(daemon, "/", genre="Science Fiction")


def test_adult_movies_are_excluded_by_default(daemon: RunningDaemon) -> None:
    upsert([MovieRecord("Behind Closed Doors", "staff", adult=True, popularity=1e6, year=2000)], NOW)
    for path in ("/", "/popular", "/trending", "/top_rated"):
        assert "Behind Closed Doors" not in titles(daemon, path)
    assert titles(daemon, "/search", q="behind closed doors") == []
    assert titles(daemon, "/", adult="true") == ["Behind Closed Doors"]


def test_orderings(daemon: RunningDaemon) -> None:
    for name in ("popularity", "vote_average", "vote_count", "release_date", "title"):
        descending, ascending = (
            [movie[name] or "" for movie in results(daemon, "/", page_size=100, ordering=f"{sign}{name}")]
            for sign in ("-", "")
        )
        assert ascending == descending[::-1]
        if name != "title":  # the collation depends on the database
            assert ascending == sorted(ascending)


def test_several_orderings(daemon: RunningDaemon) -> None:
    ordered = results(daemon, "/", page_size=100, ordering="-vote_average,release_date")
    keys = [(-movie["vote_average"], movie["release_date"] or "") for movie in ordered]
    assert keys == sorted(keys)


BAD_QUERIES = [
    ("ordering=id", "ordering"),
    ("ordering=--title", "ordering"),
    ("ordering=title;DROP TABLE movies", "ordering"),
    ("ordering=", "ordering"),
    ("colour=red", "colour"),
    ("page=0", "page"),
    ("page=-1", "page"),
    ("page=99999999999999999999", "page"),
    ("page=one", "page"),
    ("page_size=0", "page_size"),
    ("page_size=101", "page_size"),
    ("year=99999999999999999999", "year"),
    ("year=nineteen", "year"),
    ("year_min=1e3", "year_min"),
    ("min_votes=-1", "min_votes"),
    ("min_rating=NaN", "min_rating"),
    ("min_rating=inf", "min_rating"),
    ("min_rating=11", "min_rating"),
    ("adult=maybe", "adult"),
    ("genre=", "genre"),
    ("genre=Drama%00", "genre"),
    ("genre=Drma", "genre"),
    ("genre=999999", "genre"),
    ("year_min=2020&year_max=1990", "year_max"),
    ("page=1&page=2", "page"),
]


def test_invalid_queries_name_the_field(daemon: RunningDaemon) -> None:
    for query, field in BAD_QUERIES:
        problem = daemon.get(f"{MOVIES}/?{quote(query, safe='=&%')}", status=422)
        assert field in [error["field"] for error in problem["errors"]]


def test_unknown_genre_is_refused_with_the_nearest_name(daemon: RunningDaemon) -> None:
    for path in (f"{MOVIES}/?genre=Drma", f"{MOVIES}/search/?q=heat&genre=Drma"):
        [error] = daemon.get(path, status=422)["errors"]
        assert error == {"field": "genre", "message": "There is no genre Drma. Did you mean: Drama"}
    [error] = daemon.get(f"{MOVIES}/?genre=Zydeco", status=422)["errors"]
    assert "Use one of: Action, Adventure" in error["message"]


def test_lists_are_cached_by_etag(daemon: RunningDaemon) -> None:
    first = daemon.request("GET", f"{MOVIES}/?page_size=3")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = daemon.request("GET", f"{MOVIES}/?page_size=3", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    signed_in = daemon.request("GET", f"{MOVIES}/?page_size=3", token=daemon.register().access)
    assert signed_in.headers["Cache-Control"] == "no-store"


# Details


def test_movie_details(daemon: RunningDaemon) -> None:
    movie = daemon.get(f"{MOVIES}/{movie_id('tt0133093')}/")
    assert (movie["title"], movie["year"], movie["imdb_id"]) == ("The Matrix", 1999, "tt0133093")
    assert movie["original_title"] == "The Matrix"
    assert {"Lana Wachowski", "Lilly Wachowski"} & set(movie["directors"])
    assert "Keanu Reeves" in [member["name"] for member in movie["cast"]]
    assert "my_rating" not in movie


def test_movie_by_external_ids(daemon: RunningDaemon) -> None:
    upsert([MovieRecord("The Matrix", "movielens", imdb_id="tt0133093", tmdb_id=603)], NOW)
    movie = daemon.get(f"{MOVIES}/imdb/tt0133093/")
    assert daemon.get(f"{MOVIES}/tmdb/603/") == movie == daemon.get(f"{MOVIES}/{movie['id']}")


def test_signed_in_user_gets_own_rating_with_the_movie(daemon: RunningDaemon) -> None:
    user, matrix = daemon.register(), movie_id("tt0133093")
    movie = daemon.get(f"{MOVIES}/{matrix}/", token=user)
    assert (movie["my_rating"], movie["is_favorite"], movie["on_watchlist"]) == (None, False, False)
    insert = "INSERT INTO {} (user_id, movie_id, {}created_at{}) VALUES (?, ?, {}?{})"
    db.execute(
        insert.format("ratings", "steps, review, ", ", updated_at", "9, '', ", ", ?"), user.id, matrix, 1, 1
    )
    db.execute(insert.format("favorites", "note, ", "", "'', ", ""), user.id, matrix, 1)
    db.execute(insert.format("watchlist", "", "", "", ""), user.id, matrix, 1)
    movie = daemon.get(f"{MOVIES}/{matrix}/", token=user)
    assert (movie["my_rating"], movie["is_favorite"], movie["on_watchlist"]) == (4.5, True, True)
    assert daemon.get(f"{MOVIES}/imdb/tt0133093/", token=daemon.register())["my_rating"] is None


NOT_THERE = [
    "/999999999/",
    "/9223372036854775807/",
    "/9223372036854775808/",
    "/99999999999999999999/",
    "/0/",
    "/-1/",
    "/01/",
    "/1.0/",
    "/abc/",
    "/tmdb/603/",
    "/tmdb/9223372036854775808/",
    "/tmdb/x/",
    "/imdb/tt9999999/",
    "/imdb/%00/",
    "/imdb/" + "t" * 2000 + "/",
    "/imdb/%27%20OR%201=1--/",
    "/genres/999999/",
    "/genres/9223372036854775808/",
]


def test_unknown_movies_are_not_found(daemon: RunningDaemon) -> None:
    for path in NOT_THERE:
        assert daemon.get(MOVIES + path, status=404)["code"] == "not_found"


# Charts


def test_charts_use_the_envelope_of_tmdb(daemon: RunningDaemon) -> None:
    popular = daemon.get(f"{MOVIES}/popular/")
    assert popular["total_results"] == len(MOVIE_TITLES)
    assert (popular["page"], popular["total_pages"]) == (1, -(-len(MOVIE_TITLES) // 20))
    assert (popular["source"], popular["stale"]) == ("catalogue", False)
    values = [movie["popularity"] for movie in popular["results"]]
    assert values == sorted(values, reverse=True)
    last = daemon.get(f"{MOVIES}/popular/?page={popular['total_pages']}")
    assert len(last["results"]) == len(MOVIE_TITLES) % 20
    assert daemon.get(f"{MOVIES}/popular/?page=1000000")["results"] == []
    daemon.get(f"{MOVIES}/popular/?page=0", status=422)
    daemon.get(f"{MOVIES}/popular/?page_size=5", status=422)


def test_movies_with_few_votes_do_not_lead_the_top_rated(daemon: RunningDaemon) -> None:
    upsert([MovieRecord("Loved by Three", "staff", vote_average=10.0, vote_count=3)], NOW)
    best = titles(daemon, "/top_rated")
    assert "Loved by Three" not in best
    assert "The Godfather" in best[:5]


def test_movies_rated_on_this_server_are_trending(daemon: RunningDaemon) -> None:
    before = titles(daemon, "/trending")
    assert before[0] == "The Dark Knight"  # most popular of the newest ones
    assert not {"Casablanca", "Citizen Kane"} & set(before)
    user, casablanca = daemon.register(), movie_id("tt0034583")
    rated_at = int(daemon.clock()) - 3 * 24 * 3600
    columns = "user_id, movie_id, steps, review, created_at, updated_at"
    db.execute(
        f"INSERT INTO ratings ({columns}) VALUES (?, ?, 8, '', ?, ?)", user.id, casablanca, rated_at, rated_at
    )
    assert titles(daemon, "/trending", time_window="week")[0] == "Casablanca"
    assert titles(daemon, "/trending", time_window="day") == before
    daemon.get(f"{MOVIES}/trending/?time_window=year", status=422)


# Search


MEANT = {
    "matrix the": "The Matrix",
    "amelie": "Amélie",
    "se7en": "Seven",
    "shawshenk redemtion": "The Shawshank Redemption",
    "godfather 2": "The Godfather Part II",
    "spiderman": "Spider-Man",
    "up": "Up",
    "8 1/2": "8½",
}


def test_search_finds_the_expected_movie(daemon: RunningDaemon) -> None:
    for text, title in MEANT.items():
        assert titles(daemon, "/search", q=text)[0] == title
        assert titles(daemon, "/search", query=text)[0] == title


def test_search_by_year_and_genre(daemon: RunningDaemon) -> None:
    assert [movie["year"] for movie in results(daemon, "/search", q="heat")] == [1995, 1972]
    assert next(movie["year"] for movie in results(daemon, "/search", q="heat 1972")) == 1972
    assert [movie["year"] for movie in results(daemon, "/search", q="heat", year=1972)] == [1972]
    assert [movie["year"] for movie in results(daemon, "/search", q="heat", genre="Comedy")] == [1972]
    assert results(daemon, "/search", q="heat", genre="Family") == []


def test_search_is_paged(daemon: RunningDaemon) -> None:
    upsert([MovieRecord(f"Rocky {number}", "staff", year=1976) for number in range(100, 150)], NOW)
    first = daemon.get(f"{MOVIES}/search/?q=rocky")
    assert first["total_results"] == 50
    assert first["total_pages"] == 3
    pages = [first, *(daemon.get(f"{MOVIES}/search/?q=rocky&page={page}") for page in (2, 3, 4))]
    ids = [movie["id"] for page in pages for movie in page["results"]]
    assert len(ids) == len(set(ids)) == 50


HOSTILE = [
    "'; DROP TABLE movies; --",
    '"',
    '" OR "1"="1',
    "%",
    "_",
    "%%%%",
    "\\",
    "\\'",
    "' & ! | ( ) : * <->",
    "NEAR(a b, 5) AND NOT OR",
    "spelling:matrix",
    "title_search MATCH 'x'",
    "*",
    "^matrix$",
    "(((((",
    "{a}",
    "🎬🍿",
    "👨‍👩‍👧‍👦",
    "שלום עולם",
    "\u202eמטריקס\u202c",
    "مصفوفة",
    "七人の侍",
    "\ufeff\u200b",
    "\ud7ff\ue000\uffff\U0010ffff",
    "a\u0301" * 100,
    "\t\r\n x",
    "x" * 256,
    "the " * 16,
    "a" + "\u0301" * 255,
    "1995",
    "(1995)",
    "0",
    "ß",
    "ﬁﬁﬁ",
]


def test_search_text_is_not_interpreted(daemon: RunningDaemon) -> None:
    for text in HOSTILE:
        page = daemon.get(f"{MOVIES}/search/?{urlencode({'q': text})}")
        assert page["total_results"] >= len(page["results"])
    assert daemon.get(f"{MOVIES}/?page_size=1")["count"] == len(MOVIE_TITLES)


BAD_SEARCHES = [
    "",
    "q=",
    "q=%20%20",
    "q=a&query=b",
    "q=%00",
    "q=matrix%00",
    "q=" + "x" * 257,
    "q=" + "x" * 300,
    "q=" + "🎬" * 300,
    "q=" + "a+" * 17,
    "q=a&q=b",
    "q=a&year=x",
    "q=a&year=99999999999999999999",
    "q=a&genre=",
    "q=a&page=0",
    "q=a&page_size=5",
    "q=a&adult=true",
]


def test_invalid_searches_are_refused(daemon: RunningDaemon) -> None:
    for query in BAD_SEARCHES:
        assert daemon.get(f"{MOVIES}/search/?{quote(query, safe='=&%+')}", status=422)["errors"]


def test_undecodable_text_is_no_server_error(daemon: RunningDaemon) -> None:
    for text in ("%ff%fe", "%ed%a0%80", "%c3%28", "%"):
        assert daemon.request("GET", f"{MOVIES}/search/?q={text}").status in (200, 400, 422)


# Genres


def test_genres(daemon: RunningDaemon) -> None:
    page = daemon.get(f"{MOVIES}/genres/")
    assert page["count"] == len(page["results"]) > 10
    drama = next(genre for genre in page["results"] if genre["name"] == "Drama")
    assert daemon.get(f"{MOVIES}/genres/{drama['id']}/") == drama
    assert drama["movies"] == daemon.get(f"{MOVIES}/?genre=Drama")["count"]


# Editing


def test_staff_create_change_replace_and_delete_a_movie(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    movie = daemon.post(f"{MOVIES}/", NEW, token=admin, status=201)
    assert {name: movie[name] for name in NEW} == NEW
    assert movie["year"] == 2021
    assert titles(daemon, "/search", q="dune part one") == ["Dune"]
    path = f"{MOVIES}/{movie['id']}/"

    changed = daemon.patch(path, {"title": "Arrakis", "runtime": None, "keywords": []}, token=admin)
    assert changed["updated_at"] >= movie["updated_at"]
    expected = {
        **movie,
        "title": "Arrakis",
        "runtime": None,
        "keywords": [],
        "updated_at": changed["updated_at"],
    }
    assert changed == expected
    assert titles(daemon, "/search", q="arrakis") == ["Arrakis"]

    replaced = daemon.put(path, {"title": "Dune", "year": 2021}, token=admin)
    assert (replaced["imdb_id"], replaced["genres"], replaced["cast"], replaced["runtime"]) == (
        None,
        [],
        [],
        None,
    )
    assert titles(daemon, "/search", q="arrakis") == []

    daemon.delete(path, token=admin)
    daemon.get(path, status=404)
    assert titles(daemon, "/search", q="dune") == []
    daemon.delete(path, token=admin, status=404)
    daemon.patch(path, {"year": 2000}, token=admin, status=404)
    daemon.put(path, {"title": "Dune"}, token=admin, status=404)


def test_details_can_be_sent_back_unchanged(daemon: RunningDaemon) -> None:
    admin, path = daemon.admin(), f"{MOVIES}/{movie_id('tt0133093')}/"
    movie = daemon.get(path)
    sent = {name: movie[name] for name in NEW}
    again = daemon.put(path, sent, token=admin)
    assert {name: again[name] for name in NEW} == sent


def test_staff_edits_take_precedence_over_other_sources(daemon: RunningDaemon) -> None:
    matrix = movie_id("tt0133093")
    daemon.patch(f"{MOVIES}/{matrix}/", {"title": "Matrix", "genres": ["Drama"]}, token=daemon.admin())
    upsert([MovieRecord("The Matrix", "tmdb", imdb_id="tt0133093", genres=("Action",))], NOW)
    movie = daemon.get(f"{MOVIES}/{matrix}/")
    assert (movie["title"], movie["genres"]) == ("Matrix", ["Drama"])


def test_external_ids_are_unique(daemon: RunningDaemon) -> None:
    admin, matrix = daemon.admin(), movie_id("tt0133093")
    for column, external_id in (("imdb_id", "tt1160419"), ("tmdb_id", 438631)):
        movie = daemon.post(f"{MOVIES}/", {"title": "Dune", column: external_id}, token=admin, status=201)
        for call, path in ((daemon.post, "/"), (daemon.put, f"/{matrix}/"), (daemon.patch, f"/{matrix}/")):
            problem = call(MOVIES + path, {"title": "Matrix", column: external_id}, token=admin, status=409)
            assert [error["field"] for error in problem["errors"]] == [column]
        daemon.patch(
            f"{MOVIES}/{movie['id']}/", {column: external_id}, token=admin
        )  # its own id is no conflict


@pytest.mark.parametrize("table", ["ratings", "favorites", "watchlist"])
def test_movie_in_a_library_is_not_deleted(daemon: RunningDaemon, table: str) -> None:
    admin, matrix = daemon.admin(), movie_id("tt0133093")
    columns = {"ratings": ("steps, review, updated_at, ", "8, '', 1, "), "favorites": ("note, ", "'', ")}
    names, values = columns.get(table, ("", ""))
    db.execute(
        f"INSERT INTO {table} (user_id, movie_id, {names}created_at) VALUES (?, ?, {values}1)",
        admin.id,
        matrix,
    )
    problem = daemon.delete(f"{MOVIES}/{matrix}/", token=admin, status=409)
    assert problem["code"] == "conflict"
    assert daemon.get(f"{MOVIES}/{matrix}/")["title"] == "The Matrix"
    assert titles(daemon, "/search", q="matrix") == ["The Matrix"]


def test_only_staff_edit(daemon: RunningDaemon) -> None:
    user, path = daemon.register(), f"{MOVIES}/{movie_id('tt0133093')}/"
    for token, status in ((None, 401), (user, 403)):
        daemon.post(f"{MOVIES}/", NEW, token=token, status=status)
        daemon.put(path, NEW, token=token, status=status)
        daemon.patch(path, {"title": "x"}, token=token, status=status)
        daemon.delete(path, token=token, status=status)
    assert daemon.get(path)["title"] == "The Matrix"


BAD_FIELDS: list[tuple[str, Any]] = [
    *(("title", value) for value in ("", "   ", None, 7, ["x"], "x" * 501)),
    *(("imdb_id", value) for value in ("", "603", "tt12", "tt0133093'", "nm0000206", 603)),
    *(("tmdb_id", value) for value in (0, -1, "603", 1.5, True, 2**53)),
    *(("year", value) for value in (0, 1869, 2201, "1999", 1999.5, True)),
    *(("release_date", value) for value in ("", "1999", "1999-13-01", "1999-02-30", "31.12.1999", 19991231)),
    *(("runtime", value) for value in (0, -5, 10_001, "136")),
    *((name, value) for name in ("budget", "revenue") for value in (-1, 2**53, "1")),
    *(("vote_average", value) for value in (-0.1, 10.1, "8", None)),
    *(("vote_count", value) for value in (-1, 2**31, 1.5, None)),
    *(("popularity", value) for value in (-1, 1e10, "1")),
    *(("critics_score", value) for value in (-1, 101, 50.5)),
    *(("adult", value) for value in (1, "true", None)),
    *(("homepage", value) for value in ("javascript:alert(1)", "ftp://x", "https://", "http://x y", None)),
    *(("poster_url", value) for value in ("/p.jpg", "data:image/png,x", 5)),
    *(("original_language", value) for value in ("EN", "english", "e", None)),
    *(("genres", value) for value in ("Drama", [""], [7], ["x"] * 31, {"a": 1}, None)),
    *(("cast", value) for value in (["Keanu Reeves"], [{"name": ""}], [{"name": "x", "role": "y"}])),
    *(("overview", value) for value in ("x" * 10_001, None, 5)),
    ("languages", ["English"]),
    ("movielens_id", 5),
    ("source", "tmdb"),
    ("colour", "red"),
]


def test_invalid_fields_are_named(daemon: RunningDaemon) -> None:
    admin, path = daemon.admin(), f"{MOVIES}/{movie_id('tt0133093')}/"
    for field, value in BAD_FIELDS:
        for problem in (
            daemon.post(f"{MOVIES}/", {"title": "x", field: value}, token=admin, status=422),
            daemon.put(path, {"title": "x", field: value}, token=admin, status=422),
            daemon.patch(path, {field: value}, token=admin, status=422),
        ):
            assert field in [error["field"].partition(".")[0] for error in problem["errors"]]


def test_hostile_text_is_stored_unchanged(daemon: RunningDaemon) -> None:
    admin = daemon.admin()
    for title in ("'; DROP TABLE movies; --", "🎬", "\u202eمصفوفة", "<script>", "a\tb\\N", "$", "a" * 500):
        movie = daemon.post(
            f"{MOVIES}/", {"title": title, "directors": [title[:200]]}, token=admin, status=201
        )
        assert (movie["title"], movie["directors"]) == (title, [title[:200]])
        if len(title) <= 256:
            assert title in titles(daemon, "/search", q=title)
