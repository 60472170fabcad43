"""Recommendations over HTTP: freshness, filters, reasons, exclusion of seen and dismissed movies."""

from __future__ import annotations

from typing import Any

import pytest

from movierec import db
from tests.films import movie_id
from tests.running import Account, RunningDaemon

PATH = "/api/v1/recommendations"
RATINGS = "/api/v1/favorites/ratings"

ALIEN, ALIENS, BLADE_RUNNER = "tt0078748", "tt0090605", "tt0083658"
TOY_STORY, TOY_STORY_2, TOY_STORY_3, AMELIE = "tt0114709", "tt0120363", "tt0435761", "tt0211915"


@pytest.fixture(scope="module")
def daemon(module_daemon: RunningDaemon) -> RunningDaemon:
    """One daemon for the file: every test has its own users."""
    return module_daemon


def rate(daemon: RunningDaemon, who: Account, imdb_id: str, stars: float) -> None:
    daemon.put(f"{RATINGS}/movie/{movie_id(imdb_id)}/", {"rating": stars}, token=who, status=(200, 201))


def listed(daemon: RunningDaemon, who: Account, query: str = "") -> list[dict[str, Any]]:
    return list(daemon.get(f"{PATH}/?limit=100{query}", token=who)["results"])


def titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["movie"]["title"] for item in items]


def test_new_user_gets_popular_movies(daemon: RunningDaemon) -> None:
    items = listed(daemon, daemon.register())
    assert len(items) > 40
    assert {item["recommendation_type"] for item in items} == {"popular"}


