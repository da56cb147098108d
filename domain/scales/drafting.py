"""The exercise draft of a person from what is kept: what prescriptions and reports ask for, as data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from domain.people.records import Patient
from domain.scales.exercise_draft import DraftRules, ExerciseDraft, exercise_draft
from domain.scales.facts import latest
from domain.scales.history import history_of
from domain.scales.profile import person_of

DRAFTS, SUGGESTIONS = "exercise_drafts", "suggestions"
"""Names of the rules in the content that commands may ask for."""
GATED = ("parq", "ipaq", "fitness_2023")
"""Scales of which any makes an exercise draft worth telling, or why there is none."""


def draft_of(
    connection: Connection, content: Mapping[str, Any], patient: Patient, at: datetime
) -> ExerciseDraft:
    """Return the draft that a person's latest screening and fitness give at a moment.

    Days a week, minutes a time, effort (percent of the heart rate reserve, Borg 6–20), kinds, MET-minutes a week and
    when to stop; without a plan it says in `refused` why there is none. A draft is accepted by a physician.

    Args:
        connection: The store.
        content: That of commands.
        patient: Within the scope of whoever asks.
        at: The moment up to which answers and results count.
    """
    history = history_of(connection, patient.id, content, at)
    person = person_of(connection, patient, content[SUGGESTIONS], at, history=history)
    resting = latest(connection, patient.id, {"pulse"}).get("pulse")
    rules: DraftRules = content[DRAFTS]
    return exercise_draft(rules, person, resting_rate=resting, by_effort=history.get("af_history") is True)
