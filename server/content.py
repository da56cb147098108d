"""The content that commands at the centre may ask for by name."""

from functools import partial
from typing import Any

import resources
from devices.labels.designing import refuse_mistakes
from domain.alerts.content import load_rules
from domain.alerts.steps import RULE_FILES
from domain.audit.chain import GUOMI
from domain.biobank.custody_chain import ALL_CHAINS
from domain.biobank.protocols import BIOBANK, load_biobank
from domain.care.content import CARE, load_care
from domain.catalog.content import load_catalog
from domain.conduct.receptions import RECEPTION_RULES, load_reception_rules
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.designs.publishing import CHECKER
from domain.factor.checking import FACTOR_KEY
from domain.followup.content import FOLLOWUP, followup_of
from domain.kernel.authority import Authority
from domain.kernel.texts import Texts
from domain.knowledge.content import KNOWLEDGE, load_knowledge
from domain.labels.design_commands import CHECKER as LABEL_CHECKER
from domain.linting.definitions import LINTING
from domain.linting.definitions import load_rules as load_linting
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.password_policy import COMMON_WORDS, POLICY, policy_for, read_words
from domain.process.definitions import PROCESS, load_process
from domain.recheck.rules import RECHECK, load_recheck
from domain.referrals.indications import REFERRALS, load_indications
from domain.risk.content import RISK, load_risk
from domain.scales.content import scale_content
from domain.tags.rules import TAGS, load_tags
from domain.versions.commands import HERE
from forms.consenting.vault import VAULT
from forms.designing.checking import check
from server.identity import Identity, vault_key
from server.settings import Settings
from server.storage_key import storage_key
from server.updates import updates_folder, versions
from sync.sealed_files import derived_key


def centre_content(identity: Identity, settings: Settings) -> dict[str, Any]:
    """Return what commands at the centre ask for: roles, rules, catalogue, models, templates, texts, number prefix.

    Raises:
        ContentError: Some files cannot be used.
    """
    instruments = scale_content(resources.folder("scales"), resources.folder("forms"))
    catalog = load_catalog(resources.folder("catalog"))
    risk = load_risk(resources.folder("risk"), catalog, resources.folder("forms"))
    authority = Authority.load(resources.folder("roles.yaml"))
    return {
        ALL_CHAINS: True,
        GUOMI: settings.guomi,
        "authority": authority,
        "catalog": catalog,
        **{name: read() for name, read in instruments.items()},
        RULE_FILES: load_rules(resources.folder("alerts"), authority.roles),
        BIOBANK: load_biobank(resources.folder("biobank")),
        RISK: risk,
        TEMPLATES: load_templates(resources.folder("messages")),
        TAGS: load_tags(resources.folder("tags")),
        FOLLOWUP: followup_of(resources.folder("followup"), authority.roles, resources.folder("forms")),
        CARE: load_care(resources.folder("care")),
        KNOWLEDGE: load_knowledge(resources.folder("knowledge")),
        PROCESS: load_process(resources.folder("process"), authority.roles, catalog.observations),
        RECHECK: load_recheck(resources.folder("recheck")),
        REFERRALS: load_indications(resources.folder("referrals")),
        LINTING: load_linting(resources.folder("linting")),
        RECEPTION_RULES: load_reception_rules(resources.folder("conduct")),
        MESSAGE_RULES: load_message_rules(resources.folder("conduct")),
        "texts": Texts.load(resources.folder("texts") / "zh"),
        CHECKER: partial(check, book=risk.book),
        LABEL_CHECKER: refuse_mistakes,
        "number_prefix": identity.number_prefix,
        FACTOR_KEY: derived_key(storage_key(settings), "second factor"),
        VAULT: vault_key(settings.data_dir),
        HERE: partial(versions, updates_folder(settings.data_dir)),
        POLICY: policy_for(settings.password_days),
        COMMON_WORDS: read_words(resources.folder("security") / "common-passwords.txt"),
    }
