"""The progress board: what is under way, by state, with how much is late; each count opens what is behind it."""

from client.station import Station

STATION = Station("progress", "任务看板", "followup.view", icon="list", order=26)
