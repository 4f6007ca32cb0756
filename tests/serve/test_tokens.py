import os

import pytest

from quickstudy.errors import InputError
from quickstudy.serve.tokens import Role, Tokens


def test_a_token_is_kept_as_its_hash_in_a_file_of_its_owner(tmp_path):
    tokens = Tokens(tmp_path)
    secret, token = tokens.add("anna", Role.REVIEW, jobs=["route"])
    text = tokens.path.read_text()
    assert secret not in text
    assert token.hash in text
    assert os.stat(tokens.path).st_mode & 0o777 == 0o600
    assert tokens.find(secret) == token
    assert Tokens(tmp_path).find(secret) == token
    assert tokens.find(secret + "x") is None
    assert tokens.find(token.hash) is None


def test_secrets_differ_and_are_long(tmp_path):
    tokens = Tokens(tmp_path)
    secrets = {tokens.add(f"t{number}", Role.WORK)[0] for number in range(5)}
    assert len(secrets) == 5
    assert min(map(len, secrets)) >= 43


def test_a_revoked_token_opens_nothing_at_once_in_every_process(tmp_path):
    server, shell = Tokens(tmp_path), Tokens(tmp_path)
    secret, _ = shell.add("anna", Role.WORK)
    assert server.find(secret) is not None
    shell.revoke("anna")
    assert server.find(secret) is None
    with pytest.raises(InputError, match="no token 'anna'"):
        shell.revoke("anna")


def test_an_expired_token_opens_nothing(tmp_path):
    now = [100.0]
    tokens = Tokens(tmp_path, clock=lambda: now[0])
    secret, _ = tokens.add("anna", Role.WORK, expires=200.0)
    assert tokens.find(secret) is not None
    now[0] = 200.0
    assert tokens.find(secret) is None


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "é", "x" * 65, "-x"])
def test_names_that_could_be_mistaken_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot be called"):
        Tokens(tmp_path).add(name, Role.WORK)


def test_a_taken_name_an_unknown_role_and_no_job_are_refused(tmp_path):
    tokens = Tokens(tmp_path)
    tokens.add("anna", "work")
    for words, given in (("already", ("anna", "work")), ("no role 'king'", ("bob", "king"))):
        with pytest.raises(InputError, match=words):
            tokens.add(*given)
    with pytest.raises(InputError, match="opens nothing"):
        tokens.add("bob", "work", jobs=[])
    assert [one.name for one in tokens.all()] == ["anna"]
    assert os.stat(tmp_path / ".audit.jsonl").st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["not toml", "[[token]]\nname = 3", '[[token]]\nname="a"\nrole="king"\nhash="x"', "token = 3"]
)
def test_a_damaged_file_says_so_and_is_not_overwritten(tmp_path, text):
    tokens = Tokens(tmp_path)
    tokens.path.write_text(text)
    for call in (tokens.all, lambda: tokens.find("x"), lambda: tokens.add("anna", "work")):
        with pytest.raises(InputError, match="damaged"):
            call()
    assert tokens.path.read_text() == text


def test_each_role_includes_the_ones_before_it():
    assert [role.rank for role in (Role.WORK, Role.TEACH, Role.REVIEW, Role.ADMIN)] == [0, 1, 2, 3]
