"""Merge: which rows are one movie, the facts of the survivor, and that no user loses anything."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movierec import auth, db, library, movies, recommender
from movierec.config import Settings
from movierec.errors import ConfigurationError, Conflict, NotFound, ValidationFailed
from movierec.movies import MovieRecord
from movierec.movies.ingest.foreign_keys import MissingMergeRule
from tests.films import NOW, movie_count, movie_id
from tests.test_migrations import every_model

pytestmark = pytest.mark.usefixtures("database")

_users = itertools.count(1)

# A movie as an item of TMDb's lists, which have no IMDb id, and as its details.
LISTED = MovieRecord("Dune", "tmdb", tmdb_id=438631, original_title="Dune", year=2021, overview="Spice.")
DETAILS = replace(LISTED, imdb_id="tt1160419", tagline="It begins.", directors=("Denis Villeneuve",))
OF_STARTER = MovieRecord("Dune: Part One", "starter", imdb_id="tt1160419", year=2021, certificate="PG-13")
OF_MOVIELENS = MovieRecord("Dune", "movielens", movielens_id=225173, year=2021, keywords=("desert",))


def user() -> int:
    name = f"merging{next(_users)}"
    return int(auth.register(auth.NewAccount(name, f"{name}@example.org"), "no hash", now=0).id)


def two_rows() -> tuple[int, int]:
    """Store Dune as the shipped catalogue has it, and as a list of TMDb has it."""
    (starter,), (listed,) = movies.upsert([OF_STARTER], NOW), movies.upsert([LISTED], NOW)
    assert starter != listed
    return starter, listed


def test_details_with_the_ids_of_two_rows_merge_them() -> None:
    starter, listed = two_rows()
    before = movie_count()
    assert movies.upsert([DETAILS], NOW + 1) == [starter]
    assert movie_count() == before - 1
    movie = movies.detail(starter)
    assert (movie.summary.tmdb_id, movie.summary.imdb_id) == (438631, "tt1160419")
    assert (movie.summary.title, movie.facts["certificate"], movie.facts["tagline"]) == (
        "Dune", "PG-13", "It begins.",
    )  # fmt: skip
    assert movies.detail(listed) == movie
    assert movies.current_id(listed) == starter == movies.by_tmdb_id(438631)


def test_merge_increments_the_revision_and_search_finds_one_movie() -> None:
    starter, _ = two_rows()
    before = db.revision("catalogue")
    movies.upsert([DETAILS], NOW)
    assert db.revision("catalogue") > before
    assert [movie.id for movie in movies.search("dune", limit=10)[1] if movie.year == 2021] == [starter]


@pytest.mark.parametrize("order", [*itertools.permutations([OF_STARTER, LISTED, OF_MOVIELENS])])
def test_three_sources_give_the_same_movie_in_any_order(order: tuple[MovieRecord, ...]) -> None:
    """The record that links them comes last; the first record gives the id."""
    ids = [movies.upsert([record], NOW)[0] for record in order]
    linking = replace(DETAILS, movielens_id=225173)
    assert movies.upsert([linking], NOW) == [ids[0]]
    movie = movies.detail(ids[0])
    assert (movie.summary.title, movie.facts["source"], movie.facts["certificate"]) == (
        "Dune",
        "tmdb",
        "PG-13",
    )
    assert movie.keywords == ["desert"]
    assert [movies.current_id(movie_id) for movie_id in ids] == [ids[0]] * 3
    assert movies.upsert([OF_STARTER, LISTED, OF_MOVIELENS], NOW) == [ids[0]] * 3


def test_rows_that_one_call_links_are_merged_in_its_result() -> None:
    first, second, third = movies.upsert([OF_STARTER, LISTED, DETAILS], NOW)
    assert first == second == third
    assert movies.detail(first).directors == ["Denis Villeneuve"]


def test_title_in_another_language_is_the_same_movie_if_the_source_has_both_titles() -> None:
    [starter] = movies.upsert([MovieRecord("Spirited Away", "starter", imdb_id="tt0245429", year=2001)], NOW)
    [listed] = movies.upsert([MovieRecord("千と千尋の神隠し", "tmdb", tmdb_id=129, year=2001)], NOW)
    details = MovieRecord(
        "Spirited Away",
        "tmdb",
        tmdb_id=129,
        imdb_id="tt0245429",
        original_title="千と千尋の神隠し",
        year=2001,
    )
    assert movies.upsert([details], NOW) == [starter]
    assert movies.current_id(listed) == starter


WRONG = {
    "another movie of another time": MovieRecord("Alien", "tmdb", tmdb_id=603, imdb_id="tt0078748", year=1979),
    "another title of the same year": MovieRecord("Fight Club", "tmdb", tmdb_id=603, imdb_id="tt0137523", year=1999),
    "the same title of another time": MovieRecord("The Thing", "tmdb", tmdb_id=60935, imdb_id="tt0084787", year=1982),
}  # fmt: skip


@pytest.mark.parametrize("claim", [*WRONG.values()], ids=[*WRONG])
def test_wrong_id_does_not_merge_two_movies(claim: MovieRecord, caplog: pytest.LogCaptureFixture) -> None:
    """The id keeps its owner, the facts go to the movie of that title, and a warning is logged."""
    movies.upsert([MovieRecord("The Matrix", "movielens", imdb_id="tt0133093", tmdb_id=603)], NOW)
    movies.upsert([MovieRecord("The Thing", "movielens", imdb_id="tt0905372", tmdb_id=60935)], NOW)
    holder, meant = movies.by_tmdb_id(claim.tmdb_id or 0), movie_id(claim.imdb_id or "")
    title, before = movies.detail(holder).summary.title, movie_count()
    with caplog.at_level(logging.WARNING, logger="movierec.movies"):
        assert movies.upsert([replace(claim, tagline="Updated.")], NOW) == [meant]
    assert movie_count() == before
    assert movies.by_tmdb_id(claim.tmdb_id or 0) == holder
    assert (movies.detail(holder).summary.title, movies.detail(holder).facts["tagline"]) == (title, "")
    assert movies.detail(meant).facts["tagline"] == "Updated."
    assert f"that of movie [{holder}], another one" in caplog.text


def test_imdb_id_of_another_movie_in_tmdb_details_does_not_change_that_movie(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alien = movie_id("tt0078748")
    before = movies.detail(alien)
    wrong = MovieRecord("Ghostbusters", "tmdb", tmdb_id=620, imdb_id="tt0078748", year=1984)
    [ghostbusters] = movies.upsert([wrong], NOW)
    assert ghostbusters != alien
    assert movies.detail(alien) == before
    assert movies.detail(ghostbusters).summary.imdb_id is None
    assert movies.upsert([wrong], NOW) == [ghostbusters]
    assert "another one" in caplog.text


@pytest.mark.parametrize(("source", "is_own"), [("tmdb", True), ("movielens", False)])
def test_facts_go_to_the_movie_with_the_id_of_the_source_if_its_ids_are_those_of_two(
    source: str, is_own: bool
) -> None:
    """Both have the title and the year, and another IMDb or MovieLens id shows that they are two."""
    by_imdb_id, by_tmdb_id = movies.upsert(
        [
            MovieRecord("Dune", "movielens", imdb_id="tt1160419", movielens_id=1, year=2021),
            MovieRecord("Dune", "movielens", imdb_id="tt7777777", tmdb_id=438631, movielens_id=2, year=2021),
        ],
        NOW,
    )
    claim = MovieRecord("Dune", source, imdb_id="tt1160419", tmdb_id=438631, year=2021, tagline="Spice.")
    assert movies.upsert([claim], NOW) == [by_tmdb_id if is_own else by_imdb_id]
    taglines = [movies.detail(each).facts["tagline"] for each in (by_imdb_id, by_tmdb_id)]
    assert taglines == (["", "Spice."] if is_own else ["Spice.", ""])


def test_withdrawn_tmdb_id_resolves_to_the_survivor() -> None:
    [old] = movies.upsert([replace(OF_STARTER, source="movielens", tmdb_id=99)], NOW)
    [new] = movies.upsert([LISTED], NOW)
    assert movies.upsert([DETAILS], NOW) == [old]
    assert movies.detail(old).summary.tmdb_id == 438631
    assert movies.current_id(new) == movies.by_tmdb_id(99) == movies.by_tmdb_id(438631) == old
    assert movies.upsert([replace(LISTED, tmdb_id=99), DETAILS, LISTED], NOW) == [old] * 3


def test_new_tmdb_id_replaces_a_withdrawn_one() -> None:
    """MovieLens, or TMDb earlier, gave the movie an id that no longer exists."""
    [dune] = movies.upsert([replace(OF_STARTER, source="movielens", tmdb_id=99)], NOW)
    assert movies.upsert([DETAILS], NOW) == [dune]
    assert movies.by_tmdb_id(99) == dune  # a list item without details does not replace the id
    assert movies.upsert([replace(DETAILS, details_at=NOW)], NOW) == [dune]
    assert movies.by_tmdb_id(438631) == dune
    other = replace(DETAILS, details_at=NOW, tmdb_id=5, title="Something Else", original_title="")
    assert movies.upsert([other], NOW) == [dune]
    assert movies.by_tmdb_id(438631) == dune


def test_wrong_link_by_title_is_removed_with_the_facts_it_brought() -> None:
    """A list item of the same title and year was linked, and its details have another IMDb id."""
    [linked] = movies.upsert([OF_STARTER], NOW)
    movies.upsert([replace(LISTED, imdb_id="tt1160419", poster_path="/other.jpg")], NOW)
    assert movies.by_tmdb_id(438631) == linked
    details = replace(DETAILS, imdb_id="tt7777777", details_at=NOW, poster_path="/other.jpg")
    [other] = movies.upsert([details], NOW)
    assert other != linked
    assert (movies.by_tmdb_id(438631), movies.by_imdb_id("tt7777777")) == (other, other)
    summary = movies.detail(linked).summary
    assert (summary.tmdb_id, summary.imdb_id, summary.poster_path) == (None, "tt1160419", "")
    movies.upsert([replace(OF_STARTER, title="Dune, the Other One")], NOW)
    assert movies.detail(linked).summary.title == "Dune, the Other One"
    assert movies.upsert([details], NOW) == [other]


def test_id_of_a_merged_movie_is_never_reused() -> None:
    _, listed = two_rows()
    movies.upsert([DETAILS], NOW)
    [fresh] = movies.upsert([MovieRecord("Newest", "staff")], NOW)
    assert fresh > listed
    assert movies.detail(listed).summary.title == "Dune"


def test_staff_can_merge_movies_that_differ_in_every_id() -> None:
    heat, remake = movie_id("tt0068688"), movie_id("tt0113277")
    assert movies.merge_movies(remake, heat, NOW) == heat
    assert movies.by_imdb_id("tt0113277") == movies.by_imdb_id("tt0068688") == heat
    # Later records of the merged movie update the survivor.
    assert movies.upsert([MovieRecord("Heat", "movielens", imdb_id="tt0113277", tmdb_id=949)], NOW) == [heat]
    assert movies.by_tmdb_id(949) == heat
    with pytest.raises(Conflict):
        movies.create_movie(MovieRecord("Heat", "staff", imdb_id="tt0113277"), NOW)
    assert movies.merge_movies(heat, movie_id("tt0078748"), NOW) == movies.current_id(remake)


def test_values_of_staff_win_in_a_merge() -> None:
    heat, remake = movie_id("tt0068688"), movie_id("tt0113277")
    movies.update_movie(remake, {"tagline": "Ours", "runtime": 170}, NOW)
    movies.merge_movies(remake, heat, NOW)
    movie = movies.detail(heat)
    assert (movie.facts["tagline"], movie.summary.runtime, movie.facts["source"]) == ("Ours", 170, "staff")


@pytest.mark.parametrize("newer", [1, 0])
def test_newer_facts_of_one_source_survive_a_merge(newer: int) -> None:
    ids = [
        movies.upsert(
            [MovieRecord("Dune", "movielens", movielens_id=number + 1, overview=f"Overview {number}")],
            NOW + (number == newer),
        )[0]
        for number in range(2)
    ]
    movies.merge_movies(ids[1], ids[0], NOW + 2)
    assert movies.detail(ids[0]).summary.overview == f"Overview {newer}"


def test_unknown_or_same_movies_cannot_be_merged() -> None:
    heat = movie_id("tt0068688")
    with pytest.raises(NotFound):
        movies.merge_movies(heat, 999_999, NOW)
    with pytest.raises(NotFound):
        movies.merge_movies(999_999, heat, NOW)
    with pytest.raises(ValidationFailed):
        movies.merge_movies(heat, heat, NOW)


def test_newer_rating_survives_a_merge_with_both_texts() -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann, bob, eve = user(), user(), user()
    library.rate(ann, kept, 2.0, review="Slow.", now=10)
    library.rate(ann, lost, 4.5, review="Great.", now=20)
    library.rate(bob, lost, 3.0, now=10)
    library.rate(bob, kept, 5.0, review="Again!", now=30)
    library.rate(eve, lost, 1.0, review="No.", now=5)
    library.add_favorite(ann, kept, note="with Pa", now=1)
    library.add_favorite(ann, lost, note="with Ma", now=2)
    movies.merge_movies(lost, kept, NOW)
    ratings = {who: library.rating_of_movie(who, kept) for who in (ann, bob, eve)}
    assert {who: (rating.stars, rating.review) for who, rating in ratings.items()} == {
        ann: (4.5, "Great.\n\nSlow."),
        bob: (5.0, "Again!"),
        eve: (1.0, "No."),
    }
    assert (ratings[ann].created_at, ratings[ann].updated_at) == (10, 20)
    [favorite] = library.favorites(ann, limit=9, offset=0)[1]
    assert (favorite.note, favorite.created_at) == ("with Ma\n\nwith Pa", 1)
    assert library.ratings(ann, limit=9, offset=0)[0] == 1


@pytest.mark.parametrize("length", [4_999, 5_000])
def test_review_of_two_merged_ratings_has_at_most_ten_thousand_characters(length: int) -> None:
    lost, kept, ann = movie_id("tt0113277"), movie_id("tt0068688"), user()
    library.rate(ann, kept, 2.0, review="k" * length, now=10)
    library.rate(ann, lost, 4.5, review="l" * length, now=20)
    movies.merge_movies(lost, kept, NOW)
    review = library.rating_of_movie(ann, kept).review
    assert review == ("l" * length + "\n\n" + "k" * length)[:10_000]


def test_merge_by_staff_increments_the_revision_of_the_catalogue() -> None:
    before = db.revision("catalogue")
    movies.merge_movies(movie_id("tt0113277"), movie_id("tt0068688"), NOW)
    assert db.revision("catalogue") > before


def test_work_on_a_movie_that_is_merged_meanwhile_is_repeated_on_the_survivor() -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    seen: list[int] = []

    def work(movie: int) -> str:
        seen.append(movie)
        if len(seen) == 1:
            movies.merge_movies(lost, kept, NOW)
            raise NotFound()
        return "done"

    assert movies.with_current_id(lost, work) == "done"
    assert seen == [lost, kept]
    assert movies.with_current_id(lost, lambda movie: movie) == kept

    def refuse(movie: int) -> str:
        seen.append(movie)
        raise NotFound()

    seen.clear()
    with pytest.raises(NotFound):
        movies.with_current_id(kept, refuse)
    assert seen == [kept], "once: the movie was not merged"


def test_feedback_keeps_its_recommendation_in_a_merge(database: Settings) -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann = user()
    state = recommender.ModelKeeper(database.paths.state / "models", recommender.ModelSettings()).state()
    recommended = recommender.recommend_for(state, ann, recommender.RecommendRequest(limit=100))
    logged_ids = {item.movie_id: item.id for item in recommender.log_recommendations(ann, recommended, 1)}
    before = recommender.give_feedback(ann, lost, "like", now=5)
    movies.merge_movies(lost, kept, NOW)
    [feedback] = recommender.list_feedback(ann, limit=9, offset=0)[1]
    assert (feedback.id, feedback.movie_id) == (before.id, kept)
    assert feedback.recommendation_id in (logged_ids[kept], logged_ids[lost])
    assert recommender.recommended_movie(ann, feedback.recommendation_id or 0) == kept


def test_recommendations_computed_before_a_merge_are_logged_without_the_merged_movie(
    database: Settings,
) -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    ann = user()
    state = recommender.ModelKeeper(database.paths.state / "models", recommender.ModelSettings()).state()
    recommended = recommender.recommend_for(state, ann, recommender.RecommendRequest(limit=100))
    movies.merge_movies(lost, kept, NOW)
    logged = {item.movie_id for item in recommender.log_recommendations(ann, recommended, 1)}
    assert logged == {item.movie_id for item in recommended} - {lost}


def test_movierec_ids_resolve_to_the_survivor() -> None:
    """An id that exports already contain stays valid, whether or not the survivor has its own."""
    first, second, third = movies.upsert([MovieRecord(f"Home video {n}", "staff") for n in (1, 2, 3)], NOW)
    movies.assign_movierec_ids([first, second])
    own_ids = dict(db.rows("SELECT movie_id, own_id FROM own_ids"))
    movies.merge_movies(first, third, NOW)
    movies.merge_movies(second, third, NOW)
    assert movies.by_movierec_id(own_ids[first]) == movies.by_movierec_id(own_ids[second]) == third
    assert movies.by_movierec_id("nobody's") is None
    assert db.value("SELECT own_id FROM own_ids WHERE movie_id = ?", third) == own_ids[first]


# Merge rules


@pytest.fixture
def playlists() -> Iterator[int]:
    """Create a table that no model describes, with one entry of a movie for each of Heat's two versions; count it."""
    db.execute(
        "CREATE TABLE playlists (id BIGINT PRIMARY KEY, owner TEXT NOT NULL, "
        "movie_id BIGINT NOT NULL REFERENCES movies (id), UNIQUE (owner, movie_id))"
    )
    rows = [(1, "ann", movie_id("tt0068688")), (2, "ann", movie_id("tt0113277"))]
    db.insert_many("playlists", ["id", "owner", "movie_id"], rows)
    yield len(rows)
    db.execute("DROP TABLE playlists")


