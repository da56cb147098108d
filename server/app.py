"""The central server: the wiring of one process, and its HTTP application."""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from domain import features
from domain.alerts.heart import CHANNELS, HeartWatch
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from domain.kernel.worklists import Pages
from domain.people.password_policy import POLICY
from domain.signoff.signs import Signs
from forms.final_versions import FILES
from server import booking, monitoring
from server.accounts import Accounts
from server.api import (
    asking_routes,
    assessment_routes,
    demo_routes,
    enrolment_routes,
    health_routes,
    search_routes,
    session_routes,
    sync_routes,
    worklist_routes,
)
from server.api.command_routes import command_router
from server.api.edge import Edge
from server.api.schemas import install_openapi
from server.attesting.following import attestors_of
from server.backups.keeper import BackupKeeper
from server.centre import Centre
from server.channels import callbacks
from server.channels.book import channel_book
from server.channels.incoming import Pushed, Receiver
from server.channels.media import MediaFetcher
from server.channels.sender import Sender
from server.channels.wire import Wire
from server.clock import clock_of
from server.content import centre_content
from server.gauges import duty_gauges, gauges_of
from server.giving_way import GivingWay
from server.identity import read_identity
from server.identity_services.following import identity_service_of
from server.interfaces.inbox import InboxPlace
from server.interfaces.outbound.lanes import Lanes
from server.interfaces.outbound.tls import partner_tls
from server.kept import Kept, kept_of
from server.metrics import Metrics
from server.news import News
from server.pages import form_page
from server.payments import routes as payment_routes
from server.payments.cashier import Cashier
from server.payments.gateway import SignedGateway
from server.platform_watch import PlatformWatch
from server.portal import devices as portal_devices
from server.portal import diet as portal_diet
from server.portal import entering as portal_entering
from server.portal import exercise as portal_exercise
from server.portal import routes as portal_routes
from server.portal import shop as portal_shop
from server.portal import supplements as portal_supplements
from server.portal import talking as portal_talking
from server.portal import trends as portal_trends
from server.problems import problem_response
from server.readers import readers_of
from server.readiness import Readiness
from server.readings import Readings
from server.review import factor_routes
from server.review import routes as review_routes
from server.searching import searching_of
from server.settings import Settings
from server.storage_key import centre_blobs, files_key, open_store, queue_key
from server.tidying import housekeeping_of
from sync.blobs import BlobStore
from sync.centre import CentreSync
from sync.device_auth import RequestVerifier
from sync.schema import prepare_store
from sync.tus.engine import TusEngine
from sync.tus.keeper import Limits
from sync.tus.state import SqliteUploadState

WINDOW = timedelta(minutes=15)
WRONG_CODES, WRONG_PASSWORDS = 5, 30
HASHED_AT_ONCE = 2
"""Each check of a password takes 64 MiB; more at once than this would let strangers exhaust the memory."""


