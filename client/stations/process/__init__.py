"""The day's process: which room has how many, who is where how long, who comes next where; by scanner and keys."""

from client.station import Station

STATION = Station("process", "流程看板", "process.view", icon="visit", order=12)
