"""What the centre does about orders: opens them at the gateway, works off its notices, asks where none came."""

import logging
from datetime import timedelta

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, UnavailableError
from domain.shop.commands import GiveUpOrder, NotePaid, NoteRefunded, Placed
from domain.shop.records import PackageOrder
from server.channels.wire import Unanswered
from server.nonces import KeptNonces
from server.payments.gateway import Gateway, Notice

log = logging.getLogger(__name__)
AT_ONCE = 20
LOOK_EVERY = timedelta(minutes=1)


class Cashier:
    """Orders of one centre at one gateway.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor.
        nonces: Where notices that were shown are remembered.
        gateway: The cashier; None where this installation takes no money.
        public_url: What the gateway reaches us by.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        nonces: KeptNonces,
        gateway: Gateway | None,
        public_url: str,
    ) -> None:
        self._dispatcher, self._actor, self._nonces = dispatcher, actor, nonces
        self.gateway, self._public_url = gateway, public_url.rstrip("/")
        self._looked = dispatcher.clock() - LOOK_EVERY

    def open(self, placed: Placed, back: str, base_url: str) -> str:
        """Return where the client pays an order.

        Raises:
            UnavailableError: ``payment.not_set_up``; ``payment.away``: nothing is lost, it is opened again later.
        """
        if self.gateway is None:
            raise UnavailableError("payment.not_set_up")
        public = self._public_url or base_url.rstrip("/")
        try:
            return self.gateway.open(
                placed.number, placed.price_fen, placed.package, f"{public}/pay/notify", f"{public}{back}"
            )
        except Unanswered as error:
            raise UnavailableError("payment.away", detail=error.outcome.detail or "") from error

    def noticed(self, notice: Notice, nonce: str) -> bool:
        """Work off a notice; the same request again changes nothing. Returns whether it was news."""
        now = to_microseconds(self._dispatcher.clock())
        if not self._nonces.spend(self._actor.device_id, f"payment {nonce}", now):
            return False
        return self._apply(notice)

    def step(self) -> int:
        """Look after orders that are overdue or to be paid back; returns how many changed."""
        now = self._dispatcher.clock()
        if self.gateway is None or abs(now - self._looked) < LOOK_EVERY:
            return 0
        self._looked = now
        o = PackageOrder.__table__.c
        late = select(o.number, o.state, o.price_fen).where(
            ((o.state == "pending") & (o.due_at <= now)) | (o.state == "refunding")
        )
        with self._dispatcher.store.read() as connection:
            rows = connection.execute(late.order_by(o.due_at).limit(AT_ONCE)).all()
        changed = 0
        for row in rows:
            try:
                changed += self._settle(self.gateway, row.number, row.state, row.price_fen)
            except Unanswered as error:
                log.warning("cashier does not answer", extra={"detail": error.outcome.detail})
            except DomainError as error:
                log.warning("payment waits for a person", extra={"order": row.number, "code": error.code})
        return changed

    def _settle(self, gateway: Gateway, number: str, state: str, amount_fen: int) -> bool:
        if state == "refunding":
            return self._apply(gateway.pay_back(number, f"R{number}", amount_fen))
        found = gateway.ask(number)
        if found is not None and found.kind != "pending":
            return self._apply(found)
        return bool(self._dispatcher.run(GiveUpOrder(number=number), self._actor).receipt)

    def _apply(self, notice: Notice) -> bool:
        if notice.kind == "paid":
            order = NotePaid(
                number=notice.order, trade_no=notice.number, amount_fen=notice.amount_fen, at=notice.at
            )
            return bool(self._dispatcher.run(order, self._actor).receipt)
        if notice.kind in ("refunded", "refund_failed"):
            back = NoteRefunded(
                number=notice.order, refund_no=notice.number, good=notice.kind == "refunded",
                detail=notice.detail or None,
            )  # fmt: skip
            return bool(self._dispatcher.run(back, self._actor).receipt)
        return False
