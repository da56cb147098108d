"""Label printers, serial monitors, scanners and card readers, each with its simulator."""
