"""HL7 v2 messages to partners: orders (ORM^O01, OML^O21), clients (ADT^A31), signed conclusions (ORU^R01).

Pure: what the records say goes in, bytes come out; the same facts give the same bytes.
"""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from domain.interop.out_records import Message
from domain.interop.partner_records import Charset, OrderForm
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.errors import DomainError
from domain.people.records import Sex
from server.interfaces.hl7.escapes import escape
from server.interfaces.hl7.message import composite, write_message
from server.interfaces.hl7.times import write_time

DECLARED: Mapping[str, str] = {Charset.UTF8: "UNICODE UTF-8", Charset.GB18030: "GB 18030-2000"}
SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.UNSTATED: "O"}
OURSELVES = "AFTERCHECK"
STATUS = {Message.NEW: "SC", Message.CHANGE: "SC", Message.CANCEL: "CA"}


class PartnerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How a partner is written to; `own_facility` is our MSH-4."""

    application: str
    facility: str
    own_facility: str
    charset: Charset
    version: str
    order_form: OrderForm


class PersonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A client; `partner_number` is the number under which the partner knows them."""

    number: str
    name: str
    sex: Sex
    birth_date: date | None = None
    id_number: str | None = None
    phone: str | None = None
    address: str | None = None
    partner_number: str | None = None


class OrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One order."""

    number: str
    visit_number: str
    code: str
    name: str
    ordered_at: datetime
    filler_number: str = ""
    remark: str = ""


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A signed conclusion."""

    number: str
    visit_number: str
    conclusion: str
    advice: str
    issued_at: datetime


def write(
    kind: Message,
    partner: PartnerFacts,
    person: PersonFacts,
    *,
    control_id: str,
    at: datetime,
    order: OrderFacts | None = None,
    report: ReportFacts | None = None,
) -> bytes:
    """Return an unframed message.

    Args:
        kind: What it says.
        partner: To whom.
        person: About whom.
        control_id: MSH-10.
        at: MSH-7.
        order: Where it is about one.
        report: Where it is about one.

    Raises:
        DomainError: ``interface.not_in_charset`` where a character is not in the partner's set: no name is ever
            sent with another character in its place; ``interface.nothing_to_say`` without what it is about.
    """
    if kind is Message.PERSON:
        form, body = (
            "ADT^A31^ADT_A05",
            [["EVN", "A31", write_time(_clinic(at))], _pid(person), ["PV1", "1", "N"]],
        )
    elif kind is Message.REPORT:
        if report is None:
            raise DomainError("interface.nothing_to_say")
        form, body = "ORU^R01^ORU_R01", [_pid(person), *_report(report)]
    else:
        if order is None:
            raise DomainError("interface.nothing_to_say")
        structure = "ORM_O01" if partner.order_form is OrderForm.ORM else "OML_O21"
        form = f"{partner.order_form}^{structure}"
        body = [_pid(person), _pv1(order.visit_number), *_order(kind, order, partner.order_form)]
    msh = [
        "MSH", OURSELVES, escape(partner.own_facility), escape(partner.application), escape(partner.facility),
        write_time(_clinic(at)), "", form, escape(control_id), "P", partner.version, "", "", "", "", "",
        DECLARED[partner.charset],
    ]  # fmt: skip
    try:
        return write_message([msh, *body], charset=str(partner.charset))
    except UnicodeEncodeError as error:
        raise DomainError(
            "interface.not_in_charset",
            character=error.object[error.start : error.end],
            charset=partner.charset,
        ) from error


def _pid(person: PersonFacts) -> list[str]:
    numbers = [composite(person.number, "", "", OURSELVES, "PI")]
    if person.partner_number:
        numbers.append(composite(person.partner_number, "", "", "", "MR"))
    if person.id_number:
        numbers.append(composite(person.id_number, "", "", "GA", "NI"))
    born = f"{person.birth_date:%Y%m%d}" if person.birth_date else ""
    phone = composite(person.phone, "PRN", "CP") if person.phone else ""
    address = escape(person.address) if person.address else ""
    sex = SEXES.get(person.sex, "U")
    return [
        "PID",
        "1",
        "",
        "~".join(numbers),
        "",
        _name(person.name),
        "",
        born,
        sex,
        "",
        "",
        address,
        "",
        phone,
    ]


def _name(name: str) -> str:
    """Return XPN: a Chinese name's first character as its family name, others in the order they stand."""
    plain = name.strip()
    if plain.isascii():
        given, _, family = plain.rpartition(" ")
        return composite(family or plain, given)
    return composite(plain[:1], plain[1:])


def _pv1(visit_number: str) -> list[str]:
    return ["PV1", "1", "O", *[""] * 16, escape(visit_number)]


def _order(kind: Message, order: OrderFacts, form: OrderForm) -> list[list[str]]:
    orders = [
        ["ORC", str(kind), escape(order.number), escape(order.filler_number), escape(order.visit_number),
         STATUS[kind], "", "", "", write_time(_clinic(order.ordered_at))],
        ["OBR", "1", escape(order.number), escape(order.filler_number), composite(order.code, order.name, "L")],
    ]  # fmt: skip
    if order.remark:
        orders.append(["NTE", "1", "P", escape(order.remark)])
    if form is OrderForm.OML:
        orders.append(["SPM", "1", composite(order.visit_number)])
    return orders


def _report(report: ReportFacts) -> list[list[str]]:
    at = write_time(_clinic(report.issued_at))
    head = ["OBR", "1", escape(report.visit_number), escape(report.number), "11502-2^总检结论^LN"]
    head += ["", "", at, *[""] * 14, at, "", "", "F"]
    told = [("1", "总检结论", report.conclusion), ("2", "健康建议", report.advice)]
    obx = [
        ["OBX", number, "TX", composite(f"CONCLUSION{number}", label, "99AFTERCHECK"), "", escape(text),
         "", "", "", "", "", "F", "", "", at]
        for number, label, text in told
        if text
    ]  # fmt: skip
    return [
        _pv1(report.visit_number),
        ["ORC", "RE", escape(report.visit_number), escape(report.number)],
        head,
        *obx,
    ]


def _clinic(at: datetime) -> datetime:
    return at.astimezone(CLINIC_TIME)
