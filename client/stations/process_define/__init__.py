"""Defining the process: nodes, items, packages and the day's numbers as they are in force, each changed by a form."""

from client.station import Station

STATION = Station("process_define", "流程定义", "process.define", icon="list", order=64)
