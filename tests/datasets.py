"""Small MovieLens datasets for tests, as a folder or a zip archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

MOVIES = """movieId,title,genres
1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy
6,Heat (1995),Action|Crime|Thriller
50,"Usual Suspects, The (1995)",Crime|Mystery|Thriller
296,Pulp Fiction (1994),Comedy|Crime|Drama|Thriller
900001,"Postman, The (Postino, Il) (1994)",Comedy|Drama|Romance
"""
LINKS = """movieId,imdbId,tmdbId
1,0114709,862
6,0113277,949
50,0114814,629
296,0110912,680
900001,0110877,11010
"""
RATINGS = """userId,movieId,rating,timestamp
1,1,4.0,964982703
1,6,4.5,964982224
2,296,5.0,1445714835
2,900001,0.5,1445714836
"""


def dataset_files(**changed: str | bytes | None) -> dict[str, bytes]:
    """Return the CSV files of a small dataset by name. `movies=…` replaces one, None omits it."""
    tables: dict[str, str | bytes | None] = {"movies": MOVIES, "links": LINKS, "ratings": RATINGS, **changed}
    return {
        f"{name}.csv": content.encode() if isinstance(content, str) else content
        for name, content in tables.items()
        if content is not None
    }


def write_folder(path: Path, content: Mapping[str, bytes]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (path / name).write_bytes(data)
    return path


def zip_archive(content: Mapping[str, bytes], *, within: str = "ml-test/") -> bytes:
    """Return a zip archive with the files in a folder, as MovieLens packs them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in content.items():
            target.writestr(within + name, data)
    return packed.getvalue()


def zip_folder(path: Path) -> bytes:
    """Return the CSV files of a folder as a zip archive."""
    return zip_archive({file.name: file.read_bytes() for file in sorted(path.glob("*.csv"))})


def ratings_csv(raters: int, films: Sequence[int], share: float, seed: int = 1) -> str:
    """Return ratings where each rater rates a random share of the movies."""
    rng = np.random.default_rng(seed)
    lines = ["userId,movieId,rating,timestamp"]
    for rater in range(1, raters + 1):
        chosen = rng.choice(films, size=max(1, int(len(films) * share)), replace=False)
        steps = rng.integers(1, 11, size=len(chosen))
        lines += [
            f"{rater},{movie_id},{step / 2},{1_000_000_000 + rater}"
            for movie_id, step in zip(chosen, steps, strict=True)
        ]
    return "\n".join(lines) + "\n"


def movies_csv(count: int) -> str:
    """Return generated movies of no other source, numbered from 500,001."""
    lines = [f"{500_000 + number},Made Up Film {number} (2001),Drama" for number in range(1, count + 1)]
    return "\n".join(["movieId,title,genres", *lines]) + "\n"
