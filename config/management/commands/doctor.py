import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.doctor import CHECKS, Finding, examine

# Translators: the state of a part in the self-test; French “bon”, “à voir”, “échec”
WORDS = {"ok": gettext_lazy("fine"), "warn": gettext_lazy("look"), "fail": gettext_lazy("FAILS")}


class Command(BaseCommand):
    help = "Tries every part of this installation and names the remedy for what does not work; 1 when something fails."
    requires_system_checks = []  # it tells what they say, instead of refusing to start

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="the same for programs")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        findings = []
        for finding in examine():
            findings.append(finding)
            if not as_json:
                self._print(finding)
        failed = [finding for finding in findings if finding.diagnosis.level == "fail"]
        if as_json:
            body = {"status": "fail" if failed else "ok", "checks": [finding.as_dict() for finding in findings]}
            self.stdout.write(json.dumps(body, ensure_ascii=False))
        else:
            self._print_sum(findings)
        if failed:
            sys.exit(1)

    def _print(self, finding: Finding) -> None:
        found = finding.diagnosis
        style = {"ok": self.style.SUCCESS, "warn": self.style.WARNING, "fail": self.style.ERROR}[found.level]
        state, label = (max(len(str(text)) for text in texts) for texts in (WORDS.values(), [check.label for check in CHECKS]))
        word = style(str(WORDS[found.level]).ljust(state))
        self.stdout.write(f"{word}  {str(finding.check.label).ljust(label)}  {found.what}")
        if found.remedy:
            self.stdout.write(f"{' ' * (state + label + 4)}→ {found.remedy}")

    def _print_sum(self, findings: list[Finding]) -> None:
        counts = {level: sum(finding.diagnosis.level == level for finding in findings) for level in WORDS}
        # Translators: "11 points vérifiés : 9 bons, 1 à voir, 1 en échec"
        text = _("%(all)d parts tried: %(ok)d fine, %(warn)d to look at, %(fail)d failing")
        self.stdout.write(text % {"all": len(findings), **counts})
