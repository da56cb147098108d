"""Alert rules: what a file of ``resources/alerts`` may say, and what it means. Pure values, no database.

To add a rule, add a file ``<slug>.yaml``. `kind` says how it fires:

* ``deadline``: `watch` names a workflow state (``report.second_review``). It fires when the record's `due_at` (or the
  time it entered the state plus `limit`) plus `offset` has passed, unless `clears_when` holds by then.
* ``threshold``: `watch` names a record (``critical_value``). It fires when a changed record fits `when`.
* ``event``: `watch` names a record. It fires once for each that appears and fits (`moment: new`), or each time a
  change makes one fit that did not (`moment: enter`). Later changes do not close it, only `clears_when` does.
* ``absence``: `watch` names a record; `within` after its field `since` a record of `expects` must have come. Each one
  that comes starts the time anew where `resets` says so; otherwise the first ends it.
* ``trend``: `watch` names a record of values; the last of a series were each worse than the one before, and the
  whole change is more than measuring and the body's own swing explain.
* ``rate``: `watch` is ``indicator``; the value was under its target for `days` days without a break.
* ``stack``: so many alerts wait at once for one client, owner or role.
* ``anomaly``: `watch` names a record, or ``command:NAME``; it is unlike what this person did before.
* ``repeat``: `watch` names another rule; while an alert of it waits, it reminds every `every`.
* ``escalation``: `watch` names another rule; `after` its alert was opened, this rule's `receivers` are told as well.

A rule whose function is not built says `waits_for` with the rows of the requirements. It is read and listed, its
receivers and ladder are checked, and nothing evaluates it: what it watches may not exist yet.
"""

from typing import Annotated, Literal

import msgspec

from domain.alerts.parts import (
    WAYS_OF,
    Anomaly,
    Cause,
    Condition,
    Duration,
    Expected,
    Kind,
    Metric,
    Row,
    RuleId,
    Shift,
    Stack,
    Step,
    Text,
    Trend,
    Way,
)
from domain.alerts.records import Severity


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One alert rule, as its file says it.

    Attributes:
        id: Number of the requirement (``A-085``).
        name: What people call it.
        version: Rises with every change of the file; kept with each alert.
        kind: How it fires.
        watch: Workflow state, record, or the rule it extends (``on`` would be a truth value in YAML).
        source: Where the numbers come from.
        origin: ``spec``: the requirements fix the number; ``default``: a suggestion the clinic may change.
        severity: Of the alert when it opens, or of the step it adds.
        receivers: Roles that are told first.
        channels: How they are told: in the program, and by messages to who has such an address.
        ways: How they come before a receiver who sits at the program; as the level has it (`WAYS_OF`) without it.
            The list has every one of them.
        summary: Sentence of the alert; names fields of the record in braces, and ``{state}``, ``{due}``.
        when: Conditions on the record, all of which hold.
        limit: Time from entering the state, in place of the workflow's own limit.
        offset: Time after the deadline; negative for one that is told of before (``-3d``).
        occasion: Fields that tell one happening from the next on the same record.
        escalate: The ladder, each step counted from opening.
        every: Interval of reminders (``repeat``).
        after: Time after opening (``escalation``).
        clears_when: Conditions under which it closes by itself; a deadline's default is that the state was left.
        by_hand: Whether a person may settle it with a note while its cause is still there.
        inhibits: Rules that stay silent for the same record while this one waits.
        silent_while: Alerts of other records that keep this rule silent.
        owner: What its two fields begin with that name who answers for the record (``physician`` for
            ``physician_id`` and ``physician_name``): they own the alert from the start and are told. While
            nobody has taken it, it goes with the record to whom that is given.
        owner_first: Who owns it is told first: until the ladder moves it interrupts, and is sent outside the program
            to, nobody else of the role, who have it in their list. Everybody where nobody owns it.
        gather: ``client``: one alert of this rule a client at a time, however many of their records fit.
        moment: See ``event``.
        since: Field of the time from which an absence counts.
        within: How long may pass (``absence``).
        expects: What has to come (``absence``).
        resets: Each one that comes starts the time anew.
        days: Days under target (``rate``).
        trend: See `Trend`.
        stack: See `Stack`.
        anomaly: See `Anomaly`.
        waits_for: Rows of the requirements without which nothing can trigger it.
        trigger: The trigger in words, where `when` does not say it yet.
        closes: When it closes, in words.
        metric: The figure of the requirements.
        tells_client: The client is to be told too, by a channel that reaches them.
        client_message: Template by which the client is told when it opens, through the channels that reach them.
        covers: Other numbers of the requirements this rule stands for.
        facts: Public fields kept with the alert as its evidence.
    """

    id: RuleId
    name: Text
    version: Annotated[int, msgspec.Meta(ge=1)]
    kind: Kind
    watch: str = ""
    source: Text
    origin: Literal["spec", "default"]
    severity: Severity
    receivers: tuple[str, ...]
    tells_client: bool = False
    client_message: str = ""
    channels: tuple[Literal["in_app", "wecom", "sms", "email"], ...] = ("in_app",)
    ways: tuple[Way, ...] | None = None
    summary: str = ""
    when: tuple[Condition, ...] = ()
    limit: Duration | None = None
    offset: Shift = "0m"
    occasion: tuple[str, ...] = ()
    escalate: tuple[Step, ...] = ()
    every: Duration | None = None
    after: Duration | None = None
    clears_when: tuple[Condition, ...] | None = None
    by_hand: bool = True
    inhibits: tuple[RuleId, ...] = ()
    covers: tuple[RuleId, ...] = ()
    facts: tuple[str, ...] = ()
    silent_while: tuple[Cause, ...] = ()
    owner: str | None = None
    owner_first: bool = False
    gather: Literal["client"] | None = None
    moment: Literal["new", "enter"] = "new"
    since: str | None = None
    within: Duration | None = None
    expects: Expected | None = None
    resets: bool = False
    days: Annotated[int, msgspec.Meta(ge=1, le=365)] | None = None
    trend: Trend | None = None
    stack: Stack | None = None
    anomaly: Anomaly | None = None
    waits_for: tuple[Row, ...] = ()
    trigger: str = ""
    closes: str = ""
    metric: Metric | None = None

    def ways_at(self, severity: Severity) -> tuple[Way, ...]:
        """Return how an alert of this rule is shown at a level, which may have risen since it was opened."""
        return WAYS_OF[severity] if self.ways is None else self.ways


def highest(*severities: Severity) -> Severity:
    """Return the highest of some severities."""
    return max(severities, key=list(Severity).index)
