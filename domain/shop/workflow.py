"""The life of an order: pending until it is paid or half an hour is over; paid back only after it was paid."""

from domain.kernel.workflow import State, Workflow, hours, minutes
from domain.shop.records import PackageOrder

order_life = Workflow(
    PackageOrder,
    "服务包订单",
    State("pending", "待支付", limit=minutes(30)),
    State("paid", "已支付"),
    State("refunding", "退款中", limit=hours(24)),
    State("refunded", "已退款", final=True),
    State("cancelled", "已取消"),
    moves={
        # Money that comes after the order was given up is money: it counts.
        "pay": (("pending", "cancelled"), "paid"),
        "give_up": ("pending", "cancelled"),
        "ask_back": ("paid", "refunding"),
        "pay_back": ("refunding", "refunded"),
        "keep": ("refunding", "paid"),
    },
)
