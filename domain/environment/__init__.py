"""Temperature and humidity of the store: probes, readings, what went out of its limits and what it did to tubes."""
