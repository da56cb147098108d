"""Questionnaires that are being made or were published, and what each organisation has of them."""

from sqlalchemy import select

from domain.designs.commands import DiscardDesign, NewDesignVersion
from domain.designs.publishing import RetireDesign
from domain.designs.records import FormDesign, PublishedForm
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization


@worklist("design.forms", "问卷设计", permission="design.edit", record=FormDesign, order="-saved_at")
def designs() -> Query:
    """Every version that was begun, the one worked on last first."""
    return select(
        FormDesign.title, FormDesign.version, FormDesign.state, FormDesign.origin, FormDesign.saved_at,
        FormDesign.saved_name, FormDesign.published_at, FormDesign.published_name, FormDesign.note, FormDesign.places,
        FormDesign.retired_at, FormDesign.retire_reason, FormDesign.form,
    )  # fmt: skip


designs.offers(NewDesignVersion, RetireDesign, DiscardDesign)
designs.opens("designer")


@worklist(
    "design.published",
    "各机构在用问卷",
    permission="design.edit",
    record=PublishedForm,
    order="-published_at",
)
def published() -> Query:
    """What each organisation was given, the latest first."""
    return select(
        PublishedForm.title, PublishedForm.version, Organization.name.label("organization"), PublishedForm.state,
        PublishedForm.published_at, PublishedForm.published_name, PublishedForm.note, PublishedForm.retired_at,
        PublishedForm.retire_reason,
    ).join(Organization, Organization.id == PublishedForm.org_id)  # fmt: skip
