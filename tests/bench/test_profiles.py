from bench.profiles import hot

STACKS = ["main;serve;decode 30", "main;serve;send 10", "main;serve 10", "main;wait;wait 50"]


def test_time_is_told_of_its_own_and_with_what_is_called() -> None:
    own, whole = hot(STACKS).split("time with all it calls:")

    assert "  50.0 %  wait\n  30.0 %  decode" in own
    assert " 100.0 %  main" in whole
    assert "  50.0 %  serve" in whole
    # A function that calls itself is counted once.
    assert "  50.0 %  wait" in whole
