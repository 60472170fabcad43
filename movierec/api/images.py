"""Posters and backdrops: their URLs at TMDb, and a proxy for the posters."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from movierec import movies
from movierec.api.call import Call
from movierec.api.conditional import entity_tag, is_cached_by_client
from movierec.api.endpoint import Access, FileContent, Group
from movierec.api.schemas import movies as schemas
from movierec.durations import DAY_SECONDS
from movierec.errors import MovierecError, NotFound, Throttled, UpstreamUnavailable
from movierec.tmdb import IMAGE_KINDS, ImageConfiguration, TmdbService, image_kind

group = Group("/api/v1/movies", tag="movies")

# The long-standing configuration of TMDb, used until it is fetched at the start of the daemon.
DEFAULT_IMAGES = ImageConfiguration(
    "https://image.tmdb.org/t/p",
    ("w92", "w154", "w185", "w342", "w500", "w780", "original"),
    ("w300", "w780", "w1280", "original"),
)
POSTER_WIDTH, BACKDROP_WIDTH = 500, 1280
# The image of a path never changes.
CACHE_SECONDS = 7 * DAY_SECONDS


@dataclass
class ImageUrls:
    """Image URLs for all answers of this process, by the last configuration fetched from TMDb."""

    images: ImageConfiguration = DEFAULT_IMAGES

    def poster(self, path: str) -> str | None:
        """Return the URL of a poster."""
        return self._url(path, self.images.poster_sizes, POSTER_WIDTH)

    def backdrop(self, path: str) -> str | None:
        """Return the URL of a backdrop."""
        return self._url(path, self.images.backdrop_sizes, BACKDROP_WIDTH)

    def _url(self, path: str, sizes: tuple[str, ...], width: int) -> str | None:
        """Return the URL of a stored path. Staff store whole URLs, TMDb stores paths."""
        if not path.startswith("/"):
            return path or None
        return f"{self.images.base_url}/{smallest_size(sizes, width)}{path}"

    def path_of(self, url: str) -> str:
        """Return the stored form of a URL: the TMDb path if `poster` or `backdrop` made the URL."""
        path = "/" + url.rpartition("/")[2]
        return path if url in (self.poster(path), self.backdrop(path)) else url


IMAGE_URLS = ImageUrls()


async def fetch_image_urls(tmdb: TmdbService) -> None:
    """Fetch the image configuration from TMDb. The default stays in place if TMDb does not answer."""
    try:
        IMAGE_URLS.images = (await tmdb.configuration()).value
    except MovierecError:
        return


def smallest_size(sizes: tuple[str, ...], width: int) -> str:
    """Return the smallest TMDb size of at least this width, such as w342; otherwise the widest one."""
    widths = sorted((int(size[1:]), size) for size in sizes if size.startswith("w"))
    return next((size for wide, size in widths if wide >= width), widths[-1][1] if widths else "original")


@group.get(
    "/{id}/poster/",
    access=Access.PUBLIC,
    answers={200: FileContent(tuple(IMAGE_KINDS.values()))},
    errors=(UpstreamUnavailable, Throttled),
    throttle="posters",
)
async def get_poster(call: Call, id: int, query: schemas.PosterQuery) -> web.Response:
    """Return the poster of a movie in the smallest size of at least `width`. It is fetched from TMDb once."""
    tmdb, path = call.services.tmdb, await call.read(movies.poster_path, id)
    if tmdb is None or not path.startswith("/"):
        raise NotFound("No poster of this movie is available.")
    content = await tmdb.image(path, smallest_size(IMAGE_URLS.images.poster_sizes, query.width))
    headers = {
        "ETag": entity_tag(content),
        "Cache-Control": f"public, max-age={CACHE_SECONDS}",
    }
    if is_cached_by_client(call.request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, content_type=image_kind(content), headers=headers)