def build_centre(settings: Settings, clock: Clock | None = None) -> Centre:
    """Open the store and wire every part of a server process; nothing runs yet.

    Args:
        settings: What this installation is set to.
        clock: For tests; by default what the settings ask for.

    Raises:
        UnavailableError: ``server.not_initialised``, ``server.key_lost``, or what is wrong with the store.
    """
    features.load()
    clock = clock or clock_of(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    prepare_store(store)
    identity = read_identity(store, settings.data_dir)
    content = centre_content(identity, settings)
    authority: Authority = content["authority"]
    dispatcher = Dispatcher(store, clock=clock, content=content)
    signs = Signs(dispatcher)
    signs.watch()
    blobs = centre_blobs(settings)
    dispatcher.content[FILES] = blobs.get  # it has a copy of its own of what it was given
    sync = CentreSync(store, device_id=identity.device_id, key=identity.key, blobs=blobs, clock=clock)
    upload_state = SqliteUploadState(settings.data_dir / "uploads.db")
    giving_way = GivingWay()
    followers, readers, engine = readers_of(
        dispatcher, authority, identity, blobs.remove, blobs.has, giving_way, signs
    )
    kept = kept_of(settings, store, identity, clock)
    uploads = TusEngine(
        settings.data_dir / "uploads",
        upload_state,
        sync.accept_upload,
        already_have=sync.already_have,
        key=files_key(settings),
        limits=Limits(spare_bytes=settings.least_free_bytes),
    )
    inbox = InboxPlace(settings.inbox_path, queue_key(settings))
    housekeeping = housekeeping_of(
        dispatcher=dispatcher, identity=identity, clock=clock, sessions=kept.sessions, uploads=uploads, blobs=blobs,
        platform=PlatformWatch(
            dispatcher, system_actor(identity.org_id, identity.device_id), data_dir=settings.data_dir,
            least_free_bytes=settings.least_free_bytes, followers=followers, readers=readers, inbox=inbox,
        ),
        heart=HeartWatch(
            dispatcher, engine, system_actor(identity.org_id, identity.device_id),
            content["texts"].say("heart.centre"),
            {str(one): content["texts"].say(f"word.alert_heart.{one}") for one in CHANNELS},
        ),
        sync=sync, nonces=kept.nonces, inbox=inbox, attestors=attestors_of(settings),
        identity_service=identity_service_of(settings),
    )  # fmt: skip
    search_follower, searching = searching_of(store, giving_way)
    gauges = gauges_of(
        store,
        [*followers, search_follower],
        inbox,
        lambda: to_microseconds(clock()),
        sync.nightly,
    )
    nobody = system_actor(identity.org_id, identity.device_id)
    book = channel_book(settings.channels_path, settings.secrets_dir, settings.data_dir, store, clock)
    paying = book.settings.payment
    gateway = (
        SignedGateway(Wire(paying.base_url), paying.app_id, book.secrets.get(paying.secret), clock)
        if paying
        else None
    )
    cashier = Cashier(dispatcher, nobody, kept.nonces, gateway, book.settings.public_url)
    return Centre(
        settings=settings,
        clock=clock,
        texts=content["texts"],
        store=store,
        identity=identity,
        authority=authority,
        dispatcher=dispatcher,
        pages=Pages(store),
        readings=Readings(dispatcher),
        accounts=Accounts(store, authority, identity.device_id, content[POLICY], settings.second_factor),
        kept=kept,
        wrong_passwords=kept.failures("sign_in.too_many", WRONG_PASSWORDS, WINDOW),
        wrong_codes=kept.failures("enrolment.too_many", WRONG_CODES, WINDOW),
        hashing=threading.Semaphore(HASHED_AT_ONCE),
        blobs=blobs,
        sync=sync,
        giving_way=giving_way,
        verifier=RequestVerifier(sync.public_key, sync.now_us, kept.nonces),
        uploads=uploads,
        upload_state=upload_state,
        followers=followers,
        readers=readers,
        sender=Sender(dispatcher, nobody, book, identity.key.private_bytes_raw()),
        lanes=Lanes(dispatcher, nobody, lambda: partner_tls(settings)),
        receiver=Receiver(
            dispatcher,
            nobody,
            book,
            Pushed(settings.data_dir / "channel-inbox.db", clock, queue_key(settings)),
            (MediaFetcher(dispatcher, nobody, book, blobs).step, cashier.step),
        ),
        cashier=cashier,
        housekeeping=housekeeping,
        backups=BackupKeeper(
            settings,
            store=store,
            blobs=blobs,
            dispatcher=dispatcher,
            actor=nobody,
            texts=content["texts"],
            clock=clock,
        ),
        signs=signs,
        search=search_follower.index,
        searching=searching,
        news=News(store),
        readiness=Readiness(
            store, settings.data_dir, settings.least_free_bytes, followers, readers, readers.is_running,
            _needed(settings, kept, blobs),
        ),
        metrics=Metrics(
            lambda: itertools.chain(
                gauges(), housekeeping.gauges(), duty_gauges(readers=readers, search=searching)
            )
        ),
    )  # fmt: skip


def _needed(settings: Settings, kept: Kept, blobs: BlobStore) -> dict[str, Callable[[], object]]:
    """Return what else a process of a grown centre cannot do without."""
    needed: dict[str, Callable[[], object]] = {}
    if settings.redis:
        needed["shared"] = kept.check
    if settings.objects:
        needed["objects"] = lambda: blobs.check()  # type: ignore[attr-defined]  # an object store has it
    return needed


def create_app(centre: Centre) -> FastAPI:
    """Return the HTTP application of a centre; its lifespan starts and stops the centre's work."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(centre.start)
        following = asyncio.create_task(centre.news.follow())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.to_thread(centre.stop)
            if (pictures := getattr(_app.state, "pictures", None)) is not None:
                await asyncio.to_thread(pictures.close)

    app = FastAPI(
        title="检后通 中心服务",
        version="1",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.centre = centre
    for routes in (
        session_routes,
        worklist_routes,
        search_routes,
        assessment_routes,
        enrolment_routes,
        health_routes,
        sync_routes,
        asking_routes,
    ):
        app.include_router(routes.router)
    app.include_router(enrolment_routes.authority_router)
    app.include_router(command_router())
    app.include_router(form_page.router)
    app.include_router(factor_routes.router)
    app.include_router(review_routes.router)
    app.include_router(portal_entering.router)
    app.include_router(portal_routes.router)
    app.include_router(portal_diet.router)
    app.include_router(portal_exercise.router)
    app.include_router(portal_supplements.router)
    app.include_router(portal_talking.router)
    app.include_router(booking.router)
    app.include_router(portal_trends.router)
    app.include_router(portal_devices.router)
    app.include_router(monitoring.router)
    app.include_router(portal_shop.router)
    app.include_router(payment_routes.router)
    app.include_router(callbacks.router)
    if centre.settings.demo_clock:
        app.include_router(demo_routes.router)
    _answer_errors(app, centre.texts)
    install_openapi(app)
    tls = centre.settings.tls_cert is not None or centre.settings.tls_in_front
    app.add_middleware(sync_routes.UploadsDoor, centre=centre)
    app.add_middleware(Edge, texts=centre.texts, metrics=centre.metrics, clock=centre.clock, tls=tls)
    return app


def _answer_errors(app: FastAPI, texts: Texts) -> None:
    """Answer every known error, and the framework's own, with a problem document."""

    async def known(request: Request, error: Exception) -> Response:
        if not isinstance(error, KnownError):
            raise error
        request.state.code = error.code
        return problem_response(error, texts, request.state.request_id)

    async def routing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 422
        codes = {404: "http.not_found", 405: "http.method"}
        return await known(request, DomainError(codes.get(status, "input.not_fitting"), reason=str(status)))

    async def fitting(request: Request, error: Exception) -> Response:
        errors = error.errors() if isinstance(error, RequestValidationError) else []
        place = ".".join(str(part) for part in errors[0]["loc"]) if errors else ""
        return await known(request, DomainError("input.not_fitting", field=place or None, reason=place))

    app.add_exception_handler(KnownError, known)
    app.add_exception_handler(HTTPException, routing)
    app.add_exception_handler(RequestValidationError, fitting)
