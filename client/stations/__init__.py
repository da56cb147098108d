"""The hand-made pages of the people who work at this desk all day. A station is a folder here; nothing lists it.

How to add one, e.g. ``client/stations/bench/``:

``__init__.py`` declares it, and imports nothing heavy (it is read before anybody signs in)::

    from client.station import Station

    STATION = Station("bench", "标本台", "biobank.view", icon="specimen", order=20, scans=frozenset({"specimen"}))

``viewmodel.py`` has ``class ViewModel(StationModel)`` from `client.station`: QtCore only, made without a window.
It declares ``actions = (Action("receive", "bench.receive", "F9", command="specimen.receive", primary=True), …)`` once
and sets what they do with ``self.action_set.on("receive", self.receive)``; key bar, buttons, shortcuts and the
F1 page are drawn from them. It reads with ``self.query(work, then)`` and changes with ``self.run(Order(...), then)``:
both return at once and answer on the UI thread; a refusal arrives as `field_error(field, sentence)` or as a toast.
`watches()` names the entities whose changes call `on_changed`. `on_scan(scanned)` takes a scan when the station is
open (return False for what is not its business); the kinds named in `scans` open the station by themselves.
`patient_changed.emit(patient_id)` shows the client in the banner above the page.

``view.py`` has ``class View(StationView)`` from `client.views.station`: `build()` makes the widgets and binds
them, and has no ``if`` about medicine. Give every widget an object name (pilot, tests and screen reader use it),
and an accessible name where no label stands beside it. Helpers: `client.views.banner.PatientBanner` (already
above the page), `client.views.steps.StepList`, `client.views.forms.FieldBox` (label, input, error below),
`client.views.dialog.Dialog`, `client.command_dialog.view.CommandDialog` (the form of any command).

Texts stand in ``resources/texts/zh/<station>.yaml``; icons (24 x 24 line drawings in ``currentColor``) in
``resources/icons``; tests in ``tests/client/stations``. `home: bench` in ``roles.yaml`` opens it after sign-in.
"""

import importlib
import pkgutil
from typing import Any

from client.station import Station


def stations() -> dict[str, Station]:
    """Return every station by id, in the order of the navigation; views are not imported."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.ispkg:
            declared = importlib.import_module(f"{__name__}.{module.name}")
            station = getattr(declared, "STATION", None)
            if not isinstance(station, Station) or station.id != module.name:
                raise TypeError(
                    f"client/stations/{module.name}/__init__.py must declare STATION with its own name"
                )
            found.append(station)
    return {s.id: s for s in sorted(found, key=lambda s: (s.order, s.id))}


def modules_of(page: str) -> tuple[str, ...]:
    """Return the modules of a page: they are imported in the background before it is first opened."""
    kind = page.partition(":")[0]
    folder = f"{__name__}.{page}" if page in stations() else f"client.pages.{kind}"
    return (f"{folder}.viewmodel", f"{folder}.view")


def view_class(station_id: str) -> Any:
    """Return the view class of a station; imported when it is first opened."""
    return importlib.import_module(f"{__name__}.{station_id}.view").View


def model_class(station_id: str) -> Any:
    """Return the view-model class of a station."""
    return importlib.import_module(f"{__name__}.{station_id}.viewmodel").ViewModel
