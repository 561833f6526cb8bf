"""The format as it is written down is the format that is read."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from tests.archive.archives import small_archive

from ptolemy_kedro.tables import DERIVED, RAW

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((files("ptolemy_kedro") / "archive" / "session.schema.json").read_text())


def test_what_is_written_follows_the_json_schema(tmp_path):
    jsonschema.validate(json.loads((small_archive(tmp_path) / "session.json").read_text()), SCHEMA)


def test_the_json_schema_has_the_columns_of_sessions():
    declared = RAW["sessions"].to_schema().columns
    stated = SCHEMA["properties"]["session"]

    assert set(stated["properties"]) == set(declared) - {"archive_digest"}
    needed = {name for name, column in declared.items() if not column.nullable}
    assert set(stated["required"]) == needed


@pytest.mark.parametrize(("name", "schema"), [*RAW.items(), *DERIVED.items()])
def test_the_data_model_page_has_every_column(name, schema):
    section = (DOCS / "data-model.md").read_text().split(f"### {name}\n")[1].split("\n##")[0]

    assert set(schema.to_schema().columns) == {
        line.split("`")[1] for line in section.splitlines() if "| `" in line
    }