def catalogue_state() -> tuple[object, ...]:
    return (
        db.rows("SELECT id, imdb_id, tmdb_id, updated_at FROM movies ORDER BY id"),
        db.rows("SELECT id, movie_id, steps, review FROM ratings ORDER BY id"),
        db.rows("SELECT id, movie_id FROM movie_aliases ORDER BY id"),
        db.revision("catalogue"),
    )


def test_merge_is_refused_before_any_change_where_a_table_has_no_merge_rule(playlists: int) -> None:
    """The imported models decide which tables have rules, and losing rows silently is worse than failing."""
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    library.rate(user(), lost, 4.5, review="Great.", now=20)
    before = catalogue_state()
    with db.write():
        with pytest.raises(MissingMergeRule, match="no merge rule is known for playlists"):
            movies.merge_movies(lost, kept, NOW)
        # Nothing was written, so that nothing depends on the rollback.
        assert catalogue_state() == before
    assert db.value("SELECT COUNT(*) FROM playlists") == playlists


def test_upsert_that_must_merge_is_refused_as_a_whole(playlists: int) -> None:
    two_rows()
    before = catalogue_state()
    with pytest.raises(MissingMergeRule, match="playlists"):
        movies.upsert([MovieRecord("Unrelated", "staff"), DETAILS], NOW)
    assert catalogue_state() == before


