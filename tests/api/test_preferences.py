"""Effect of profile preferences: adult movies, and the first recommendations of a new user."""

from __future__ import annotations

from typing import Any

from movierec.movies import MovieRecord
from movierec.movies.ingest.upsert import upsert
from tests.films import NOW, movie_id
from tests.running import Account, RunningDaemon

MOVIES, RECOMMENDATIONS = "/api/v1/movies", "/api/v1/recommendations"
PROFILE = "/api/v1/auth/profiles/my_profile/"
ADULT = "Behind Closed Doors"


def titles(daemon: RunningDaemon, path: str, token: Account | None = None) -> list[str]:
    return [movie["title"] for movie in daemon.get(f"{MOVIES}{path}", token=token)["results"]]


def recommended(daemon: RunningDaemon, token: Account, query: str = "limit=10") -> list[Any]:
    return [item["movie"] for item in daemon.get(f"{RECOMMENDATIONS}/?{query}", token=token)["results"]]


def test_adult_movies_are_shown_only_if_the_profile_allows_them(daemon: RunningDaemon) -> None:
    upsert(
        [
            MovieRecord(
                ADULT, "staff", adult=True, popularity=1e6, vote_average=10, vote_count=10**6, year=2000
            )
        ],
        NOW,
    )
    plain, mature = daemon.register(), daemon.register()
    daemon.patch(PROFILE, {"mature_content": True}, token=mature)
    for path in ("/", "/popular/", "/top_rated/", "/search/?q=behind+closed+doors"):
        assert ADULT not in titles(daemon, path), path
        assert ADULT not in titles(daemon, path, plain), path
        assert ADULT in titles(daemon, path, mature), path
    assert ADULT not in titles(daemon, "/?adult=false", mature)
    assert titles(daemon, "/?adult=true", mature) == [ADULT]
    problem = daemon.get(f"{MOVIES}/?adult=true", token=plain, status=422)
    assert problem["errors"][0]["field"] == "adult"
    assert ADULT not in [movie["title"] for movie in recommended(daemon, plain, "limit=100")]


def test_favorite_genres_lead_the_first_recommendations(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    before = recommended(daemon, ann)
    daemon.patch(PROFILE, {"favorite_genres": ["Animation"]}, token=ann)
    after = recommended(daemon, ann)

    def share(movies: list[Any]) -> int:
        return sum("Animation" in movie["genres"] for movie in movies)

    assert share(after) > share(before)
    assert "Animation" in after[0]["genres"]


def test_preferred_language_leads_the_first_recommendations(daemon: RunningDaemon) -> None:
    ann, french = daemon.register(), movie_id("tt0211915")
    before = [movie["id"] for movie in recommended(daemon, ann, "limit=66")]
    daemon.patch(PROFILE, {"preferred_language": "fr"}, token=ann)
    after = [movie["id"] for movie in recommended(daemon, ann, "limit=66")]
    assert after.index(french) < before.index(french)


def test_ratings_outweigh_the_profile(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for number, imdb_id in enumerate(("tt0078748", "tt0090605", "tt0083658")):
        body = {"movie": movie_id(imdb_id), "rating": 5 - number / 2}
        daemon.post("/api/v1/favorites/ratings/", body, token=ann, status=201)
    before = recommended(daemon, ann)
    daemon.patch(PROFILE, {"favorite_genres": ["Animation"], "preferred_language": "fr"}, token=ann)
    assert recommended(daemon, ann) == before
