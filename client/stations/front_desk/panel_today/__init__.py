"""Who is here today: the widgets."""
