"""Content read when it is first asked for: once, from any thread, also where one part is made of another."""

import threading

from client.contents import Contents


def test_a_part_made_of_another_is_made_without_waiting_for_itself():
    made = []
    contents = Contents(
        {}, {"catalog": lambda: made.append("catalog") or 7, "models": lambda: contents["catalog"] + 1}
    )
    found = []
    thread = threading.Thread(target=lambda: found.append(contents["models"]), daemon=True)
    thread.start()
    thread.join(20)
    assert found == [8]
    assert contents["catalog"] == 7
    assert made == ["catalog"]


def test_what_may_be_absent_is_made_as_well_when_it_is_asked_for():
    contents = Contents({"ready": 1}, {"scales": lambda: 3})
    assert contents.get("scales") == 3
    assert contents.get("ready") == 1
    assert contents.get("nothing") is None
    assert contents.get("nothing", 5) == 5
