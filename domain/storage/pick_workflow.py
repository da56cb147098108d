"""The lives of a list of tubes to fetch, and of a shipment."""

from domain.kernel.workflow import State, Workflow, hours
from domain.storage.pick_records import PickList, Shipment

pick_life = Workflow(
    PickList,
    "取样单",
    State("requested", "待批准", limit=hours(48)),
    State("approved", "取样中", limit=hours(24)),
    State("done", "已完成", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "approve": ("requested", "approved"),
        "finish": ("approved", "done"),
        "cancel": (("requested", "approved"), "cancelled"),
    },
)
shipment_life = Workflow(
    Shipment,
    "标本运输",
    State("packing", "装箱中", limit=hours(24)),
    State("sent", "运输中", limit=hours(48)),
    State("partly", "部分接收", limit=hours(24)),
    State("received", "已接收", final=True),
    State("disputed", "有差异", final=True),
    moves={
        "send": ("packing", "sent"),
        "receive_part": (("sent", "partly"), "partly"),
        "receive": (("sent", "partly"), "received"),
        "dispute": (("sent", "partly"), "disputed"),
    },
)
"""Times are suggestions of this product; a site may set its own."""
