"""How alerts and messages fare: each rule's figures and what they propose, reach by channel, and what a shift leaves."""

from client.station import Station

STATION = Station("alert_review", "预警复盘", "quality.view", icon="report", order=28)
