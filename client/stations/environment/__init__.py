"""Temperature and humidity of the store: how each probe stands, its curve, what is to be judged."""

from client.station import Station

STATION = Station("environment", "环境监测", "biobank.view", icon="alarm", order=22)
