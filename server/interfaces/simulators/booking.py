"""A partner's booking system: takes what is free from the interface, books, calls off, and asks what became of it.

``python -m server.interfaces.simulators.booking URL KEY`` shows what a partner would see.
"""

import sys
from typing import Any

import requests

PATIENCE_S = 10


class BookingPartner:
    """What a partner's system does.

    Args:
        url: Of the centre.
        key: That was set for the partner.
    """

    def __init__(self, url: str, key: str) -> None:
        self.base = f"{url.rstrip('/')}/booking/fhir"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["authorization"] = f"Bearer {key}"
        self.answer = requests.Response()

    def free(self, start: str = "") -> list[dict[str, Any]]:
        """Return the free slots."""
        return self._found("Slot", {"start": start} if start else {})

    def book(
        self, slot_id: str, external_id: str, number: str, born: str, comment: str = ""
    ) -> dict[str, Any]:
        """Book a slot; returns the appointment or the OperationOutcome."""
        body = {
            "resourceType": "Appointment", "status": "booked", "identifier": [{"value": external_id}],
            "slot": [{"reference": f"Slot/{slot_id}"}], "comment": comment,
            "contained": [
                {"resourceType": "Patient", "id": "p", "identifier": [{"value": number}], "birthDate": born}
            ],
            "participant": [{"actor": {"reference": "#p"}, "status": "accepted"}],
        }  # fmt: skip
        self.answer = self.http.post(f"{self.base}/Appointment", json=body, timeout=PATIENCE_S)
        return dict(self.answer.json())

    def cancel(self, appointment_id: str, reason: str) -> dict[str, Any]:
        """Call a booking off."""
        body = {"resourceType": "Appointment", "status": "cancelled", "cancelationReason": {"text": reason}}
        self.answer = self.http.put(
            f"{self.base}/Appointment/{appointment_id}", json=body, timeout=PATIENCE_S
        )
        return dict(self.answer.json())

    def changed(self, since: str = "") -> list[dict[str, Any]]:
        """Return the bookings that changed from a moment on."""
        return self._found("Appointment", {"_lastUpdated": f"ge{since}"} if since else {})

    def _found(self, kind: str, params: dict[str, str]) -> list[dict[str, Any]]:
        self.answer = self.http.get(f"{self.base}/{kind}", params=params, timeout=PATIENCE_S)
        return [dict(one["resource"]) for one in self.answer.json().get("entry", [])]


if __name__ == "__main__":
    for found in BookingPartner(sys.argv[1], sys.argv[2]).free():
        sys.stdout.write(f"{found['start']} {found['schedule']['display']} {found['id']}\n")
