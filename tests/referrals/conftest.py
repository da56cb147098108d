"""The branch of follow-up, whose clients are sent on."""

from tests.followup.conftest import care, content

__all__ = ["care", "content"]
