"""How the client waits, how much it sends at once, and what it makes of every answer."""

import datetime
import email.utils
import io
import json
import threading

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from domain.kernel.errors import DomainError, UnavailableError
from sync.tus.client import TusClient
from sync.tus.client_state import SqliteTransferState
from sync.tus.pacing import Backoff, BandwidthLimit, ClientSettings, DaytimeLimit, PatchSizer, Surroundings
from sync.tus.source import BytesSource
from sync.tus.wire import WireAdapter
from tests.sync_tus.seeded import seeded

ENDPOINT = "http://centre.example/uploads/"
CONTENT = b"z" * 600_000
TUS = {"Tus-Resumable": "1.0.0", "Tus-Checksum-Algorithm": "sha1,sha256"}


class ScriptedCentre(BaseAdapter):
    """Gives prepared answers and remembers the requests."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)
        self.requests = []
        self.poolmanager = None

    def send(self, request, **_options):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body = (*answer, b"")[:3]
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response.headers.update(headers)
        response.raw = io.BytesIO(body)
        return response

    def close(self):
        self.answers.clear()

    def fit(self, rate):
        self.fitted = rate


@pytest.fixture
def play(tmp_path):
    """Let a client meet scripted answers; return (transfer or error, centre, pauses)."""
    state = SqliteTransferState(tmp_path / "state.db")

    def run(*answers, content=CONTENT, attempts=5):
        pauses = []

        def wait(_cancel, pause_s):
            pauses.append(pause_s)
            return False

        session = requests.Session()
        client = TusClient(
            ENDPOINT, state, session=session, settings=ClientSettings(attempts=attempts),
            surroundings=Surroundings(rng=lambda: 0.5, wait=wait),
        )  # fmt: skip
        client.adapter = ScriptedCentre(*answers)
        session.mount(ENDPOINT, client.adapter)
        try:
            return client.upload(BytesSource(content)), client.adapter, pauses
        except (DomainError, UnavailableError) as error:
            return error, client.adapter, pauses

    yield run
    state.close()


def ok(offset, status=204, **headers):
    return status, {**TUS, "Upload-Offset": str(offset), **headers}


CREATED = (201, {**TUS, "Location": "u1"})
DONE = ok(len(CONTENT))


@pytest.mark.parametrize(
    ("offered", "sent"), [("sha1,crc32,sha256", "crc32 "), ("sha1, sha256", "sha256 "), ("md5", ""), ("", "")]
)
def test_a_server_is_asked_which_checksums_it_takes_unless_it_has_said_so(play, offered, sent):
    plain = {"Tus-Resumable": "1.0.0"}
    options = (200, {**plain, "Tus-Checksum-Algorithm": offered} if offered else plain)
    created = (201, {**plain, "Location": "u1"})
    answers = [
        (status, {**plain, "Upload-Offset": told["Upload-Offset"]}) for status, told in (ok(262_144), DONE)
    ]
    transfer, centre, _ = play(created, options, *answers)
    assert transfer.done
    assert [r.method for r in centre.requests] == ["POST", "OPTIONS", "PATCH", "PATCH"]
    checksums = [r.headers.get("Upload-Checksum", "") for r in centre.requests[2:]]
    assert all(found.startswith(sent) and bool(found) == bool(sent) for found in checksums)


def test_the_whole_talk_with_a_plain_tus_server(play):
    transfer, centre, pauses = play(CREATED, ok(262_144), DONE)
    assert transfer.done
    assert transfer.url == ENDPOINT + "u1"
    assert [(r.method, r.headers.get("Upload-Offset")) for r in centre.requests] == [
        ("POST", None), ("PATCH", "0"), ("PATCH", "262144"),
    ]  # fmt: skip
    assert all(r.headers["Tus-Resumable"] == "1.0.0" for r in centre.requests)
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "headers", "at_least"),
    [
        (429, {"Retry-After": "17"}, 17),
        (503, {"Retry-After": "600"}, 600),
        (507, {**TUS, "Retry-After": "40"}, 40),
        (503, {"Retry-After": "99999999"}, 3600),
        (503, {"Retry-After": "soon"}, 0.5),
        (502, {}, 0.5),
        (408, TUS, 0.5),
        (460, TUS, 0.5),
    ],
)
def test_busy_answers_are_waited_out_as_long_as_asked(play, status, headers, at_least):
    transfer, centre, pauses = play(CREATED, (status, headers), ok(0, 200), DONE)
    assert transfer.done
    assert pauses == [at_least]
    assert [r.method for r in centre.requests] == ["POST", "PATCH", "HEAD", "PATCH"]


def test_retry_after_may_be_a_date(play):
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    _, _, pauses = play(CREATED, (503, {"Retry-After": email.utils.format_datetime(when)}), ok(0, 200), DONE)
    assert 95 <= pauses[0] <= 100


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_the_centre_forgot_is_made_anew(play, status):
    transfer, centre, _ = play(CREATED, (status, TUS), (201, {**TUS, "Location": "u2"}), DONE)
    assert transfer.url == ENDPOINT + "u2"
    assert [r.method for r in centre.requests] == ["POST", "PATCH", "POST", "PATCH"]


@pytest.mark.parametrize(
    "answer",
    [
        (404, {}, b"<html>"),
        (200, {}, b"<html>sign in"),
        (302, {"Location": "http://portal"}),
        ok("x"),
        ok(10**9),
    ],
)
def test_a_captive_portal_is_not_mistaken_for_the_centre(play, answer):
    error, centre, _ = play(CREATED, answer, answer, answer, answer, answer)
    assert isinstance(error, UnavailableError)
    assert error.code == "transfer.not_a_centre"
    transfer, centre, _ = play(ok(0, 200), DONE)
    assert transfer.done
    assert centre.requests[0].url == ENDPOINT + "u1"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((401, {}), "transfer.not_authorised"),
        ((403, TUS), "transfer.not_authorised"),
        ((412, TUS, b'{"code": "transfer.version_unsupported"}'), "transfer.version_unsupported"),
        (
            (413, TUS, b'{"code": "transfer.too_large", "facts": {"size": 2, "limit": 1}}'),
            "transfer.too_large",
        ),
        (
            (422, {**TUS, "Problem": json.dumps({"code": "bundle.bad_crc", "facts": {"at": 7}})}),
            "bundle.bad_crc",
        ),
        ((400, TUS, b"not json"), "transfer.refused"),
        ((400, TUS, b'{"code": "transfer.refused", "facts": {"code": 1, "self": 2}}'), "transfer.refused"),
    ],
)
def test_final_answers_end_the_upload_with_their_reason(play, answer, code):
    error, _, pauses = play(answer)
    assert isinstance(error, DomainError)
    assert error.code == code
    assert pauses == []


def test_a_problem_brings_its_facts(play):
    error, _, _ = play((422, TUS, b'{"code": "bundle.bad_crc", "facts": {"at": 7}}'))
    assert error.facts == {"status": 422, "at": 7}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (requests.exceptions.ConnectTimeout(), "transfer.no_connection"),
        (requests.exceptions.ReadTimeout(), "transfer.stalled"),
        (requests.exceptions.ConnectionError("aborted", TimeoutError("timed out")), "transfer.stalled"),
        (requests.exceptions.SSLError("bad certificate"), "tls.no_tls"),
        (requests.exceptions.ConnectionError(), "transfer.no_connection"),
    ],
)
def test_line_failures_are_named_and_given_up_after_the_attempts(play, failure, code):
    error, centre, pauses = play(*[failure] * 5)
    assert isinstance(error, UnavailableError)
    assert error.code == code
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    assert len(centre.requests) == 5


def test_progress_starts_the_pauses_and_attempts_anew(play):
    lost = requests.exceptions.ConnectionError()
    _, _, pauses = play(
        CREATED, lost, lost, ok(0, 200), lost, ok(100_000, 200), lost, ok(100_000, 200), ok(400_000), lost,
        ok(400_000, 200), DONE,
    )  # fmt: skip
    assert pauses == [0.5, 1.0, 2.0, 0.0, 0.0]


def test_an_answer_of_a_problem_that_will_not_go_away_ends_it(play):
    bad = (460, TUS, b'{"code": "transfer.sha256_mismatch", "facts": {"offset": 0}}')
    error, _, _ = play(CREATED, bad, ok(0, 200), bad, ok(0, 200), bad)
    assert error.code == "transfer.content_mismatch"


def test_another_centre_is_not_asked_for_the_old_upload(play, tmp_path):
    state = SqliteTransferState(tmp_path / "state.db")
    play(CREATED, ok(262_144), *[requests.exceptions.ConnectionError()] * 5)
    assert state.get(BytesSource(CONTENT).sha256).offset == 262_144
    other = TusClient("http://other.example/", state, settings=ClientSettings(attempts=1))
    other.adapter = ScriptedCentre((401, {}))
    other.session.mount("http://other.example/", other.adapter)
    with pytest.raises(DomainError):
        other.upload(BytesSource(CONTENT))
    assert other.adapter.requests[0].method == "POST"
    state.close()


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40))
def test_pauses_are_jittered_within_a_doubling_bound(chances):
    backoff = Backoff(iter(chances).__next__)
    for number, chance in enumerate(chances):
        assert backoff.next_s() == chance * min(900.0, 2.0**number)


def test_the_first_try_after_progress_waits_for_nobody_and_the_next_as_ever():
    backoff = Backoff(lambda: 0.5)
    assert backoff.next_s() == 0.5, "nothing has passed yet"
    backoff.reset()
    assert [backoff.next_s(), backoff.next_s(), backoff.next_s()] == [0.0, 1.0, 2.0]
    backoff.reset()
    assert backoff.next_s(7.0) == 7.0, "unless the centre asks for a pause"


@given(st.lists(st.tuples(st.integers(1, 1 << 24), st.floats(0, 1000)), max_size=40))
def test_the_size_of_a_patch_stays_within_its_bounds(patches):
    sizer = PatchSizer()
    for count, took_s in patches:
        sizer.sent(count, took_s)
        assert 256 << 10 <= sizer.size <= 16 << 20
        assert sizer.size % (64 << 10) == 0


def test_the_size_of_a_patch_aims_at_ten_seconds():
    sizer = PatchSizer()
    for _ in range(5):
        sizer.passed(sizer.size)
        sizer.sent(sizer.size, sizer.size / 500_000)
    assert 4_500_000 <= sizer.size <= 5_000_000
    sizer.sent(sizer.size, sizer.size / 50_000)
    assert 450_000 <= sizer.size <= 500_000
    sizer.sent(1000, 0.2)
    assert sizer.size >= 450_000
    sizer.failed()
    assert sizer.size <= 256 << 10


def test_on_a_line_that_breaks_a_patch_is_a_small_share_of_what_passes_between_two_breaks():
    sizer, chance = PatchSizer(), seeded(3)

    def pass_on(least):
        """Let so many bytes pass; returns the largest PATCH."""
        done, sizes = 0, []
        while done < least:
            sizes.append(sizer.drawn(chance.random()))
            sizer.passed(sizes[-1])
            sizer.sent(sizes[-1], 0.001)
            done += sizes[-1]
        return max(sizes)

    assert pass_on(64 << 20) == 16 << 20, "a line that has never broken is trusted"
    sizer.failed()
    assert 4 << 20 <= pass_on(8 << 20) <= 8 << 20, "one break in so much is no reason for small ones"
    for between in (24 << 20, 6 << 20):
        sizer.failed()
        pass_on(between)
        for _ in range(3):
            sizer.failed()  # one break: nothing has passed after the first
        assert pass_on(between // 2) <= between // 8 + (1 << 20)
    assert pass_on(400 << 20) >= 15 << 20, "it is well by now"


def test_breaks_at_equal_distances_do_not_hit_the_end_of_each_patch():
    """With PATCHes of one size that divides the distance, nearly all of one would be lost each time."""
    sizer, chance, distance = PatchSizer(), seeded(4), 3 << 20
    lost = []
    for _ in range(60):
        left = distance
        while (count := sizer.drawn(chance.random())) <= left:
            left -= count
            sizer.passed(count)
            sizer.sent(count, 0.001)
        lost.append(left)
        sizer.failed()
    assert sum(lost[3:]) / len(lost[3:]) < distance / 20


def test_a_bandwidth_limit_is_a_mean_over_bursts_of_a_second():
    now = [0.0]
    limit = BandwidthLimit(1000, lambda: now[0])
    assert limit.delay(1000) == 0
    assert limit.delay(500) == 0.5
    now[0] = 10.0
    assert limit.delay(1000) == 0
    assert limit.delay(1) > 0


def test_the_send_buffer_follows_the_rate_and_is_small_at_first():
    adapter = WireAdapter(20.0)
    sizes = []
    for rate in (0, 10_000, 1_000_000, 1e9, 0):
        adapter.fit(rate)
        options = adapter.poolmanager.connection_pool_kw["socket_options"]
        sizes.append(next(value for _, name, value in options if name == 7 or value >= 16 << 10))
    assert sizes[0] == sizes[-1] == 16 << 10
    assert sizes == sorted(sizes[:-1]) + sizes[-1:]
    assert sizes[3] == 4 << 20


def test_state_survives_reopening_and_can_be_forgotten(tmp_path, play):
    play(CREATED, ok(262_144), *[requests.exceptions.ConnectionError()] * 5)
    state = SqliteTransferState(tmp_path / "state.db")
    (transfer,) = state.pending()
    assert (transfer.offset, transfer.url, transfer.size) == (262_144, ENDPOINT + "u1", len(CONTENT))
    state.remove(transfer.sha256)
    assert state.pending() == []
    state.close()


def test_a_state_file_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "state.db").write_bytes(b"not a database" * 100)
    with pytest.raises(UnavailableError, match=r"transfer\.state_unavailable"):
        SqliteTransferState(tmp_path / "state.db")


def test_waiting_ends_when_cancelled(tmp_path):
    state = SqliteTransferState(tmp_path / "s.db")
    cancel = threading.Event()
    client = TusClient(ENDPOINT, state, surroundings=Surroundings(rng=lambda: 0.999))
    client.adapter = ScriptedCentre(*[requests.exceptions.ConnectionError()] * 3)
    client.session.mount(ENDPOINT, client.adapter)
    threading.Timer(0.05, cancel.set).start()
    with pytest.raises(UnavailableError, match=r"transfer\.cancelled"):
        client.upload(BytesSource(CONTENT), cancel=cancel)
    state.close()


@pytest.mark.parametrize(
    ("begins", "ends", "limited"),
    [(8, 18, {8, 12, 17}), (22, 6, {22, 23, 0, 5}), (0, 24, {0, 12, 23}), (9, 9, set())],
)
def test_a_limit_by_time_of_day_holds_in_its_hours_alone(begins, ends, limited):
    hour = [0]
    limit = DaytimeLimit(1000.0, begins, ends, lambda: hour[0], lambda: 0.0)
    found = set()
    for hour[0] in range(24):
        if limit.delay(5000) > 0:
            found.add(hour[0])
    assert limited <= found
    assert len(found) == (ends - begins) % 24 or (begins, ends) == (0, 24)
    assert DaytimeLimit(0.0, 0, 24, lambda: 12, lambda: 0.0).delay(1 << 30) == 0.0
