"""Links that were given to clients."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.links.commands import RevokeLink
from domain.links.giving_commands import RemindForm, RemindForms
from domain.links.records import LinkPurpose, PersonLink
from domain.people.records import Patient
from domain.scales.worklists import given_out, tasks


@worklist("link.open", "客户手机链接", permission="form.view", record=PersonLink, order="-issued_at")
def open_links() -> Query:
    """Links that have been neither used up nor closed, the latest first; of consents only a study's members know."""
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), PersonLink.purpose, PersonLink.form,
            PersonLink.form_version, PersonLink.issued_at, PersonLink.saved_at, PersonLink.openings,
            PersonLink.most_openings, PersonLink.expires_at, PersonLink.wrong,
        )
        .join(Patient, Patient.id == PersonLink.patient_id)
        .where(PersonLink.used_at.is_(None), PersonLink.revoked_at.is_(None))
        .where(PersonLink.openings < PersonLink.most_openings, PersonLink.purpose != LinkPurpose.CONSENT)
    )  # fmt: skip


open_links.offers(RevokeLink)


@worklist("link.left", "手机填写未采用", permission="form.correct", record=PersonLink, order="-revoked_at")
def left_on_phone() -> Query:
    """What clients had answered on the phone when their form came in at the desk, the latest first.

    A row opens the form with those answers; handed in, it corrects the response of the desk.
    """
    return (
        select(
            Patient.name, Patient.number.label("patient_number"), PersonLink.form, PersonLink.form_version,
            PersonLink.saved_at, PersonLink.revoked_at, PersonLink.reason,
        )
        .join(Patient, Patient.id == PersonLink.patient_id)
        .where(PersonLink.settled_by.is_not(None), PersonLink.saved_at.is_not(None))
    )  # fmt: skip


left_on_phone.opens("form")


tasks.offers(RemindForm)
tasks.offers_several(RemindForms, remind=RemindForm)
given_out.offers(RemindForm)
given_out.offers_several(RemindForms, remind=RemindForm)
