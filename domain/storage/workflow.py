"""The life of a search in the store."""

from domain.kernel.workflow import State, Workflow, hours
from domain.storage.records import StorageTask

storage_task_life = Workflow(
    StorageTask,
    "库房待查",
    State("open", "待查", limit=hours(24)),
    State("done", "已查明", final=True),
    moves={"finish": ("open", "done")},
)
"""A day is a suggestion of this product; a site may set its own."""
