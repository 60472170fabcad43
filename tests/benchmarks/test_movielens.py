"""Both layouts of MovieLens give the same matrix."""

from pathlib import Path

from benchmarks.movielens import read_movielens

MOVIES = {
    1: ("Toy Story (1995)", "Animation|Comedy"),
    7: ("Misérables, Les (1995)", "Drama"),
    9: ("Odd", "(none)"),
}
RATINGS = [(1, 1, 5), (1, 7, 3), (2, 7, 1), (2, 9, 4)]


def new_layout(folder: Path) -> Path:
    movies = "".join(f'{movie_id},"{title}",{genres}\r\n' for movie_id, (title, genres) in MOVIES.items())
    ratings = "".join(f"{user},{movie_id},{stars}.0,978300760\r\n" for user, movie_id, stars in RATINGS)
    (folder / "movies.csv").write_text("movieId,title,genres\r\n" + movies, encoding="utf-8")
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\r\n" + ratings)
    return folder


def old_layout(folder: Path) -> Path:
    movies = "".join(f"{movie_id}::{title}::{genres}\n" for movie_id, (title, genres) in MOVIES.items())
    ratings = "".join(f"{user}::{movie_id}::{stars}::978300760\n" for user, movie_id, stars in RATINGS)
    (folder / "movies.dat").write_text(movies, encoding="latin-1")
    (folder / "ratings.dat").write_text(ratings)
    return folder


def test_both_layouts_give_the_same_dataset(tmp_path: Path) -> None:
    for layout in (new_layout, old_layout):
        dataset = read_movielens(layout(tmp_path))
        assert dataset.ratings.item_ids.tolist() == [1, 7, 9]
        assert dataset.ratings.ratings.toarray().tolist() == [[5, 3, 0], [0, 1, 4]]
        assert dataset.genres == [["Animation", "Comedy"], ["Drama"], []]
        assert dataset.years.tolist() == [1995, 1995, 0]
        assert dataset.genre_mask().tolist() == [
            [True, True, False],
            [False, False, True],
            [False, False, False],
        ]
        assert dataset.item_content().features().shape[0] == 3
