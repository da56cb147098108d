"""The review desk: a report written at the branch, reviewed at two levels, signed at the head office."""

from client.station import Station

STATION = Station("review", "审核台", "report.view", icon="review", order=30, scans=frozenset({"visit"}))
