"""TMDb's responses as typed values. Pure; broken items of a response are left out.

https://developer.themoviedb.org/reference: everything is checked here, because nulls and other types occur
where the reference excludes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard, TypeVar

Item = TypeVar("Item")
Document = Mapping[str, object]

# TMDb answers no page beyond this one. A page has twenty movies.
LAST_PAGE = 500
MAX_ITEMS = 100
MAX_CREDITED = 40
_MOST = 2**53

_WRITING = frozenset({"Writer", "Screenplay", "Author", "Novel", "Story", "Book", "Characters", "Teleplay"})
_IMAGE = re.compile(r"/[A-Za-z0-9_-]{1,64}\.(?:jpg|png|webp)")
# Control characters, surrogates, and the noncharacters of Unicode.
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SIZE = re.compile(r"[wh][0-9]{1,4}|original")


class BadResponse(Exception):
    """A response that does not have the expected form; it is neither cached nor shown."""


@dataclass(frozen=True, slots=True)
class TmdbMovie:
    """A movie as TMDb's lists contain it. The average vote is 0 to 10; image paths begin with a slash."""

    tmdb_id: int
    title: str
    original_title: str = ""
    original_language: str = ""
    overview: str = ""
    release_date: str | None = None
    genre_ids: tuple[int, ...] = ()
    adult: bool = False
    vote_average: float = 0.0
    vote_count: int = 0
    popularity: float = 0.0
    poster_path: str = ""
    backdrop_path: str = ""


