"""Page of one movie for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from movierec.cli.image_support import ImageProtocol, detect_image_protocol
from movierec.cli.movie_lookup import movie_label
from movierec.cli.rating_scales import RatingScale
from movierec.cli.tables import console
from movierec.cli.terminal import escape_single_spaced
from movierec.client import ApiClient
from movierec.errors import MovierecError

if TYPE_CHECKING:
    from movierec.cli.pictures import Picture
    from movierec.client.json_types import CastMemberJson, MovieJson, SimilarMovieJson

# Longer lines of prose are hard to read, however wide the terminal is.
_PROSE_WIDTH = 88
_CAST = 8
# Minimum width of the terminal: width of the poster, both in cells.
_POSTER_WIDTHS = {120: 30, 80: 26, 60: 18}
# Requested width in pixels, enough for the widest poster. It selects the size at TMDb.
_POSTER_PIXELS = 342
_MAX_POSTER_BYTES = 8_000_000


def print_movie_page(
    movie: MovieJson, similar: Sequence[SimilarMovieJson], scale: RatingScale, client: ApiClient | None
) -> None:
    """Print the page; with a `client` also the poster, if the terminal can show it and the daemon has it."""
    screen = console()
    picture = _poster(client, movie, screen) if client else None
    overview, facts = escape_single_spaced(movie["overview"]), _rows(_people_and_ratings(movie, scale))
    screen.print()
    if picture:
        _print_beside(screen, picture, movie, overview, facts)
    else:
        width = min(_PROSE_WIDTH, screen.width)
        screen.print(Group(*_heading(movie), *_paragraph(overview), Text(), facts), width=width)
    if similar:
        screen.print()
        screen.print(Text("Similar", style="bold"))
        screen.print(Padding(_similar(similar), (0, 0, 0, 2)))
    screen.print()


def _print_beside(
    screen: Console, picture: Picture, movie: MovieJson, overview: str, facts: RenderableType
) -> None:
    """Print text beside the poster. A long overview continues below the poster over the whole width."""
    from movierec.cli.pictures import print_beside  # Pillow: 30 ms

    width = min(_PROSE_WIDTH, screen.width - picture.columns - 2)

    def lines_of(*parts: RenderableType) -> list[list[Segment]]:
        return screen.render_lines(Group(*parts), screen.options.update(width=width), pad=False)

    head = [*_heading(movie)]
    room = max(picture.rows - len(lines_of(*head)) - 1, 0)
    fits, rest = _split(overview, width, room, screen)
    if not rest:
        print_beside(screen, picture, lines_of(*head, *_paragraph(fits), Text(), facts))
        return
    print_beside(screen, picture, lines_of(*head, *_paragraph(fits)))
    screen.print(Group(Text(rest), Text(), facts), width=min(_PROSE_WIDTH, screen.width))


def _split(text: str, width: int, lines: int, screen: Console) -> tuple[str, str]:
    """Split a text into the part that fits into `lines` lines and the rest."""
    end = 0
    for line in Text(text).wrap(screen, width, overflow="fold")[:lines]:
        words = line.plain.rstrip()
        end = text.index(words, end) + len(words)
    return text[:end], text[end:].lstrip()


def _poster(client: ApiClient, movie: MovieJson, screen: Console) -> Picture | None:
    """Fetch and decode the poster. None if it cannot be shown: a poster never fails the page."""
    columns = next((cells for wide, cells in _POSTER_WIDTHS.items() if screen.width >= wide), 0)
    way = detect_image_protocol(screen)
    if not (movie["poster_url"] and way and columns):
        return None
    try:
        content = _read_poster(client, movie["id"])
    except MovierecError:
        return None
    from movierec.cli.pictures import Picture  # Pillow: 30 ms

    picture = Picture.from_bytes(content, way, columns)
    # Image protocols would cut off a picture that is higher than the screen.
    if picture and way is not ImageProtocol.BLOCKS and picture.rows >= screen.height:
        return None
    return picture


def _read_poster(client: ApiClient, movie_id: int) -> bytes:
    content = b""
    for piece in client.poster(movie_id, _POSTER_PIXELS).pieces:
        content += piece
        if len(content) > _MAX_POSTER_BYTES:
            return b""
    return content


def _heading(movie: MovieJson) -> Iterable[Text]:
    yield Text(escape_single_spaced(movie_label(movie)), style="bold")
    original = movie["original_title"]
    if original and original != movie["title"]:
        yield Text(escape_single_spaced(original), style="italic")
    if facts := _facts(movie):
        yield Text(facts, style="dim")
    if movie["tagline"]:
        yield Text(f"“{escape_single_spaced(movie['tagline'])}”", style="italic")


def _paragraph(text: str) -> Iterable[Text]:
    if text:
        yield Text()
        yield Text(text, overflow="fold")


def _facts(movie: MovieJson) -> str:
    minutes = movie["runtime"]
    facts = [
        ", ".join(movie["genres"]),
        f"{minutes // 60} h {minutes % 60:02} min" if minutes else "",
        movie["certificate"],
        movie["release_date"] or "",
        ", ".join(movie["countries"][:3]),
        movie["original_language"].upper(),
    ]
    return " · ".join(escape_single_spaced(fact) for fact in facts if fact)


def _people_and_ratings(movie: MovieJson, scale: RatingScale) -> Iterable[tuple[str, Text]]:
    yield "Directed by", _names(movie["directors"])
    yield "Written by", _names(movie["writers"])
    yield "With", _names([_cast_member(member) for member in movie["cast"]])
    yield "About", _names(movie["keywords"])
    votes = movie["vote_count"]
    yield "Rated", Text(f"{movie['vote_average']:.1f} / 10 by {votes:,}" if votes else "")
    if movie.get("critics_score") is not None:
        yield "Critics", Text(f"{movie['critics_score']} % of {movie['critics_reviews'] or 0:,} liked it")
    yield "Money", Text(_money(movie))
    yield "By you", _own_data(movie, scale)
    yield "Names", Text(escape_single_spaced(_ids(movie)), style="dim")


def _cast_member(member: CastMemberJson) -> str:
    return f"{member['name']} ({member['character']})" if member["character"] else str(member["name"])


def _money(movie: MovieJson) -> str:
    """Format budget and revenue in millions of US dollars."""
    amounts = [("cost", movie["budget"]), ("earned", movie["revenue"])]
    return ", ".join(f"{name} ${amount / 1_000_000:,.1f} million" for name, amount in amounts if amount)


def _rows(rows: Iterable[tuple[str, Text]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, text in rows:
        if text.plain:
            grid.add_row(Text(name), text)
    return grid


def _names(names: Sequence[str]) -> Text:
    more = " …" if len(names) > _CAST else ""
    return Text(", ".join(escape_single_spaced(name) for name in names[:_CAST]) + more)


def _own_data(movie: MovieJson, scale: RatingScale) -> Text:
    rating = movie.get("my_rating")
    parts = [f"{star_bar(rating)} {scale.from_stars(rating):g}"] if rating else []
    if stars := movie.get("predicted_rating"):
        predicted = scale.from_prediction(stars)
        parts += [f"{predicted} was predicted" if rating else f"you would give it {predicted}"]
    parts += ["favorite"] if movie.get("is_favorite") else []
    parts += ["on your watchlist"] if movie.get("on_watchlist") else []
    parts += [_seen(times, movie["last_seen"])] if (times := movie.get("times_seen")) else []
    return Text(" · ".join(parts), style="yellow")


def _seen(times: int, last: str | None) -> str:
    """Describe viewings, for example `seen twice, last on 2024-05-01`."""
    often = {1: "seen", 2: "seen twice"}.get(times, f"seen {times} times")
    return f"{often}{'' if times == 1 else ', last'} on {escape_single_spaced(last)[:10]}" if last else often


def star_bar(stars: float) -> str:
    """Draw a rating as stars, for example `★★★★½`."""
    return "★" * int(stars) + ("½" if stars % 1 else "")


def _ids(movie: MovieJson) -> str:
    names = [str(movie["id"])]
    names += [f"imdb:{movie['imdb_id']}"] if movie["imdb_id"] else []
    names += [f"tmdb:{movie['tmdb_id']}"] if movie["tmdb_id"] else []
    return "  ".join(names)


def _similar(movies: Sequence[SimilarMovieJson]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for movie in movies:
        grid.add_row(
            Text(str(movie["id"])),
            Text(escape_single_spaced(movie_label(movie))),
            Text(escape_single_spaced(movie["reason"])),
        )
    return grid
