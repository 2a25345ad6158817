"""What a kill left, counted in what two searches wrote."""

from benchmarks.kill import Left, counted

NOTHING = Left(again=0, lost=0, running=0, doubled=0, open=0, untrue=0)


def test_an_undisturbed_search_leaves_nothing_to_count() -> None:
    lines = ["a 1", "a 2", "a 3", "b 1"]
    runs = [("a", "FINISHED"), ("b", "KILLED")]
    assert counted(lines, runs, ["COMPLETE", "PRUNED"], epochs=3, trials=2) == NOTHING


def test_each_fault_is_counted() -> None:
    lines = ["a 1", "a 2", "a 1", "a 2", "a 3", "b 1"]
    runs = [("a", "RUNNING"), ("a", "FINISHED"), ("b", "FINISHED"), ("c", "RUNNING")]
    told = ["COMPLETE", "COMPLETE", "RUNNING"]
    assert counted(lines, runs, told, epochs=3, trials=3) == Left(
        again=2, lost=1, running=2, doubled=1, open=1, untrue=1
    )