def test_check_of_merge_rules_names_the_tables_without_one(playlists: int) -> None:
    with pytest.raises(ConfigurationError, match="playlists"):
        movies.check_merge_rules()


def test_every_table_has_a_merge_rule_once_all_models_are_imported() -> None:
    every_model()
    movies.check_merge_rules()


def test_table_without_a_unique_key_needs_no_merge_rule() -> None:
    lost, kept = movie_id("tt0113277"), movie_id("tt0068688")
    db.execute("CREATE TABLE mentions (id BIGINT PRIMARY KEY, movie_id BIGINT REFERENCES movies (id))")
    db.execute("INSERT INTO mentions (id, movie_id) VALUES (1, ?), (2, ?)", lost, kept)
    movies.merge_movies(lost, kept, NOW)
    assert db.rows("SELECT movie_id FROM mentions") == [(kept,), (kept,)]


# Any sequence of actions


IMDB_IDS = ["tt0068688", "tt0113277", "tt0078748", "tt0090605"]
ACTIONS = st.one_of(
    st.tuples(st.just("merge"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("upsert"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(
        st.sampled_from(
            [
                "rate",
                "favorite",
                "like",
                "dislike",
                "not_interested",
                "unrate",
                "withdraw",
                "see",
                "watchlist",
            ]
        ),
        st.integers(0, 5),
        st.integers(1, 10),
    ),
)


class UserModel:
    """A user's actions on some movies, applied to the database and to a model of it in memory."""

    def __init__(self) -> None:
        self.user, self.clock = user(), 0
        extra = [MovieRecord(f"Twin {number}", "staff") for number in (1, 2)]
        self.ids = [*(movie_id(imdb_id) for imdb_id in IMDB_IDS), *movies.upsert(extra, NOW)]
        # The survivor of each movie.
        self.survivors = {each: each for each in self.ids}
        self.stars: dict[int, float] = {}
        self.notes: dict[int, set[str]] = {}
        self.reviews: dict[int, set[str]] = {}
        self.feedback: dict[int, tuple[str, int]] = {}
        self.days_seen: dict[int, set[str]] = {}
        self.watchlist: set[int] = set()

    def apply(self, kind: str, index: int, argument: int) -> None:
        self.clock += 1
        movie = movies.current_id(self.ids[index])
        if kind == "merge":
            self._merge(movie, movies.current_id(self.ids[argument]))
        elif kind == "upsert":
            record = MovieRecord("", "movielens", imdb_id=IMDB_IDS[index], tmdb_id=1000 + argument)
            movies.upsert([record], self.clock)
        elif kind == "rate":
            word = f"word{self.clock}."
            library.rate(self.user, movie, argument / 2, review=word, now=self.clock)
            self.stars[movie], self.reviews[movie] = argument / 2, {word}
            self.watchlist.discard(movie)
        elif kind == "unrate" and movie in self.stars:
            library.delete_rating_of_movie(self.user, movie, now=self.clock)
            del self.stars[movie], self.reviews[movie]
        elif kind == "favorite":
            note = f"note{self.clock}."
            library.add_favorite(self.user, movie, note=note, now=self.clock)
            self.notes[movie] = {note}
        elif kind == "see":
            day = f"1969-12-{argument:02}"
            library.add_to_history(self.user, movie, day, now=self.clock)
            self.days_seen.setdefault(movie, set()).add(day)
            self.watchlist.discard(movie)
        elif kind == "watchlist":
            library.add_to_watchlist(self.user, movie, now=self.clock)
            self.watchlist.add(movie)
        elif kind in ("like", "dislike", "not_interested"):
            recommender.give_feedback(self.user, movie, kind, now=self.clock)
            self.feedback[movie] = (kind, self.clock)
        elif kind == "withdraw" and movie in self.feedback:
            ids = {
                row.movie_id: row.id for row in recommender.list_feedback(self.user, limit=99, offset=0)[1]
            }
            recommender.withdraw_feedback(self.user, ids[movie])
            del self.feedback[movie]

    def _merge(self, lost: int, kept: int) -> None:
        if lost == kept:
            return
        ratings = [library.rating_of_movie(self.user, each) for each in (lost, kept) if each in self.stars]
        movies.merge_movies(lost, kept, self.clock)
        self.survivors = {each: kept if to == lost else to for each, to in self.survivors.items()}
        if ratings:
            self.stars.pop(lost, None)
            self.stars[kept] = max(ratings, key=lambda rating: rating.updated_at).stars
        if lost in self.watchlist:
            self.watchlist = self.watchlist - {lost} | {kept}
        for texts in (self.reviews, self.notes, self.days_seen):
            if both := texts.pop(lost, set()) | texts.get(kept, set()):
                texts[kept] = both
        feedback = [self.feedback.pop(each) for each in (lost, kept) if each in self.feedback]
        if feedback:
            self.feedback[kept] = max(feedback, key=lambda row: (row[0] != "like", row[1]))

    def check(self) -> None:
        assert {each: movies.current_id(each) for each in self.ids} == self.survivors
        assert {each: movies.detail(each).summary.id for each in self.ids} == self.survivors
        ratings = library.ratings(self.user, limit=99, offset=0)[1]
        assert {rating.movie_id: rating.stars for rating in ratings} == self.stars
        favorites = library.favorites(self.user, limit=99, offset=0)[1]
        for expected, stored in (
            (self.reviews, {rating.movie_id: rating.review for rating in ratings}),
            (self.notes, {favorite.movie_id: favorite.note for favorite in favorites}),
        ):
            assert expected.keys() == stored.keys()
            assert all(text in stored[movie] for movie, texts in expected.items() for text in texts)
        days_seen: dict[int, set[str]] = {}
        for viewing in library.history(self.user, limit=99, offset=0)[1]:
            days_seen.setdefault(viewing.movie_id, set()).add(str(viewing.watched_at))
        assert days_seen == self.days_seen
        watchlist = library.watchlist(self.user, limit=99, offset=0)[1]
        assert {entry.movie_id for entry in watchlist} == self.watchlist
        feedback = recommender.list_feedback(self.user, limit=99, offset=0)[1]
        assert {row.movie_id: row.kind for row in feedback} == {
            movie: kind for movie, (kind, _) in self.feedback.items()
        }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, max_size=25))
def test_merges_lose_nothing_of_a_user(actions: list[tuple[str, int, int]]) -> None:
    with db.database.atomic() as transaction:
        model = UserModel()
        for action in actions:
            model.apply(*action)
        model.check()
        transaction.rollback()
