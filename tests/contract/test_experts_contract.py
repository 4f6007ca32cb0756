"""Every expert that is installed passes every check."""

import pytest

from quickstudy.checks import audit_experts, checks_for_expert
from quickstudy.checks.audit import expert_classes
from quickstudy.experts.prior import Prior
from quickstudy.experts.registry import BUILT_IN, expert_factories

PAIRS = [(name, check) for name in sorted(expert_factories()) for check in checks_for_expert()]


@pytest.mark.parametrize(("expert", "check"), PAIRS, ids=[f"{name}:{check[0]}" for name, check in PAIRS])
def test_an_expert_keeps_the_contract(expert, check):
    check[1](expert_factories()[expert])


def test_the_audit_passes_for_what_is_installed():
    audit_experts()


def test_the_audit_finds_every_expert_of_the_library():
    assert {found.name for found in expert_classes()} == set(BUILT_IN)


def test_the_audit_fails_for_an_expert_that_is_not_registered():
    rest = {name: factory for name, factory in BUILT_IN.items() if name != "ridge"}
    with pytest.raises(AssertionError, match=r"ridge\.Ridge is not registered"):
        audit_experts(rest)


def test_the_audit_fails_for_a_registered_expert_that_does_not_pass():
    class Growing(Prior):
        name = "growing"

        def propose(self, query):
            if query.options:
                self.describe(query.vectors, [0] * len(query))
            return super().propose(query)

    with pytest.raises(AssertionError, match=r"Growing.*proposing changes nothing"):
        audit_experts({**BUILT_IN, "growing": Growing})


def test_the_audit_fails_for_an_expert_under_another_name():
    with pytest.raises(AssertionError, match="calls itself 'prior'"):
        audit_experts({**BUILT_IN, "nose": Prior})
