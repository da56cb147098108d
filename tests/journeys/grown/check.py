"""What the centre has: is its log dense, what clients are in it how often, which files does it give back whole?"""

import json
import sys
from collections import Counter

from sqlalchemy import func, select

from domain import features
from domain.audit.verification import verify
from domain.kernel.change_log import change_log
from domain.kernel.errors import KnownError
from domain.people.records import Patient
from server.settings import read_settings
from server.storage_key import centre_blobs, open_store


def main():
    features.load()
    settings = read_settings()
    wanted = json.loads(sys.stdin.read())
    store, blobs = open_store(settings), centre_blobs(settings)
    with store.read() as connection:
        count, last = connection.execute(select(func.count(), func.max(change_log.c.position))).one()
        names = Counter(connection.execute(select(Patient.name)).scalars())
        broken = verify(connection)
    store.close()
    lost = []
    for sha256 in wanted["files"]:
        try:
            blobs.get(sha256)
        except KnownError as error:
            lost.append(f"{sha256}: {error.code}")
    sys.stdout.write(
        json.dumps(
            {
                "dense": count == last,
                "entries": count,
                "audit": "ok" if broken is None else broken.kind,
                "missing": [name for name in wanted["registered"] if names[name] == 0],
                "twice": [name for name in wanted["registered"] if names[name] > 1],
                "files_lost": lost,
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
