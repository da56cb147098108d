"""The jobs of `server.housekeeping` at a centre, and how long each thing is kept."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from domain.alerts.heart import HeartWatch
from domain.biobank.custody_watch import CustodyWatch
from domain.checkup.issue_commands import issue_left_behind
from domain.kernel.authority import system_actor
from domain.kernel.clock import Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.knowledge.index_commands import index_library
from domain.links.upload_commands import SweepUploads
from domain.people.enrolment_commands import ForgetEnrolmentCodes
from domain.population.counting import count_population
from forms.consenting.vault import grant_all
from server.attesting.following import attest_all
from server.attesting.providers import Attestor
from server.auditing import DailyAudit
from server.housekeeping import Housekeeping, Job
from server.identity import Identity
from server.identity_services.following import ask_all
from server.identity_services.providers import IdentityService
from server.interfaces.daily import count_days
from server.interfaces.inbox import InboxPlace
from server.nonces import KeptNonces
from server.platform_watch import PlatformWatch
from server.sessions import KeptSessions
from sync.blobs import BlobStore
from sync.centre import CentreSync
from sync.tus.engine import TusEngine

TEMPORARY_KEPT = timedelta(days=1)
STEPS_A_TURN = 100
"""Of 400 events: some seconds in ten minutes, so that years of events take hours and nothing stands still."""
OFTEN, DAILY = timedelta(minutes=10), timedelta(days=1)


def housekeeping_of(
    *,
    dispatcher: Dispatcher,
    identity: Identity,
    clock: Clock,
    sessions: KeptSessions,
    uploads: TusEngine,
    blobs: BlobStore,
    sync: CentreSync,
    nonces: KeptNonces,
    inbox: InboxPlace,
    platform: PlatformWatch,
    heart: HeartWatch,
    attestors: Sequence[Attestor] = (),
    identity_service: IdentityService | None = None,
) -> Housekeeping:
    """Return the housekeeping of a centre; nothing runs yet."""

    def codes() -> int:
        order = ForgetEnrolmentCodes()
        removed: int = dispatcher.run(order, system_actor(identity.org_id, identity.device_id)).receipt
        return removed

    def temporary() -> int:
        return blobs.sweep((clock() - TEMPORARY_KEPT).timestamp())

    def plain_files() -> int:
        """Files from before they were sealed."""
        return blobs.seal_plain()

    def page_uploads() -> int:
        """Files that clients sent from their phones and never handed in."""
        order = SweepUploads()
        gone: list[str] = dispatcher.run(order, system_actor(identity.org_id, identity.device_id)).receipt
        for sha256 in gone:
            blobs.remove(sha256)
        return len(gone)

    def consent_keys() -> int:
        """Workstations that told their key may open what others locked."""
        return grant_all(dispatcher, system_actor(identity.org_id, identity.device_id))

    def attestations() -> int:
        """Sealed consents get their time stamp and electronic seal, where services are set."""
        return attest_all(dispatcher, system_actor(identity.org_id, identity.device_id), attestors)

    def identities() -> int:
        """Lines of lists that wait for an authority's word get it, where a service is set."""
        return ask_all(dispatcher, system_actor(identity.org_id, identity.device_id), identity_service)

    def interface_days() -> int:
        """What each interface sent and received yesterday is compared with what is stored."""
        actor = system_actor(identity.org_id, identity.device_id)
        return count_days(dispatcher, actor, inbox, identity.key)

    def population() -> int:
        """The region's figures and what follows from them."""
        return count_population(dispatcher, system_actor(identity.org_id, identity.device_id))

    def signed_reports() -> int:
        """Reports whose signer's desk was closed within the minute go out all the same."""
        return issue_left_behind(dispatcher, system_actor(identity.org_id, identity.device_id))

    ours = system_actor(identity.org_id, identity.device_id)
    return Housekeeping([
        Job("platform", timedelta(minutes=1), platform.look),
        Job("alert_heart", timedelta(minutes=1), heart.look),
        Job("signed_reports", timedelta(minutes=1), signed_reports),
        Job("consent_keys", timedelta(minutes=1), consent_keys),
        Job("consent_attestations", timedelta(minutes=1), attestations),
        Job("identities_outside", timedelta(minutes=1), identities),
        Job("sessions", OFTEN, sessions.sweep, here=True),
        Job("nonces", OFTEN, lambda: nonces.sweep(to_microseconds(clock())), here=True),
        Job("uploads", OFTEN, lambda: uploads.sweep(to_microseconds(clock()) / 1e6), here=True),
        Job("enrolment_codes", timedelta(hours=1), codes),
        Job("temporary_files", timedelta(hours=1), temporary, here=True),
        Job("plain_files", DAILY, plain_files, here=True),
        Job("page_uploads", timedelta(hours=1), page_uploads),
        Job("library", OFTEN, partial(index_library, dispatcher, ours)),
        Job("bundles", DAILY, sync.sweep),
        Job("log", DAILY, sync.prune),
        Job("interface_days", timedelta(hours=1), interface_days),
        Job("population", DAILY, population),
        Job("audit", OFTEN, DailyAudit(dispatcher, system_actor(identity.org_id, identity.device_id)).run),
        Job("custody", OFTEN, CustodyWatch(dispatcher, ours, STEPS_A_TURN).tick),
        Job("snapshots", OFTEN, sync.nightly.run),  # acts in the small hours alone; last, for it may take long
    ])  # fmt: skip
