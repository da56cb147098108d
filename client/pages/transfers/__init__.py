"""Files and bundles on their way to the centre and from it."""
