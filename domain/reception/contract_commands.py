"""Service packages: signed with whom the client is bound to, renewed, ended."""

from datetime import date, datetime, time, timedelta

from domain.followup.group_commands import ensure_profile, staff_of
from domain.followup.group_records import ClientLevel
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.reception.unit_records import ServiceContract
from domain.reception.workflow import contract_life


@command("package.sign", "签约服务包", permission="package.manage")
class SignPackage:
    """A client signs a package and is bound to a manager and an expert."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    package: str = ask("服务包")
    starts_on: date = ask("生效日期", kind=Kind.DATE)
    ends_on: date = ask("到期日期", kind=Kind.DATE)
    manager: str = ask("专属健康管理师登录名", max_length=60)
    expert: str | None = ask("专属专家登录名", default=None, max_length=60)
    level: ClientLevel | None = ask("客户等级", kind=Kind.CHOICE, default=None)


@handles(SignPackage)
def sign_package(order: SignPackage, work: UnitOfWork) -> Id:
    """Return the id of the contract.

    Raises:
        DomainError: ``package.bad_days`` (``ends_on``); ``followup.no_staff`` (``manager``, ``expert``).
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    _check_days(order.starts_on, order.ends_on, work)
    manager = staff_of(work, order.manager, "manager")
    expert = staff_of(work, order.expert, "expert") if order.expert else None
    profile = ensure_profile(work, patient)
    profile.manager_id, profile.changed_at = manager.id, work.now
    if expert is not None:
        profile.expert_id = expert.id
    if order.level is not None:
        profile.level = order.level
    contract = ServiceContract(
        org_id=patient.org_id, patient_id=patient.id, package=order.package, manager_id=manager.id,
        manager_name=manager.name, expert_id=expert.id if expert else None,
        expert_name=expert.name if expert else None, starts_on=order.starts_on, ends_on=order.ends_on,
        signed_by=work.actor.staff_id,
    )  # fmt: skip
    return start_contract(work, contract).id


def _check_days(starts_on: date, ends_on: date, work: UnitOfWork) -> None:
    if ends_on <= starts_on or ends_on < clinic(work.now).date():
        raise DomainError("package.bad_days", field="ends_on", start=starts_on.isoformat())


def start_contract(work: UnitOfWork, contract: ServiceContract) -> ServiceContract:
    """Put a contract into its first state, due at the end of its last day, and return it as kept."""
    work.start(contract_life, contract)
    contract.due_at = datetime.combine(contract.ends_on + timedelta(days=1), time(), CLINIC_TIME)
    return work.add(contract)


@command("package.renew", "续签服务包", permission="package.manage")
class RenewPackage:
    """The package goes on to a later day."""

    contract_id: Id = ask("签约服务包", kind=Kind.HIDDEN)
    ends_on: date = ask("新的到期日期", kind=Kind.DATE)


@handles(RenewPackage)
def renew_package(order: RenewPackage, work: UnitOfWork) -> Id:
    """Return the id of the contract that goes on from the day after the old one's last.

    Raises:
        DomainError: ``package.bad_days`` (``ends_on``); ``service_contract.wrong_state``.
    """
    old = work.require(ServiceContract, order.contract_id, "contract_id")
    begin = old.ends_on + timedelta(days=1)
    _check_days(begin, order.ends_on, work)
    work.move(contract_life, old, "renew")
    following = ServiceContract(
        org_id=old.org_id, patient_id=old.patient_id, package=old.package, manager_id=old.manager_id,
        manager_name=old.manager_name, expert_id=old.expert_id, expert_name=old.expert_name, starts_on=begin,
        ends_on=order.ends_on, renews=old.id, signed_by=work.actor.staff_id,
    )  # fmt: skip
    return start_contract(work, following).id


@command("package.end", "终止服务包", permission="package.manage")
class EndPackage:
    """The package does not go on, and why."""

    contract_id: Id = ask("签约服务包", kind=Kind.HIDDEN)
    reason: str = ask("终止原因", kind=Kind.NOTE)


@handles(EndPackage)
def end_package(order: EndPackage, work: UnitOfWork) -> None:
    """End it; whom the client is bound to stays until it is set otherwise."""
    contract = work.require(ServiceContract, order.contract_id, "contract_id")
    work.move(contract_life, contract, "end")
    contract.reason = order.reason
