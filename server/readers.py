"""The readers of the centre's log: audit, alerts, risks and follow-up, each with a cursor of its own."""

from collections.abc import Callable

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.archive.follower import ArchiveFollower
from domain.audit.chain import GUOMI, AuditReader
from domain.biobank.stock_counter import StockCounter
from domain.care.follower import CareFollower
from domain.followup.follower import FollowUpFollower
from domain.interop.follower import PartnerFollower
from domain.kernel.authority import Authority, system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.readers import Follower, ReaderThread
from domain.messaging.alerting import AlertMessenger
from domain.process.follower import ProcessFollower
from domain.quality.counter import QualityCounter
from domain.quality.indicators import load_indicators
from domain.recheck.follower import RecheckFollower
from domain.referrals.effects import EffectFollower
from domain.referrals.follower import ReferralFollower
from domain.research.counter import ResearchCounter
from domain.reviewing.follower import ReviewFollower
from domain.reviewing.merged_reviews import MergedReviews
from domain.risk.follower import RiskFollower
from domain.scales.returns import ReturnFollower
from domain.security.limits import load_limits
from domain.security.watch import SecurityWatch
from domain.signoff.signs import Signs
from domain.storage.filling import FillReader
from domain.storage.follower import ClashFollower
from domain.studies.counter import StudyCounter
from domain.studies.follower import StudyFollower
from domain.tags.follower import TagFollower
from domain.tracking.follower import TrackingFollower
from domain.tracking.rates import RateFollower
from forms.report_watch import ReportWatch
from server.file_watch import FileWatch
from server.giving_way import GivingWay
from server.identity import Identity
from server.nodes import NodeWatch
from server.report_sending import ReportSending
from server.sharing import SharingFollower
from sync.erasing import Eraser

GIVES_WAY_S = 2.0
"""How much later than at once alerts may come while bundles come in."""
LOOK_EVERY_S = 1.0
"""The bell rings only for commits of this process; the listener's are found by looking."""


def readers_of(
    dispatcher: Dispatcher,
    authority: Authority,
    identity: Identity,
    forget_file: Callable[[str], object],
    has_file: Callable[[str], bool],
    giving_way: GivingWay,
    signs: Signs,
) -> tuple[tuple[Follower, ...], ReaderThread, AlertEngine]:
    """Return the readers, in the order they are served, the thread that serves them, and the alert engine among them.

    Raises:
        ContentError: Alert rules that cannot be used.
    """
    book = load_rules(resources.folder("alerts"), authority.roles)
    engine = AlertEngine(dispatcher, book, system_actor(identity.org_id, identity.device_id))
    risks = RiskFollower(dispatcher, system_actor(identity.org_id, identity.device_id), resources.folder(""))
    follow_up = FollowUpFollower(
        dispatcher, system_actor(identity.org_id, identity.device_id), everywhere=True
    )
    tags = TagFollower(dispatcher, system_actor(identity.org_id, identity.device_id), everywhere=True)
    care = CareFollower(dispatcher, system_actor(identity.org_id, identity.device_id))
    messenger = AlertMessenger(
        dispatcher,
        system_actor(identity.org_id, identity.device_id),
        lambda rule: engine.book.channels_of(rule),  # asked each time: an administrator may have changed it
        lambda rule: engine.book.client_message_of(rule),
        lambda rule: engine.book.owner_first(rule),
    )
    returns = ReturnFollower(dispatcher, system_actor(identity.org_id, identity.device_id))
    sharing = SharingFollower(dispatcher, system_actor(identity.org_id, identity.device_id))
    counter = StudyCounter(dispatcher, system_actor(identity.org_id, identity.device_id))
    quality = QualityCounter(
        dispatcher,
        system_actor(identity.org_id, identity.device_id),
        load_indicators(resources.folder("quality")),
    )
    research = ResearchCounter(dispatcher, system_actor(identity.org_id, identity.device_id))
    security = SecurityWatch(
        dispatcher, system_actor(identity.org_id, identity.device_id),
        load_limits(resources.folder("security") / "watch.yaml"), dispatcher.content["texts"],
    )  # fmt: skip
    reviewing = ReviewFollower(dispatcher, system_actor(identity.org_id, identity.device_id))
    files = FileWatch(dispatcher, system_actor(identity.org_id, identity.device_id), has_file)
    store = dispatcher.store
    followers = (
        Follower(store, MergedReviews(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, reviewing),  # first: an urgent report is before its expert within seconds
        Follower(store, engine),
        Follower(store, AuditReader(guomi=dispatcher.content.get(GUOMI, False))),
        Follower(store, Eraser(forget_file)),
        Follower(store, risks),
        Follower(store, messenger),
        Follower(store, signs),
        Follower(store, follow_up),
        Follower(store, tags),
        Follower(store, counter),
        Follower(store, StockCounter(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, research),
        Follower(store, StudyFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, RecheckFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, TrackingFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, ReferralFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, EffectFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, care),
        Follower(store, FillReader()),
        Follower(store, ClashFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, RateFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, returns),
        Follower(store, quality),
        Follower(store, sharing),
        Follower(store, ArchiveFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, ProcessFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, PartnerFollower(dispatcher, system_actor(identity.org_id, identity.device_id))),
        Follower(store, security),
        Follower(store, files),
        Follower(
            store, ReportWatch(dispatcher, system_actor(identity.org_id, identity.device_id), everywhere=True)
        ),
    )
    watch = NodeWatch(dispatcher, system_actor(identity.org_id, identity.device_id))
    sending = ReportSending(dispatcher, system_actor(identity.org_id, identity.device_id), has_file)
    ticks = [
        sending.tick,
        care.tick,
        watch.tick,
        engine.tick,
        risks.tick,
        counter.tick,
        sharing.tick,
        tags.tick,
        returns.tick,
        quality.tick,
        reviewing.tick,
        files.tick,
    ]
    turns = giving_way.turns(GIVES_WAY_S)
    thread = ReaderThread(store, followers, ticks=ticks, interval_s=LOOK_EVERY_S, give_way=turns)
    return followers, thread, engine
