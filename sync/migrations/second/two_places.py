"""A questionnaire that is handed in on the phone and at the desk."""

import sqlalchemy as sa

from domain.kernel.columns import Id16
from sync.migrations import steps


def upgrade() -> None:
    steps.add_columns("questionnaire_response", sa.Column("task_id", Id16(), nullable=True))
    steps.create_index("ix_questionnaire_response_task_id", "questionnaire_response", ["task_id"])
    steps.add_columns("person_link", sa.Column("settled_by", Id16(), nullable=True))
    steps.create_index("ix_person_link_settled_by", "person_link", ["settled_by"])
