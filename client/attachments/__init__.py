"""Files of a visit or report: added by hand, looked at, taken away again with a reason."""
