"""Which version of the program a workstation is to run: for one desk, for one organisation, for all."""
