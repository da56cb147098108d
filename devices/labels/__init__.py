"""Labels: one layout in millimetres, printed by any language, previewed with the same pixels."""
