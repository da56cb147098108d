"""Backups of a centre: made, copied elsewhere, put back, and put back every week to see that it works.

A backup is a folder of sealed parts (`sync.sealed_files`): the store as one SQLite file whatever database the centre
runs on, the keys and queues beside it, and a list of the files it refers to. Files are shared by all backups of a
shelf, under their hash, so that a night costs what is new.
"""
