"""One check a module: ``CHECK`` of `sync.diagnosis.looking.Check`; a new one is found by being here."""
