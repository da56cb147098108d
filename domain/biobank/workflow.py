"""The life of a specimen; time limits may be set by study or site in data."""

from domain.biobank.records import Specimen
from domain.kernel.workflow import State, Workflow, hours, minutes

specimen_life = Workflow(
    Specimen,
    "标本流转",
    State("planned", "待采集"),
    State("collected", "已采集", limit=hours(2)),
    State("received", "已签收", limit=hours(4)),
    State("processed", "已处理", limit=hours(1)),
    State("stored", "已入库", limit=hours(24 * 36_500)),
    State("out", "已取出", limit=minutes(30)),
    State("shipped", "运输中"),
    State("used_up", "已用尽", final=True),
    State("discarded", "已销毁", final=True),
    moves={
        "collect": ("planned", "collected"),
        "receive": ("collected", "received"),
        "process": ("received", "processed"),
        "store": ("processed", "stored"),
        "take_out": ("stored", "out"),
        "return": ("out", "stored"),
        "ship": ("out", "shipped"),
        "arrive": ("shipped", "processed"),
        "use_up": (("processed", "out"), "used_up"),
        "discard": (("collected", "received", "processed", "stored", "out"), "discarded"),
    },
)
"""How long a stored tube may be kept is said by rules and consents (`stock_terms`); without any it is never due."""
