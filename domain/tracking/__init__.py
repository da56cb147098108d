"""Important abnormal results until somebody was told, and it is known what became of them."""
