"""Tags and how they reached WeCom, as lists."""

from sqlalchemy import select

from domain.followup.worklists import clients as care_clients
from domain.kernel.worklists import Query, worklist
from domain.messaging.records import ContactAddress
from domain.people.records import Patient
from domain.people.worklists import clients
from domain.tags.commands import TagByRule, TagClient, UntagClient
from domain.tags.records import ClientTag, ContactMark

VIEW = "tag.view"

for listing in (clients, care_clients):
    listing.offers(TagClient)


@worklist("tag.tags", "客户标签", permission=VIEW, record=ClientTag, order="-since")
def tags() -> Query:
    """Tags that are on, the latest first; filters pick a kind, a tag, or those set by hand."""
    return (
        select(
            Patient.name.label("client_name"), Patient.number.label("patient_number"), ClientTag.kind,
            ClientTag.name, ClientTag.by_hand, ClientTag.since, ClientTag.good_until, ClientTag.note,
        )
        .join(Patient, Patient.id == ClientTag.patient_id)
        .where(ClientTag.off_at.is_(None))
    )  # fmt: skip


tags.offers(UntagClient, TagByRule)


@worklist("tag.taken_off", "人工移除的标签", permission=VIEW, record=ClientTag, order="-since")
def taken_off() -> Query:
    """Tags that somebody took off, which no rule puts on again."""
    return (
        select(
            Patient.name.label("client_name"), Patient.number.label("patient_number"), ClientTag.kind,
            ClientTag.name, ClientTag.off_at, ClientTag.since, ClientTag.note,
        )
        .join(Patient, Patient.id == ClientTag.patient_id)
        .where(ClientTag.off_at.is_not(None), ClientTag.by_hand)
    )  # fmt: skip


taken_off.offers(TagByRule)


@worklist("tag.marks", "渠道标签同步", permission=VIEW, record=ContactMark, order="-synced_at")
def marks() -> Query:
    """What each contact is marked with in WeCom or the Official Account, and what is behind and why."""
    return (
        select(
            Patient.name.label("client_name"), ContactAddress.channel, ContactAddress.via, ContactMark.marked,
            ContactMark.pending, ContactMark.reason, ContactMark.detail, ContactMark.tries, ContactMark.synced_at,
            ContactMark.try_at,
        )
        .join(Patient, Patient.id == ContactMark.patient_id)
        .join(ContactAddress, ContactAddress.id == ContactMark.address_id)
    )  # fmt: skip
