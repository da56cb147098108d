"""The lives of an order, of results nobody ordered, of a message to a partner, and of what a partner proposes."""

from domain.interop.in_records import ParkedMessage
from domain.interop.order_records import ServiceRequest, UnorderedResult
from domain.interop.out_records import OutMessage
from domain.interop.person_records import PersonProposal
from domain.kernel.workflow import State, Workflow, hours

request_life = Workflow(
    ServiceRequest,
    "检查申请",
    State("ordered", "已开单", limit=hours(24)),
    State("accepted", "执行系统已受理", limit=hours(24)),
    State("resulted", "已出结果", final=True),
    State("cancelled", "已撤销", final=True),
    moves={
        "accept": ("ordered", "accepted"),
        "result": (("ordered", "accepted"), "resulted"),
        "cancel": (("ordered", "accepted"), "cancelled"),
    },
)

unordered_life = Workflow(
    UnorderedResult,
    "无申请结果",
    State("open", "待核对", limit=hours(24)),
    State("settled", "已核对", final=True),
    moves={"settle": ("open", "settled")},
)

out_life = Workflow(
    OutMessage,
    "接口外发",
    State("waiting", "待发"),
    State("sending", "发送中"),
    State("accepted", "对方已接收", final=True),
    State("dead", "未送达"),
    State("written_off", "已核销", final=True),
    moves={
        "send": (("waiting", "sending"), "sending"),
        "put_off": ("sending", "waiting"),
        "accept": ("sending", "accepted"),
        "fail": ("sending", "dead"),
        "again": ("dead", "waiting"),
        "write_off": (("waiting", "dead"), "written_off"),
    },
)

proposal_life = Workflow(
    PersonProposal,
    "资料变更待办",
    State("pending", "待确认", limit=hours(24)),
    State("confirmed", "已确认", final=True),
    State("refused", "已驳回", final=True),
    moves={"confirm": ("pending", "confirmed"), "refuse": ("pending", "refused")},
)

parked_life = Workflow(
    ParkedMessage,
    "接收搁置消息",
    State("parked", "已搁置", limit=hours(24)),
    State("released", "重新处理中"),
    State("applied", "已入库", final=True),
    State("dropped", "已核销", final=True),
    moves={
        "release": ("parked", "released"),
        "park": ("released", "parked"),
        "apply": (("released", "parked"), "applied"),
        "drop": ("parked", "dropped"),
    },
)
