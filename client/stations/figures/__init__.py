"""Figures of follow-up: who did what, what clients said of it, where dissatisfaction has its root, and of units."""

from client.station import Station

STATION = Station("figures", "随访统计", "followup.statistics", icon="report", order=27)
