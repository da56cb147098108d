"""What is in store and was used, by study, kind and month; what expires; and the limits."""

from sqlalchemy import select

from domain.biobank.custody_commands import DiscardSpecimen, TakeOutSpecimen
from domain.biobank.records import Specimen
from domain.biobank.stock_commands import ExtendKeeping, SetStockRule
from domain.biobank.stock_records import StockLevel, StockRule, StockUse
from domain.kernel.worklists import Query, worklist
from domain.studies.records import Study

VIEW = "biobank.view"


@worklist("specimen.levels", "样本库存", permission=VIEW, record=StockLevel, order="-missing")
def levels() -> Query:
    """What is in store by study and kind, what is short first."""
    s = StockLevel
    return select(
        s.study_code.label("study"),
        s.type,
        s.available,
        s.least,
        s.missing,
        s.frozen,
        s.out,
        s.remaining_ul,
        s.counted_at,
    )


levels.offers(SetStockRule)


@worklist("specimen.uses", "样本使用量", permission=VIEW, record=StockUse, order="-month")
def uses() -> Query:
    """What was used by month, study and kind, the latest first."""
    s = StockUse
    return select(
        s.month, s.study_code, s.type, s.used_ul, s.times, s.tubes, s.stored, s.discarded, s.counted_at
    )


@worklist("specimen.expiring", "有保存期限的标本", permission=VIEW, record=Specimen, order="due_at")
def expiring() -> Query:
    """Tubes in store with an end, the first to expire at the top."""
    s = Specimen
    return select(s.number, s.type, s.slot, s.due_at, s.keep_until, s.remaining_ul, s.state_since).where(
        s.state == "stored", s.due_at.is_not(None)
    )


expiring.offers(ExtendKeeping, TakeOutSpecimen, DiscardSpecimen)
expiring.opens("lifeline")


@worklist("specimen.stock_rules", "库存规则", permission=VIEW, record=StockRule, order="-set_at")
def stock_rules() -> Query:
    """Limits and terms that were set."""
    s = StockRule
    return select(Study.code.label("study"), s.type, s.least, s.keep_days, s.set_at, s.set_name).outerjoin(
        Study, Study.id == s.study_id
    )


stock_rules.offers(SetStockRule)
