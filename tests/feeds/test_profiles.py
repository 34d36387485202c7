from feeds.profiles import PROFILES, profile_of


def test_a_known_instrument_has_its_own_profile_whatever_the_seed() -> None:
    assert profile_of("AAPL", seed=1) == profile_of("AAPL", seed=2) == PROFILES["AAPL"]


def test_an_unknown_instrument_s_profile_follows_from_name_and_seed() -> None:
    assert profile_of("SYM1", seed=7) == profile_of("SYM1", seed=7)
    assert len({profile_of(f"SYM{number}", seed).start for number in range(20) for seed in range(5)}) > 90
