"""What a pooled tube was made of: one row a source, beside the tube's own parent."""

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record


class PoolSource(Record, label="汇合来源", merge=Merge.APPEND):
    """One tube that was emptied into a pool; `volume_ul` is what it brought."""

    pool_id: Mapped[Id] = column("汇合管", ref="specimen", index=True)
    source_id: Mapped[Id] = column("来源标本", ref="specimen", index=True)
    volume_ul: Mapped[int | None] = column("来源体积", unit="uL")
