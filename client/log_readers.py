"""The readers of this workstation's log: audit chain, alerts, and whatever else follows it, in one thread."""

from typing import Any

import resources
from client.report_receipts import ReportReceipts, want_again
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.heart import LOOK_EVERY_S, HeartWatch
from domain.audit.chain import AuditReader
from domain.biobank.custody_watch import CustodyWatch
from domain.care.follower import CareFollower
from domain.designs.reading import TitleWatch
from domain.followup.follower import FollowUpFollower
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower, ReaderThread
from domain.process.follower import ProcessFollower
from domain.recheck.follower import RecheckFollower
from domain.referrals.follower import ReferralFollower
from domain.risk.follower import RiskFollower
from domain.security.anchors import ChainCheck
from domain.security.limits import load_limits
from domain.security.watch import SecurityWatch
from domain.signoff.signs import SIGNS
from domain.storage.filling import FillReader
from domain.studies.follower import StudyFollower
from domain.tags.follower import TagFollower
from domain.tracking.follower import TrackingFollower
from forms.report_watch import ReportWatch
from sync.erasing import Eraser


def join_readers(desk: Any) -> None:
    """Join the readers to a desk: a part of `client.desk.INSTALLED`."""
    who = desk.installation
    rules = load_rules(resources.folder("alerts"), desk.authority.roles)
    engine = AlertEngine(desk.dispatcher, rules, system_actor(who.org_id, who.device_id))
    risks = RiskFollower(desk.dispatcher, system_actor(who.org_id, who.device_id), resources.folder(""))
    follow_up = FollowUpFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))
    tags = TagFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))
    care = CareFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))
    eraser = Eraser(lambda sha256: _forget_file(desk, sha256))
    limits = load_limits(resources.folder("security") / "watch.yaml")
    security = SecurityWatch(desk.dispatcher, system_actor(who.org_id, who.device_id), limits, desk.texts)
    chain = ChainCheck(desk.dispatcher, system_actor(who.org_id, who.device_id), desk.texts)
    followers = [
        Follower(desk.store, AuditReader(guomi=desk.settings.guomi)),
        Follower(desk.store, engine),
        Follower(desk.store, eraser),
        Follower(desk.store, risks),
        Follower(desk.store, desk.dispatcher.content[SIGNS]),
        Follower(desk.store, follow_up),
        Follower(desk.store, tags),
        Follower(desk.store, StudyFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))),
        Follower(desk.store, RecheckFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))),
        Follower(desk.store, TrackingFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))),
        Follower(desk.store, ReferralFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))),
        Follower(desk.store, care),
        Follower(desk.store, ProcessFollower(desk.dispatcher, system_actor(who.org_id, who.device_id))),
        Follower(desk.store, FillReader()),
        Follower(desk.store, security),
        Follower(desk.store, ReportWatch(desk.dispatcher, system_actor(who.org_id, who.device_id))),
    ]
    ticks = [
        care.tick,
        engine.tick,
        risks.tick,
        tags.tick,
        TitleWatch(desk.store, desk.texts).tick,
        chain.tick,
        CustodyWatch(desk.dispatcher, system_actor(who.org_id, who.device_id)).tick,
        _receipts(desk).tick,
    ]
    desk.workers.append(ReaderThread(desk.store, followers, ticks=ticks))
    heart = HeartWatch(desk.dispatcher, engine, system_actor(who.org_id, who.device_id), who.name)
    # A thread of its own: what watches the engine must not stand still with it.
    desk.workers.append(
        ReaderThread(desk.store, [], ticks=[heart.tick], interval_s=LOOK_EVERY_S, name="alert-heart")
    )


def _receipts(desk: Any) -> ReportReceipts:
    """Return what reads signed reports of this branch back."""
    who = desk.installation
    return ReportReceipts(
        desk.dispatcher, system_actor(who.org_id, who.device_id), who.name, desk.blobs,
        lambda sha256: want_again(desk.store, sha256),
    )  # fmt: skip


def _forget_file(desk: Any, sha256: str) -> None:
    """Remove a file that only erased records named."""
    desk.blobs.remove(sha256)
