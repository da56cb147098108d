"""Specimen bench of a biobank technician: receive, process, aliquot, store, look up; by scanner, without a mouse."""

from client.station import Station

STATION = Station(
    "bench",
    "标本台",
    "biobank.receive",
    icon="specimen",
    order=20,
    scans=frozenset({"specimen", "storage_container", "bench_card"}),
)
