"""Racks seen from below: what a flatbed scanner or a camera saw of 96 tubes, and a drawing of it for trying out."""
