"""The labels of this workstation that wait, failed or are not proven, and how its printers are."""
