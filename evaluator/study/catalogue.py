"""The catalogue: names that the files of one field share."""

from __future__ import annotations

from evaluator.study.fact import Identifier, Model, Text


class Role(Model):
    id: Identifier
    name: Text
    summary: Text


class Function(Model):
    id: Identifier
    name: Text
    summary: Text


class Affiliation(Model):
    """An organisation and the mail domains that it uses (sub-domains included)."""

    name: Text
    domains: list[Text]


class Catalogue(Model):
    """Names that the files of one field share."""

    roles: list[Role]
    functions: list[Function] = []
    organisations: list[Affiliation] = []
    personal_domains: list[Text] = []
    placeholder_domains: list[Text] = []

    def domains(self) -> list[str]:
        """All mail domains that the catalogue names."""
        of_organisations = [d for o in self.organisations for d in o.domains]
        return sorted({*of_organisations, *self.personal_domains, *self.placeholder_domains})
