"""Fetching tubes by the way through the store, and packing them for another place; by scanner, without a mouse."""

from client.station import Station

STATION = Station("picking", "取样与运输", "biobank.pick", icon="transfer", order=23)
