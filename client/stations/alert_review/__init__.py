"""How alerts and messages fare: figures of each rule and its proposal, reach by channel, what a shift leaves."""

from client.station import Station

STATION = Station("alert_review", "预警复盘", "quality.view", icon="report", order=28)
