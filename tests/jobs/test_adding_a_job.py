"""The recipe in docs/adding-a-job.md works as it is written."""

import re
import types
from dataclasses import fields
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from jobs import registry

RECIPE = Path(__file__).parents[2] / "docs" / "adding-a-job.md"


@pytest.fixture(scope="module")
def recipe() -> types.ModuleType:
    """All its Python in one module, as somebody who follows it would end up with."""
    module = types.ModuleType("recipe")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", RECIPE.read_text(), re.MULTILINE | re.DOTALL))
    exec(compile(code, str(RECIPE), "exec"), module.__dict__)  # noqa: S102  our own file
    return module


@pytest.mark.django_db
def test_the_job_of_the_recipe_does_its_work(recipe: types.ModuleType, client: Client) -> None:
    recipe.test_every_session_of_the_person_is_forgotten(client, User)


@pytest.mark.django_db
def test_the_job_of_the_recipe_fails_as_described(recipe: types.ModuleType) -> None:
    with translation.override("en"):
        recipe.test_account_that_is_gone_fails_for_good(User)


def test_every_policy_of_the_recipe_exists() -> None:
    policies = re.findall(r"`([a-z_]+)=", RECIPE.read_text().split("## 3.")[0].split("## 2.")[1])
    assert {"max_attempts", "atomic"} <= set(policies) <= {field.name for field in fields(registry.Kind)}
