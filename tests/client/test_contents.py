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
