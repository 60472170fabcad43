"""Rating scales up to 5, 10 and 100: parsing, display, rejected values."""

from __future__ import annotations

import pytest

from movierec.cli.rating_scales import RatingScale
from movierec.errors import ValidationFailed
from tests.cli.running import Shell

STEPS = [step / 2 for step in range(1, 11)]


@pytest.mark.parametrize("top", [5, 10, 100])
def test_every_rating_round_trips_exactly(top: int) -> None:
    scale = RatingScale(top)
    assert [scale.parse(f"{scale.from_stars(stars):g}") for stars in STEPS] == STEPS
    assert [scale.parse(f"{scale.from_stars(stars):g}/{top}") for stars in STEPS] == STEPS


@pytest.mark.parametrize("top", [5, 10, 100])
def test_every_other_number_is_refused(top: int) -> None:
    """Exactly ten of all tenths are ratings."""
    accepted = []
    for tenths in range(1, 1010):
        try:
            accepted.append(RatingScale(top).parse(f"{tenths / 10:g}"))
        except ValidationFailed as error:
            assert "Nearest" in error.detail  # noqa: PT017 (most are refused, some accepted)
    assert accepted == STEPS


def test_decimal_comma_and_explicit_scale() -> None:
    assert [RatingScale(10).parse(text) for text in ("4,5/5", "90/100", " 9 / 10", "9.0")] == [
        4.5,
        4.5,
        4.5,
        4.5,
    ]


def test_scale_of_the_profile_applies_to_input_and_output(ada: Shell) -> None:
    ada.run("account", "profile", "--scale", "100").ok()
    assert ada.run("rate", "Alien", "90", "--review", "Quiet.").ok() == "Rated Alien (1979): 90\n"
    assert "Nearest: 80 and 90." in ada.run("rate", "Alien", "85").failed(2)
    assert ada.run("rate", "Aliens", "3.5/5").ok() == "Rated Aliens (1986): 70\n"
    assert [row[3] for row in ada.run("ratings", "--order", "-rating").rows()] == ["90", "70"]
    assert [row[3] for row in ada.run("ratings", "--scale", "10", "--min", "8").rows()] == ["9"]
    assert ada.run("ratings", "--json", "--max", "80").json()[0]["rating"] == 3.5
    assert ["rating", "90"] in ada.run("review", "Alien").rows()
    assert ["my rating", "90"] in [
        [row[0].replace("_", " "), *row[1:]] for row in ada.run("show", "Alien").rows()
    ]
    assert "★★★★½ 90" in ada.run_at_terminal("show", "Alien").out
    assert "★★★★½ 9" in ada.run_at_terminal("show", "Alien", "--scale", "10").out
    assert ada.run("show", "Alien", "--json").json()["my_rating"] == 4.5


def test_reasons_and_explanations_follow_the_scale(ada: Shell) -> None:
    ada.run("rate", "Alien", "4.5").ok()
    for scale, text in (
        ("5", "Because you gave Alien 4.5"),
        ("10", "Because you gave Alien 9"),
        ("100", "Alien 90"),
    ):
        reasons = [row[-1] for row in ada.run("recommend", "-n", "3", "--scale", scale).rows()]
        assert any(text in reason for reason in reasons), reasons
        rows = ada.run("explain", "Aliens", "--scale", scale).rows()
        assert [row[2] for row in rows if row[1] == "Alien"] == [text.rpartition(" ")[2]]
    assert (
        ada.run("recommend", "-n", "1", "--json", "--scale", "100").json()[0]["because"][0]["rating"] == 4.5
    )


def test_guided_quickstart_follows_the_scale(ada: Shell) -> None:
    result = ada.run_at_terminal("quickstart", "--scale", "10", typed="Alien\n\n1 9, 2\n3 4.5\n\n")
    assert "Alien (1979): 10" in result.err
    assert "Nearest: 4 and 5." in result.err
    assert sorted(row[3] for row in ada.run("ratings").rows()) == ["4.0", "4.5", "5.0"]


def test_unknown_scale_is_refused(ada: Shell) -> None:
    for arguments in (("account", "profile", "--scale", "20"), ("ratings", "--scale", "x")):
        assert "is not a scale" in ada.run(*arguments).failed(2)
