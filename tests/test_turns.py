"""Drills take turns: as many at a time as there are cores for."""

import threading

import pytest

from maildrill.drill import turns
from maildrill.errors import EnvironmentProblem


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(turns.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(turns, "LOOK_EVERY_S", 0.005)


def in_turns(cores, drills):
    """Run that many drills side by side; the most that were under way at once, and what the waiting ones said."""
    running, most, said, lock = [0], [0], [], threading.Lock()
    gone_round = threading.Barrier(max(1, cores // 2))

    def drill():
        with turns.turn(cores, said.append):
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            gone_round.wait(10)
            with lock:
                running[0] -= 1

    threads = [threading.Thread(target=drill) for _ in range(drills)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return most[0], said


def test_two_cores_run_one_drill_at_a_time_and_the_others_say_what_they_wait_for():
    most, said = in_turns(cores=2, drills=4)
    assert most == 1
    assert said
    assert all("runs a drill; this machine has the cores for 1 at a time" in message for message in said)


def test_eight_cores_run_four_at_a_time():
    most, _ = in_turns(cores=8, drills=8)
    assert most == 4


def test_one_core_is_enough_for_a_drill():
    assert in_turns(cores=1, drills=2)[0] == 1


def test_first_come_first_served_and_the_dead_hold_up_nobody(tmp_path):
    order, came = [], threading.Semaphore(0)
    (turns._folder() / "queue-00000000000000000001-99999-dead").touch()

    def drill(number):
        with turns.turn(2, lambda _: came.release()):
            order.append(number)

    with turns.turn(2, print):
        threads = [threading.Thread(target=drill, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
            assert came.acquire(timeout=10), "it said that it waits"
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert not list(turns._folder().glob("queue-*"))


def test_a_turn_that_never_comes_is_an_error_that_names_the_holder(monkeypatch):
    monkeypatch.setattr(turns, "DEADLINE_S", 0.02)
    with (
        turns.turn(2, print),
        pytest.raises(EnvironmentProblem, match=r"no turn within 0 s: process \d+ runs a drill"),
        turns.turn(2, print),
    ):
        pass
