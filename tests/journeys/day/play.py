"""The order of the day."""

from datetime import date
from pathlib import Path

from tests.journeys.day import alarms, criticals, cut, desk, evening, morning, review, talks
from tests.journeys.day.report import Summary
from tests.journeys.day.stage import Stage


def play(out: Path, summary: Summary, *, clients: int, day: date, generated: bool = False) -> None:
    """Play the whole day into `out`; what did not hold is a row of the summary that says so.

    Args:
        out: Folder for pictures, labels, the report and the stores.
        summary: Where each step is noted.
        clients: People whose results come in.
        day: The clinic's day.
        generated: Invent the laboratory's values even where real ones are at hand.
    """
    stage = Stage(out, day)
    try:
        morning.found(stage, summary)
        crowd = morning.results(stage, summary, clients, day, generated=generated)
        evening.compare(stage, summary, "晨间")
        mine = [e for e in crowd if e.branch == "B01"]
        criticals.take_all(stage, summary)
        tubes = desk.nurse(stage, summary, mine[0])
        desk.technician(stage, summary, tubes)
        cut.cut(stage, summary, mine[1])
        evening.compare(stage, summary, "断线恢复后")
        review.review(stage, summary, mine[0])
        talks.talks(stage, summary, mine[4], mine[5])
        evening.pictures(stage, summary, mine[0])
        alarms.alarms(stage, summary, mine[2], mine[3])
        evening.compare(stage, summary, "日终")
        summary.comparison = evening.tables(stage)
        evening.audit(stage, summary)
        evening.quiet(stage, summary)
    finally:
        stage.close()
