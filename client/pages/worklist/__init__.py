"""Any worklist as a table: filter, sort, choose columns, export, run a command on a row."""
