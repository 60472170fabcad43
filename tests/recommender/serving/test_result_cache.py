"""The cache of results: equal sources, least recently used users."""

from movierec.recommender.serving.result_cache import ResultCache


def test_result_is_reused_while_its_sources_are_equal() -> None:
    cache: ResultCache[list[str]] = ResultCache()
    result = cache.put(1, ([(7, 4.5)], "plain"), ["Alien"])
    assert cache.get(1, ([(7, 4.5)], "plain")) is result
    assert cache.get(1, ([(7, 5.0)], "plain")) is None
    assert cache.get(1, ([(7, 4.5)], "adventurous")) is None
    assert cache.get(2, ([(7, 4.5)], "plain")) is None


def test_least_recent_user_is_evicted() -> None:
    cache: ResultCache[str] = ResultCache(users=2)
    for user in (1, 2, 1, 3):
        cache.put(user, "rated", f"list of {user}")
    assert [cache.get(user, "rated") for user in (1, 2, 3)] == ["list of 1", None, "list of 3"]
