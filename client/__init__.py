"""The Qt application of a branch workstation."""

from client.qt_guard import keep_bools_alive

keep_bools_alive()
