"""A signed report in its versions, and what a check of it finds: of the report, and of each of its editions."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from forms.final_checking import check_sheet
from forms.final_versions import VERSIONS, Edition, editions_of, file_of, render_version
from forms.printables import Printable, documents

WORDS: Mapping[str, str] = {"professional": "专业版", "plain": "通俗版", "phone": "手机精简版"}


def _edition(dispatcher: Dispatcher, actor: Actor, column: str, record_id: Id) -> Edition:
    found = editions_of(dispatcher, actor, **{column: record_id})
    if not found:
        raise DomainError("report_file.not_issued", field=column)
    return found[0]


def _version(dispatcher: Dispatcher, actor: Actor, record_id: Id, *, column: str, version: str) -> bytes:
    edition = _edition(dispatcher, actor, column, record_id)
    return render_version(documents(), file_of(dispatcher, edition), version, edition.withdrawn)


def _check(dispatcher: Dispatcher, actor: Actor, record_id: Id, *, column: str) -> bytes:
    edition = _edition(dispatcher, actor, column, record_id)
    return check_sheet(dispatcher, actor, documents()["report_check"], edition.delivery_id)


def _of(entity: str, column: str) -> list[Any]:
    own = "report_file" if entity == "report" else "report_edition"
    return [
        *(
            Printable(
                f"{own}_{version}", f"体检总检报告（{WORDS[version]}）", entity, "report.view",
                partial(_version, column=column, version=version),
            )
            for version in VERSIONS
        ),
        Printable(f"{own}_check", "报告核验单", entity, "report.view", partial(_check, column=column)),
    ]  # fmt: skip


PRINTABLES = (*_of("report", "report_id"), *_of("report_delivery", "id"))
