"""What the API says of itself is what it does; a fuzzer that believes it is in the load's own folder."""

import pytest


@pytest.fixture
def described(client):
    return client.get("/openapi.json").json()


def operations(described):
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_address_says_every_error_that_can_happen(described):
    for method, path, operation in operations(described):
        if not path.startswith("/v1"):
            continue
        expected = {"400", "401", "403", "413", "422", "429"}
        if path.startswith("/v1/jobs/{job}"):
            expected |= {"404", "409", "503"}
        assert expected <= set(operation["responses"]), (method, path)


def test_every_error_has_the_one_shape(described):
    for method, path, operation in operations(described):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                [content] = answer["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Failed"}, (method, path, status)


def test_every_address_says_what_it_does(described):
    for method, path, operation in operations(described):
        assert operation.get("description"), (method, path)


def test_every_list_text_and_number_of_a_request_has_a_bound(described):
    schemas = described["components"]["schemas"]
    unbounded = []

    def look(schema, where):
        kind = schema.get("type")
        if kind == "array" and "maxItems" not in schema:
            unbounded.append(where)
        if kind == "string" and not {"maxLength", "enum", "const", "pattern"} & set(schema):
            unbounded.append(where)
        if (
            kind == "object"
            and schema.get("additionalProperties", False) is not False
            and "maxProperties" not in schema
        ):
            unbounded.append(where)
        for name, below in schema.get("properties", {}).items():
            look(below, f"{where}.{name}")
        for key in ("anyOf", "oneOf", "allOf"):
            for below in schema.get(key, []):
                look(below, where)
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                look(schema[key], f"{where}[]")

    for name, schema in schemas.items():
        if name.endswith(("In", "Field")):
            look(schema, name)
            assert schema["additionalProperties"] is False, name
    assert unbounded == []
