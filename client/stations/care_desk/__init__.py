"""Care desk of a health manager: everything that waits for one person, in one order, each with its next step."""

from client.station import Station

STATION = Station("care_desk", "随访工作台", "followup.task", icon="person", order=25)
