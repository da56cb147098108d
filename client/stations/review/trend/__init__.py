"""The course of one result over the years, drawn large."""
