"""Partner systems that speak the published protocol, with the faults of real ones: for trials, demos and tests."""
