"""Front desk and checkup station of a branch nurse: from the ID card to the exit check."""

from client.station import Station

STATION = Station(
    "front_desk",
    "前台与体检",
    "people.register",
    icon="front_desk",
    order=10,
    scans=frozenset({"patient", "visit", "id_number", "specimen"}),
    first=True,
)
