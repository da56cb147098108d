"""The generic pages: any worklist, any record, the conflicts to decide, the exchange with the centre."""
