"""The store room: the tree of freezers and boxes, one box from above, racks read as a whole, inventories."""

from client.station import Station

STATION = Station("storage", "库房", "biobank.store", icon="specimen", order=21)
