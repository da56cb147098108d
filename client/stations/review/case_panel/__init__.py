"""The case in the middle: who, critical values, findings, results."""
