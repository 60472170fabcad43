from movierec.recommender.serving.result_cache import ResultCache


def test_what_was_made_is_given_again_while_its_sources_are_equal() -> None:
    latest: ResultCache[list[str]] = ResultCache()
    made = latest.put(1, ([(7, 4.5)], "plain"), ["Alien"])
    assert latest.get(1, ([(7, 4.5)], "plain")) is made
    assert latest.get(1, ([(7, 5.0)], "plain")) is None
    assert latest.get(1, ([(7, 4.5)], "adventurous")) is None
    assert latest.get(2, ([(7, 4.5)], "plain")) is None


def test_only_the_users_who_asked_last_are_remembered() -> None:
    latest: ResultCache[str] = ResultCache(users=2)
    for user in (1, 2, 1, 3):
        latest.put(user, "rated", f"list of {user}")
    assert [latest.get(user, "rated") for user in (1, 2, 3)] == ["list of 1", None, "list of 3"]
