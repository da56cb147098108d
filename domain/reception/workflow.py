"""The lives of an appointment, an event for a unit, and a service package.

The first state of each is due at the time that was agreed; its limit holds where nothing was.
"""

from domain.kernel.workflow import State, Workflow, hours
from domain.reception.digest_records import UnitChat
from domain.reception.records import Appointment
from domain.reception.unit_records import GroupEvent, ServiceContract

appointment_life = Workflow(
    Appointment,
    "个人接待",
    State("booked", "已预约", limit=hours(1)),
    State("arrived", "接待中", limit=hours(2)),
    State("ended", "待录入记录", limit=hours(24)),
    State("recorded", "已完成", final=True),
    State("moved", "已改约", final=True),
    State("cancelled", "已取消", final=True),
    State("no_show", "爽约", final=True),
    moves={
        "arrive": ("booked", "arrived"),
        "end": ("arrived", "ended"),
        "record": (("arrived", "ended"), "recorded"),
        "rebook": ("booked", "moved"),
        "cancel": ("booked", "cancelled"),
        "miss": ("booked", "no_show"),
    },
)

event_life = Workflow(
    GroupEvent,
    "团体活动",
    State("planned", "已计划", limit=hours(24)),
    State("held", "已举办", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "put_off": ("planned", "planned"),
        "hold": ("planned", "held"),
        "call_off": ("planned", "cancelled"),
    },
)

contract_life = Workflow(
    ServiceContract,
    "签约服务包",
    State("active", "服务中", limit=hours(24 * 366)),
    State("renewed", "已续签", final=True),
    State("ended", "已终止", final=True),
    moves={"renew": ("active", "renewed"), "end": ("active", "ended")},
)

chat_life = Workflow(
    UnitChat,
    "团体沟通群",
    State("asked", "待建群", limit=hours(24)),
    State("ready", "可进群", final=True),
    State("failed", "未建成"),
    moves={"made": ("asked", "ready"), "give_up": ("asked", "failed"), "ask": ("failed", "asked")},
)
