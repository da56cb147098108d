"""Initialise the centre and enrol workstations of two branches; tells them as one line of JSON."""

import base64
import json
import sys

from domain.kernel.authority import system_actor
from domain.kernel.clock import utc_now
from domain.people.enrolment_commands import EnrolWorkstation, IssueEnrolmentCode
from domain.people.staff_commands import CreateOrganization, CreateStaff
from server.app import build_centre
from server.initialise import initialise
from server.settings import read_settings
from server.storage_key import open_store
from sync.device_auth import new_key, public_text
from sync.schema import prepare_store

PASSWORD = "Zhong-Xin-2026"


def main():
    settings = read_settings()
    from domain import features

    features.load()
    store = open_store(settings)
    prepare_store(store)
    first = initialise(store, settings, utc_now, code="HQ", name="总院", login="admin")
    store.close()
    centre = build_centre(settings)
    head = system_actor(first.org_id, centre.identity.device_id)
    run = centre.dispatcher.run
    branches = [
        run(CreateOrganization(code=f"B{n:03d}", name=f"第{n}分院", parent_id=first.org_id), head).receipt
        for n in range(2)
    ]
    for role in ("nurse", "physician"):
        order = CreateStaff(
            login=role, name="甲某人", role=role, password=PASSWORD, org_id=branches[0], must_change=False
        )
        run(order, head)
    stations = []
    for number in range(int(sys.argv[1])):
        key, org = new_key(), branches[number % 2]
        code = run(IssueEnrolmentCode(org_id=org), head).receipt.code
        told = run(EnrolWorkstation(code=code, name=f"站{number}", public_key=public_text(key)), head).receipt
        stations.append({
            "key": base64.b64encode(key.private_bytes_raw()).decode(), "org": str(org), "device": str(told.device_id),
            "epoch": told.epoch, "prefix": told.number_prefix, "server_key": centre.sync.server_key,
        })  # fmt: skip
    centre.close()
    sys.stdout.write(json.dumps(stations) + "\n")


if __name__ == "__main__":
    main()
