"""The life of an excursion: over when the value is back, closed only when its tubes were judged."""

from domain.environment.records import EnvironmentExcursion
from domain.kernel.workflow import State, Workflow, hours

excursion_life = Workflow(
    EnvironmentExcursion,
    "环境偏差",
    State("ongoing", "进行中"),
    State("recovered", "已恢复待评估", limit=hours(24)),
    State("assessed", "已评估", final=True),
    moves={"recover": ("ongoing", "recovered"), "assess": ("recovered", "assessed")},
)
"""A day for judging is a suggestion of this product."""
