"""Where tubes lie: the tree of containers, how full it is, whole racks, inventories, picks and shipments."""