@dataclass(frozen=True, slots=True)
class MoviePage:
    """A page of a list; `skipped` items were broken."""

    movies: tuple[TmdbMovie, ...]
    page: int
    total_pages: int
    total_results: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class MovieDetails:
    """The details of a movie. Runtime in minutes, money in US dollars, languages as codes, countries as names."""

    movie: TmdbMovie
    imdb_id: str | None = None
    tagline: str = ""
    status: str = ""
    runtime: int | None = None
    budget: int | None = None
    revenue: int | None = None
    homepage: str = ""
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    certificate: str = ""
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    # Pairs of name and character, in the order of billing.
    cast: tuple[tuple[str, str], ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageConfiguration:
    """Addresses of images: base + size + path."""

    base_url: str
    poster_sizes: tuple[str, ...]
    backdrop_sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """A page of the ids of changed movies."""

    tmdb_ids: tuple[int, ...]
    page: int
    total_pages: int


def parse_movie_page(document: Document) -> MoviePage:
    """Parse `/movie/popular`, `/movie/top_rated`, `/trending/movie/…` and `/search/movie`."""
    movies, skipped = _items(document, "results", parse_movie)
    page = _integer(document, "page") or 1
    return MoviePage(
        movies,
        page,
        min(_integer(document, "total_pages"), LAST_PAGE),
        min(_integer(document, "total_results"), LAST_PAGE * 20),
        skipped,
    )


def parse_movie(document: Document) -> TmdbMovie:
    """Parse one item of a list. Raises BadResponse without an id or a title."""
    tmdb_id, original_title = _integer(document, "id"), _text(document, "original_title", 500)
    title = _text(document, "title", 500) or original_title
    if not tmdb_id or not title:
        raise BadResponse("a movie without id or title")
    votes, average = _integer(document, "vote_count"), _number(document, "vote_average")
    return TmdbMovie(
        tmdb_id=tmdb_id,
        title=title,
        original_title=original_title,
        original_language=_language(document.get("original_language")),
        overview=_text(document, "overview", 10_000, lines=True),
        release_date=_date(document.get("release_date")),
        genre_ids=tuple(_ids(document.get("genre_ids"))),
        adult=document.get("adult") is True,
        vote_average=average if votes and average <= 10 else 0.0,
        vote_count=min(votes, 2**31 - 1),
        popularity=min(_number(document, "popularity"), 1e6),
        poster_path=_image_path(document.get("poster_path")),
        backdrop_path=_image_path(document.get("backdrop_path")),
    )


def parse_details(document: Document) -> MovieDetails:
    """Parse `/movie/{id}` with credits, keywords and release_dates appended."""
    document = trim_details(document)
    credits = _mapping(document.get("credits"))
    cast, _ = _items(credits, "cast", _cast_member, needed=False)
    crew, _ = _items(credits, "crew", _crew_member, needed=False)
    keywords = _mapping(document.get("keywords"))
    return MovieDetails(
        movie=parse_movie(document),
        imdb_id=_imdb_id(document.get("imdb_id")),
        tagline=_text(document, "tagline", 500),
        status=_text(document, "status", 50),
        runtime=_integer(document, "runtime", most=10_000) or None,
        budget=_integer(document, "budget") or None,
        revenue=_integer(document, "revenue") or None,
        homepage=_address(document.get("homepage")),
        languages=_each(document, "spoken_languages", lambda item: _language(item.get("iso_639_1"))),
        countries=_each(document, "production_countries", lambda item: _text(item, "name", 100)),
        certificate=_certificate(_mapping(document.get("release_dates"))),
        genres=_each(document, "genres", lambda item: _text(item, "name", 50)),
        directors=_unique(name for name, job in crew if job == "Director"),
        writers=_unique(name for name, job in crew if job in _WRITING),
        cast=cast[:MAX_CREDITED],
        keywords=_each(keywords, "keywords", lambda item: _text(item, "name", 100)),
    )


def trim_details(document: Document) -> Document:
    """Return the parts of a response that `parse_details` reads: a tenth of it."""
    credits = _mapping(document.get("credits"))
    crew = [member for member in _list(credits.get("crew")) if _is_director_or_writer(member)]
    releases = [
        item for item in _list(_mapping(document.get("release_dates")).get("results")) if _is_american(item)
    ]
    left_out = ("production_companies", "belongs_to_collection", "origin_country")
    return {
        **{name: value for name, value in document.items() if name not in left_out},
        "credits": {"cast": _list(credits.get("cast"))[:MAX_CREDITED], "crew": crew},
        "release_dates": {"results": releases},
    }


def parse_found_movie(document: Document) -> TmdbMovie | None:
    """Parse `/find/{imdb_id}`; return None if the id is not that of a movie."""
    movies, _ = _items(document, "movie_results", parse_movie)
    return movies[0] if movies else None


def parse_genres(document: Document) -> dict[int, str]:
    """Parse `/genre/movie/list` into names by id."""
    pairs, _ = _items(document, "genres", lambda item: (_integer(item, "id"), _text(item, "name", 50)))
    names = {number: name for number, name in pairs if number and name}
    if not names:
        raise BadResponse("no genres")
    return names


def parse_images(document: Document) -> ImageConfiguration:
    """Parse `/configuration`."""
    section = _mapping(document.get("images"))
    base_url = _address(section.get("secure_base_url")).rstrip("/")
    sizes = {
        kind: tuple(size for size in _list(section.get(f"{kind}_sizes")) if is_size(size))
        for kind in ("poster", "backdrop")
    }
    if not base_url.startswith("https://") or not all(sizes.values()):
        raise BadResponse("no addresses of images")
    return ImageConfiguration(base_url, sizes["poster"], sizes["backdrop"])


def parse_changes(document: Document) -> ChangesPage:
    """Parse `/movie/changes`."""
    ids, _ = _items(document, "results", lambda item: _integer(item, "id"))
    tmdb_ids = tuple(number for number in ids if number)
    return ChangesPage(
        tmdb_ids, _integer(document, "page") or 1, min(_integer(document, "total_pages"), LAST_PAGE)
    )


def is_image_path(path: object) -> bool:
    """Return True for a path that an image of TMDb may have."""
    return isinstance(path, str) and _IMAGE.fullmatch(path) is not None


def is_size(size: object) -> TypeGuard[str]:
    """Return True for a size that an image of TMDb may have, such as w342."""
    return isinstance(size, str) and _SIZE.fullmatch(size) is not None


# Single values: a value of a wrong type counts as missing.


def _items(
    document: Document, name: str, read: Callable[[Document], Item], *, needed: bool = True
) -> tuple[tuple[Item, ...], int]:
    """Return the valid items of a list, and the number of broken ones.

    Raises BadResponse if all are broken, or if there is no list of at most MAX_ITEMS.
    """
    value = document.get(name)
    if needed and not (isinstance(value, list) and len(value) <= MAX_ITEMS):
        raise BadResponse(f"no list of {name}")
    items = _list(value)[:MAX_ITEMS]
    valid = []
    for item in items:
        try:
            valid.append(read(_mapping(item)))
        except BadResponse:
            continue
    if needed and items and not valid:
        raise BadResponse(f"no valid item in {name}")
    return tuple(valid), len(items) - len(valid)


def _each(document: Document, name: str, read: Callable[[Document], str]) -> tuple[str, ...]:
    return _unique(read(_mapping(item)) for item in _list(document.get(name))[:MAX_ITEMS])


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _integer(document: Document, name: str, most: int = _MOST) -> int:
    """Return an integer, 0 for anything else and for values that are negative or too large."""
    value = document.get(name)
    return value if type(value) is int and 0 <= value <= most else 0


def _number(document: Document, name: str) -> float:
    value = document.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return 0.0
    # The comparison is False for NaN, and exact for integers beyond the range of float.
    return float(value) if 0 <= value <= _MOST else 0.0


def _ids(value: object) -> list[int]:
    return [item for item in _list(value)[:MAX_ITEMS] if type(item) is int and item > 0]


def _text(document: Document, name: str, longest: int, *, lines: bool = False) -> str:
    """Return a text on one line, or with its line ends, without control characters and noncharacters."""
    value = document.get(name)
    if not isinstance(value, str):
        return ""
    value = value[: longest * 2].replace("\r\n", "\n")
    if lines:
        return _NO_TEXT.sub(lambda match: match[0] if match[0] == "\n" else " ", value).strip()[:longest]
    return " ".join(_NO_TEXT.sub(" ", value).split())[:longest].strip()


def _language(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[a-z]{2,3}", value) else ""


def _imdb_id(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(r"tt\d{7,10}", value) else None


def _image_path(value: object) -> str:
    return str(value) if is_image_path(value) else ""


def _address(value: object) -> str:
    is_address = isinstance(value, str) and re.fullmatch(r"https?://[!-~]{1,1990}", value)
    return str(value) if is_address else ""


def _date(value: object) -> str | None:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        return None


def _cast_member(item: Document) -> tuple[str, str]:
    name = _text(item, "name", 200)
    if not name:
        raise BadResponse("a credit without a name")
    return name, _text(item, "character", 200)


def _crew_member(item: Document) -> tuple[str, str]:
    return _text(item, "name", 200), _text(item, "job", 100)


def _is_director_or_writer(member: object) -> bool:
    job = _mapping(member).get("job")
    return isinstance(job, str) and (job == "Director" or job in _WRITING)


def _is_american(item: object) -> bool:
    return _mapping(item).get("iso_3166_1") == "US"


def _certificate(release_dates: Document) -> str:
    """Return the American certificate, as in the shipped catalogue; that of the release in cinemas if possible."""
    certificates: list[tuple[bool, str]] = []
    for country in filter(_is_american, _list(release_dates.get("results"))):
        for release in map(_mapping, _list(_mapping(country).get("release_dates"))):
            if certificate := _text(release, "certification", 20):
                certificates.append((release.get("type") != 3, certificate))
    return min(certificates, default=(True, ""), key=lambda pair: pair[0])[1]
