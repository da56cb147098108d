"""The life of a consent: valid until it is signed anew or taken back."""

from domain.consent.records import Consent
from domain.kernel.workflow import State, Workflow, hours

consent_life = Workflow(
    Consent,
    "知情同意",
    State("valid", "有效", limit=hours(24 * 730)),
    State("replaced", "已由新签取代", final=True),
    State("withdrawn", "已撤回", final=True),
    moves={"replace": ("valid", "replaced"), "take_back": ("valid", "withdrawn")},
)
"""How long one is valid is said by the document it is of; one without a term is never due of itself."""
