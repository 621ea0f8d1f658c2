"""The floors and rooms of the house, checked with the real imports."""

import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
APPS = ("jobs", "lessons", "letters", "audio")
OPEN_TO_DOMAINS = {"jobs.registry", "jobs.services", "jobs.hooks", "jobs.progress"}  # the last for the type of what a task gets
ENGINE_PARTS = {"django", "django_q", "rest_framework", "drf_spectacular", "unfold", "psycopg"}
DOORS = {"admin", "api", "forms", "serializers", "urls", "views", "management", "templatetags"}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*APPS, "config", include_external_packages=True, cache_dir=None)


def imported_by(imports: grimp.ImportGraph, package: str) -> set[tuple[str, str]]:
    modules = {package, *imports.find_descendants(package)} - {name for name in imports.modules if ".migrations" in name}
    return {(module, target) for module in modules for target in imports.find_modules_directly_imported_by(module)}


def test_the_contracts_hold() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, "run .venv/bin/lint-imports to see which"


@pytest.mark.parametrize("app", ["lessons", "letters", "audio"])
def test_a_domain_app_enters_the_engine_by_its_doors(imports: grimp.ImportGraph, app: str) -> None:
    entries = {(module, target) for module, target in imported_by(imports, app) if target.split(".")[0] == "jobs"}
    assert {pair for pair in entries if pair[1] not in OPEN_TO_DOMAINS} == set()


def test_the_engine_knows_nothing_but_its_parts(imports: grimp.ImportGraph) -> None:
    stdlib = sys.stdlib_module_names
    foreign = {pair for pair in imported_by(imports, "jobs") if pair[1].split(".")[0] not in ENGINE_PARTS | stdlib | {"jobs"}}
    assert foreign == set()


@pytest.mark.parametrize("app", APPS)
def test_what_is_inside_never_imports_a_door(imports: grimp.ImportGraph, app: str) -> None:
    doors = {f"{app}.{door}" for door in DOORS}
    pairs = imported_by(imports, app)
    backwards = {(module, target) for module, target in pairs if belongs(target, doors) and not belongs(module, doors)}
    assert backwards == set()


@pytest.mark.parametrize("app", APPS)
def test_models_import_no_services_and_services_no_tasks(imports: grimp.ImportGraph, app: str) -> None:
    pairs = imported_by(imports, app)
    upwards = {pair for pair in pairs if belongs(pair[0], {f"{app}.models"}) and belongs(pair[1], {f"{app}.services"})}
    upwards |= {pair for pair in pairs if belongs(pair[0], {f"{app}.models", f"{app}.services"}) and belongs(pair[1], {f"{app}.tasks"})}
    assert upwards == set()


@pytest.mark.parametrize("app", [*APPS, "config"])
def test_no_module_is_a_drawer_for_anything(app: str) -> None:
    vague = {"utils", "util", "common", "helpers", "core", "misc"}
    assert [path for path in (ROOT / app).rglob("*.py") if path.stem in vague or path.parent.name in vague] == []


def belongs(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith((f"{package}.", f"{package}_")) for package in packages)
