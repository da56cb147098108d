"""The base of a station's view; see `client.stations` for how to write one."""

from client.views.page import PageView


class StationView(PageView):
    """A hand-made page: title, banner and key bar come with it, `build` makes the rest."""
