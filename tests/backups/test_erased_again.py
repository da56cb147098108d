"""Whoever was erased by law does not come back with a backup."""

import contextlib

from sqlalchemy import select

from domain.audit.verification import verify
from domain.kernel.authority import system_actor
from domain.kernel.change_log import change_log, decode_body
from domain.people.erasure import ErasePatient
from domain.people.records import Patient
from server.app import build_centre
from server.backups.erasures import FIRST, listed
from server.backups.shelf import Shelf
from tests.backups.test_backups import NAME, house, put_back  # noqa: F401  (a fixture)
from tests.server.conftest import prepared  # noqa: F401  (a fixture)


def test_who_was_erased_after_the_backup_is_erased_again_when_it_is_put_back(house, tmp_path):  # noqa: F811
    kept = house.add("留下的人")
    house.back_up()
    with house.centre.store.read() as connection:
        row = connection.execute(select(Patient.id, Patient.number).where(Patient.name == NAME)).one()
    actor = system_actor(house.centre.identity.org_id, house.centre.identity.device_id)
    house.centre.dispatcher.run(
        ErasePatient(patient_id=row.id, basis="本人书面申请", confirm_number=row.number), actor
    )
    catch_up(house.centre)
    house.centre.backups.keep_erasures()
    assert NAME.encode() not in b"".join(p.read_bytes() for p in house.near.rglob("*") if p.is_file())
    for place in (house.near, house.far):
        assert row.id.hex in {record_id for _, record_id, _ in listed(Shelf(place, house.key))}

    settings, _ = put_back(house, tmp_path / "new")
    centre = build_centre(
        settings, house.clock
    )  # as a server does that starts after a restore that was cut off
    with contextlib.closing(centre):
        assert centre.erase_again() == 1
        assert centre.erase_again() == 0, "once"
        with centre.store.read() as connection:
            assert connection.execute(select(Patient.name)).scalars().all() == ["留下的人"]
            bodies = connection.execute(select(change_log.c.body)).scalars().all()
            assert verify(connection) is None
        assert not [body for body in bodies if NAME.encode() in bytes(decompressed(body))]
    assert kept


def catch_up(centre):
    for follower in centre.followers:
        if follower.name in FIRST:
            follower.catch_up()


def decompressed(body):
    return repr(decode_body(body)).encode()
