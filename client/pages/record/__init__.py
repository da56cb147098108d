"""Any record with its labels and its history."""
