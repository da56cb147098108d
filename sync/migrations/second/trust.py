"""Passwords, enrolment, sessions, search at the centre."""

import sqlalchemy as sa

from sync.migrations import steps


def upgrade() -> None:
    steps.create_table(
        "compiled",
        sa.Column("program", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary(2**24 - 1), nullable=False),
    )
    steps.create_table(
        "noted_sign_in",
        sa.Column("txn_id", sa.LargeBinary(16).with_variant(sa.BINARY(16), "mysql"), primary_key=True),
        sa.Column("login", sa.String(60), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
