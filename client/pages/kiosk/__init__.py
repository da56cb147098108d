"""The workstation as a kiosk: whoever has the code of a form opens it with the birth date, and nothing else."""