def test_rating_affects_the_next_request(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first = listed(daemon, ann)
    assert "Alien" not in titles(first)
    assert titles(first).index("Aliens") < 10
    rate(daemon, ann, TOY_STORY, 5)
    assert titles(listed(daemon, ann)) != titles(first)
    daemon.delete(f"{RATINGS}/movie/{movie_id(TOY_STORY)}/", token=ann)
    assert titles(listed(daemon, ann)) == titles(first)
    rate(daemon, ann, ALIEN, 0.5)
    assert titles(listed(daemon, ann)).index("Aliens") > 20


def test_reasons_name_movies_of_the_user(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    rate(daemon, ann, AMELIE, 1)
    top = listed(daemon, ann)[0]
    assert top["because"][0]["title"] == "Alien"
    assert top["because"][0]["rating"] == 5.0
    assert 0 < top["because"][0]["contribution"] <= 1
    assert "Alien 5.0" in top["reason"]
    for each in listed(daemon, ann)[:5]:
        assert daemon.get(f"{PATH}/explain/{each['movie']['id']}/", token=ann)["reason"] == each["reason"]
    account = daemon.get(f"{PATH}/explain/{top['movie']['id']}/", token=ann)
    total = account["baseline"] + sum(item["contribution"] for item in account["because"])
    assert total == pytest.approx(account["score"], abs=1e-3)
    assert account["score"] == pytest.approx(top["score"], abs=1e-3)


def test_favorite_is_a_reason_without_stars_and_dislike_is_no_reason(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    daemon.post("/api/v1/favorites/", {"movie": movie_id(ALIEN)}, token=ann, status=201)
    rate(daemon, ann, TOY_STORY, 0.5)
    top = listed(daemon, ann)[0]
    assert [(item["title"], item["rating"]) for item in top["because"]] == [("Alien", None)]
    assert top["reason"].startswith("Because you like Alien")
    account = daemon.get(f"{PATH}/explain/{movie_id(TOY_STORY_2)}/", token=ann)
    assert "you gave Toy Story 0.5" in account["reason"]
    assert "ecause you gave Toy Story" not in account["reason"]
    total = account["baseline"] + sum(item["contribution"] for item in account["because"])
    assert total == pytest.approx(account["score"], abs=1e-5)


def test_rated_favorite_and_dismissed_movies_are_excluded(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first, second, third, fourth = listed(daemon, ann)[:4]
    rate(daemon, ann, first["movie"]["imdb_id"], 0.5)
    daemon.post("/api/v1/favorites/", {"movie": second["movie"]["id"]}, token=ann, status=201)
    feedback = {"movie": third["movie"]["id"], "feedback_type": "not_interested"}
    daemon.post(f"{PATH}/feedback/", feedback, token=ann, status=201)
    feedback = {"recommendation": fourth["id"], "feedback_type": "dislike", "comment": "no"}
    given = daemon.post(f"{PATH}/feedback/", feedback, token=ann, status=201)
    gone = {item["movie"]["title"] for item in (first, second, third, fourth)}
    assert not gone & set(titles(listed(daemon, ann)))
    refreshed = daemon.post(f"{PATH}/refresh/", token=ann)
    assert not gone & set(titles(refreshed["recommendations"]))
    seen = set(titles(listed(daemon, ann, "&include_seen=true")))
    assert {first["movie"]["title"], second["movie"]["title"], "Alien"} <= seen
    assert not {third["movie"]["title"], fourth["movie"]["title"]} & seen
    assert daemon.get(f"{PATH}/feedback/list/", token=ann)["count"] == 2
    daemon.delete(f"{PATH}/feedback/{given['id']}/", token=ann)
    assert fourth["movie"]["title"] in titles(listed(daemon, ann))


def test_filters_apply_before_the_ranking(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    some = daemon.get(f"{PATH}/?limit=5&genre=animation", token=ann)["results"]
    assert len(some) == 5
    assert all("Animation" in item["movie"]["genres"] for item in some)
    for query, holds in (
        (
            "&exclude_genre=horror,Science+Fiction",
            lambda movie: not {"Horror", "Science Fiction"} & set(movie["genres"]),
        ),
        ("&year_min=1990&year_max=1999", lambda movie: 1990 <= movie["year"] <= 1999),
        ("&runtime_max=100", lambda movie: movie["runtime"] <= 100),
        ("&min_votes=100", lambda movie: movie["vote_count"] >= 100),
        ("&genre=Animation,Comedy", lambda movie: {"Animation", "Comedy"} <= set(movie["genres"])),
    ):
        items = listed(daemon, ann, query)
        assert items, query
        assert all(holds(item["movie"]) for item in items), query
    assert {item["movie"]["title"] for item in listed(daemon, ann, "&language=fr")} == {"Amélie"}
    assert listed(daemon, ann, "&genre=sci-fi") == listed(daemon, ann, "&genre=Science+Fiction")


@pytest.mark.parametrize(
    "wrong",
    [
        "genre=Drma",
        "exclude_genre=Horor",
        "year_min=2020&year_max=1990",
        "limit=0",
        "limit=101",
        "novelty=2",
        "diversity=nan",
        "year_min=x",
        "sort=1",
        "include_seen=perhaps",
    ],
)
def test_invalid_requests_are_refused(daemon: RunningDaemon, wrong: str) -> None:
    daemon.get(f"{PATH}/?{wrong}", token=daemon.register(), status=422)


def test_repeated_request_returns_the_same_list_and_ids(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    first = listed(daemon, ann)
    assert listed(daemon, ann) == first
    assert daemon.get(f"{PATH}/{first[0]['id']}/", token=ann)["is_clicked"]
    daemon.get(f"{PATH}/{first[0]['id']}/", token=daemon.register(), status=404)


def test_novelty_diversity_and_seed_change_the_list(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    for imdb_id in (ALIEN, BLADE_RUNNER):
        rate(daemon, ann, imdb_id, 5)
    usual = titles(listed(daemon, ann))
    assert titles(listed(daemon, ann, "&novelty=1")) != usual
    assert titles(listed(daemon, ann, "&diversity=0.8")) != usual
    seeded = titles(listed(daemon, ann, "&seed=1"))
    assert seeded != usual
    assert titles(listed(daemon, ann, "&seed=1")) == seeded


def test_similar_movies_have_a_reason(daemon: RunningDaemon) -> None:
    movies = daemon.get(f"{PATH}/similar/{movie_id(TOY_STORY)}/?limit=4")["results"]
    assert {"Toy Story 2", "Toy Story 3"} <= {movie["title"] for movie in movies}
    assert "animation" in movies[0]["reason"].lower() or "directed" in movies[0]["reason"]
    assert movies == sorted(movies, key=lambda movie: -movie["similarity"])
    daemon.get(f"{PATH}/similar/999999/", status=404)


def test_recommendations_from_the_watchlist(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    for imdb_id in (ALIEN, ALIENS, AMELIE):
        sql = "INSERT INTO watchlist (user_id, movie_id, created_at) VALUES (?, ?, 0)"
        db.execute(sql, ann.id, movie_id(imdb_id))
    assert titles(listed(daemon, ann, "&from=watchlist")) == ["Aliens", "Amélie"]
    assert titles(listed(daemon, ann, "&from=watchlist&genre=romance")) == ["Amélie"]
    assert titles(listed(daemon, ann, "&from=watchlist&pick=true")) in (["Aliens"], ["Amélie"])
    assert listed(daemon, daemon.register(), "&from=watchlist") == []
    daemon.get(f"{PATH}/?from=elsewhere", token=ann, status=422)


def test_pick_changes_daily(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    rate(daemon, ann, ALIEN, 5)
    picked = [titles(listed(daemon, ann, "&pick=true")) for _ in range(3)]
    assert picked[0] == picked[1] == picked[2]
    assert picked[0][0] in titles(listed(daemon, ann))[:5]
    daemon.clock.advance(86_400)
    week = set()
    for _ in range(14):
        week.update(titles(listed(daemon, daemon.register(), "&pick=true")))
    assert len(week) > 1


def test_quickstart_returns_well_known_movies_without_an_answer(daemon: RunningDaemon) -> None:
    ann = daemon.register()
    first = daemon.get(f"{PATH}/quickstart/", token=ann)["results"]
    assert len(first) == 10
    assert daemon.get(f"{PATH}/quickstart/?limit=10", token=ann)["results"] == first
    rate(daemon, ann, first[0]["imdb_id"], 2)
    daemon.post("/api/v1/favorites/", {"movie": first[1]["id"]}, token=ann, status=201)
    dismissed = {"movie": first[2]["id"], "feedback_type": "not_interested"}
    daemon.post(f"{PATH}/feedback/", dismissed, token=ann, status=201)
    assert daemon.get(f"{PATH}/quickstart/?limit=7", token=ann)["results"] == first[3:]
    everything = daemon.get(f"{PATH}/quickstart/?limit=100", token=ann)["results"]
    assert len({movie["id"] for movie in everything}) == len(everything) > 40
    assert daemon.get(f"{PATH}/quickstart/?seed=5", token=ann)["results"] != first[3:]
    daemon.get(f"{PATH}/quickstart/?limit=101", token=ann, status=422)
    daemon.get(f"{PATH}/quickstart/", status=401)


def test_feedback_needs_one_subject_and_a_known_kind(daemon: RunningDaemon) -> None:
    ann, alien = daemon.register(), movie_id(ALIEN)
    for wrong in (
        {"feedback_type": "like"},
        {"movie": alien, "recommendation": 1, "feedback_type": "like"},
        {"movie": alien, "feedback_type": "love"},
        {"movie": "1", "feedback_type": "like"},
    ):
        daemon.post(f"{PATH}/feedback/", wrong, token=ann, status=422)
    daemon.post(f"{PATH}/feedback/", {"movie": 999999, "feedback_type": "like"}, token=ann, status=404)
    daemon.post(
        f"{PATH}/feedback/", {"recommendation": 999999, "feedback_type": "like"}, token=ann, status=404
    )
    given = daemon.post(f"{PATH}/feedback/", {"movie": alien, "feedback_type": "like"}, token=ann, status=201)
    daemon.delete(f"{PATH}/feedback/{given['id']}/", token=daemon.register(), status=404)
