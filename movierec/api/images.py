"""Posters and backdrops: their addresses at TMDb, and a movie's poster passed on by this daemon."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from aiohttp import web

from movierec import movies
from movierec.api.call import Call
from movierec.api.endpoint import Access, FileContent, Group
from movierec.api.schemas import movies as schemas
from movierec.errors import MovierecError, NotFound, Throttled, UpstreamUnavailable
from movierec.tmdb import IMAGE_KINDS, ImageConfiguration, TmdbService, image_kind

group = Group("/api/v1/movies", tag="movies")

# As TMDb's configuration has been for years; it is asked for when the daemon starts.
DEFAULT_IMAGES = ImageConfiguration(
    "https://image.tmdb.org/t/p",
    ("w92", "w154", "w185", "w342", "w500", "w780", "original"),
    ("w300", "w780", "w1280", "original"),
)
POSTER_WIDTH, BACKDROP_WIDTH = 500, 1280
# The same path is never another image.
CACHE_SECONDS = 7 * 86_400


@dataclass
class ImageUrls:
    """Where images are, for all answers of this process: what TMDb said last."""

    images: ImageConfiguration = DEFAULT_IMAGES

    def poster(self, path: str) -> str | None:
        return self._of(path, self.images.poster_sizes, POSTER_WIDTH)

    def backdrop(self, path: str) -> str | None:
        return self._of(path, self.images.backdrop_sizes, BACKDROP_WIDTH)

    def _of(self, path: str, sizes: tuple[str, ...], width: int) -> str | None:
        """TMDb gives paths, staff whole addresses."""
        if not path.startswith("/"):
            return path or None
        return f"{self.images.base_url}/{smallest_size(sizes, width)}{path}"

    def path_of(self, address: str) -> str:
        """What is stored of an address: of one that `poster` or `backdrop` made, TMDb's path."""
        path = "/" + address.rpartition("/")[2]
        return path if address in (self.poster(path), self.backdrop(path)) else address


IMAGE_URLS = ImageUrls()


async def fetch_image_urls(tmdb: TmdbService) -> None:
    """Have TMDb tell where its images are; where it does not answer the usual addresses stay."""
    try:
        IMAGE_URLS.images = (await tmdb.configuration()).value
    except MovierecError:
        return


def smallest_size(sizes: tuple[str, ...], width: int) -> str:
    """The smallest of TMDb's sizes that is at least so wide, such as w342; the widest where none is."""
    widths = sorted((int(size[1:]), size) for size in sizes if size.startswith("w"))
    return next((size for wide, size in widths if wide >= width), widths[-1][1] if widths else "original")


@group.get(
    "/{id}/poster/",
    access=Access.PUBLIC,
    answers={200: FileContent(tuple(IMAGE_KINDS.values()))},
    errors=(UpstreamUnavailable, Throttled),
    throttle="posters",
)
async def poster(call: Call, id: int, query: schemas.PosterQuery) -> web.Response:
    """The movie's poster, fetched from TMDb once: the smallest of its sizes that is at least `width` wide."""
    tmdb, path = call.services.tmdb, await call.read(movies.poster_path, id)
    if tmdb is None or not path.startswith("/"):
        raise NotFound("There is no poster of this movie here.")
    content = await tmdb.image(path, smallest_size(IMAGE_URLS.images.poster_sizes, query.width))
    headers = {
        "ETag": f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"',
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
    }
    if headers["ETag"] in call.request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, content_type=image_kind(content), headers=headers)
